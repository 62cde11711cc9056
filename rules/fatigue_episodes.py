"""The episodes of fatigue that go on: slots strung on the driver, each of one rule and one vehicle."""

from __future__ import annotations

from typing import Any

from geo.kernel import inlined, kernel
from rules.finding import CLOSE, OPEN, UPDATE, place
from rules.records import NO_ROW, NONE, Layout
from rules.slots import give_back, take_slot

RULES = ("continuous_driving", "night_driving", "driving_24h", "driving_7d", "driving_day")
CONTINUOUS, NIGHT, SHORT, LONG, DAY = range(len(RULES))
PRE = len(RULES)  # added to a rule's number: its pre-alarm
#: A night, or its pre-alarm, that 06:00 ended while the vehicle stood: it may turn out to have ended before.
NIGHT_PAST, NIGHT_PRE_PAST = 2 * PRE, 2 * PRE + 1
LEFT = 32
"""Added to the number of an episode that ended as its driver left the vehicle: if he comes back before a
rest, it goes on as it was found."""

MOST_LEFT = 8
"""Episodes of a driver that are so kept. A name in the registry that many vehicles share leaves one with
every report."""

EPISODE_LAYOUT: Layout = {
    "what": ("u1", 0),
    "bridged": ("?", False),
    "row": ("i4", NO_ROW),  # of the vehicle
    "start_ms": ("i8", NONE),
    "found_ms": ("i8", NONE),
    "longitude_deg": ("f8", 0.0),
    "latitude_deg": ("f8", 0.0),
    "peak_ms": ("i8", 0),  # the most that was driven
    "limit_ms": ("i8", 0),
}


@kernel
def find(d: Any, episodes: Any, what: int) -> int:
    """Number of the driver's episode of a rule."""
    number = d.episodes
    while number != NO_ROW and episodes[number].what != what:
        number = episodes[number].next
    return number  # type: ignore[no-any-return]


@kernel
def tell(findings: Any, count: int, at: int, s: Any, kind: int, end_ms: int) -> int:
    """Append a finding about an episode."""
    f = findings[count]
    f.at, f.row, f.kind, f.what = at, s.row, kind, s.what
    f.start_ms, f.found_ms, f.end_ms = s.start_ms, s.found_ms, end_ms
    f.longitude_deg, f.latitude_deg, f.bridged = s.longitude_deg, s.latitude_deg, s.bridged
    f.a, f.b = s.peak_ms, s.limit_ms
    return count + 1


@kernel
def begin(
    d: Any, who: int, episodes: Any, free: Any, what: int, start_ms: int, e: Any, bridged: bool,
    driven_ms: int, limit_ms: int, findings: Any, count: int, at: int,
) -> int:  # fmt: skip
    """An episode is found at an entry, or goes on in the vehicle that the driver had left."""
    number = d.episodes
    while number != NO_ROW:
        s = episodes[number]
        if s.what == what + LEFT and s.row == e.row and s.start_ms == start_ms:
            s.what, s.bridged, s.peak_ms, s.limit_ms = what, bridged, driven_ms, limit_ms
            return tell(findings, count, at, s, UPDATE, NONE)
        number = s.next
    number = take_slot(episodes, free, who, d.episodes)
    d.episodes = number
    s = episodes[number]
    s.what, s.row, s.bridged = what, e.row, bridged
    s.start_ms, s.found_ms = start_ms, e.time_ms
    s.longitude_deg, s.latitude_deg = place(e.longitude_deg, e.latitude_deg, e)
    s.peak_ms, s.limit_ms = driven_ms, limit_ms
    return tell(findings, count, at, s, OPEN, NONE)


@kernel
def drop(d: Any, episodes: Any, free: Any, number: int) -> None:
    """Forget an episode."""
    if d.episodes == number:
        d.episodes = episodes[number].next
    else:
        before = d.episodes
        while episodes[before].next != number:
            before = episodes[before].next
        episodes[before].next = episodes[number].next
    give_back(episodes, free, number)


@kernel
def end(d: Any, episodes: Any, free: Any, what: int, end_ms: int, findings: Any, count: int, at: int) -> int:
    """The episode of a rule and its pre-alarm end, if they go on."""
    for one in (what, what + PRE):
        number = find(d, episodes, one)
        if number != NO_ROW:
            count = finish(d, episodes, free, number, end_ms, findings, count, at)
    return count


@kernel
def find_past_night(d: Any, episodes: Any) -> int:
    """Number of the driver's night, or its pre-alarm, that 06:00 ended but a rest may have ended before;
    there is one at most."""
    number = find(d, episodes, NIGHT_PAST)
    return find(d, episodes, NIGHT_PRE_PAST) if number == NO_ROW else number


@kernel
def close(episodes: Any, number: int, end_ms: int, findings: Any, count: int, at: int) -> int:
    """Tell the end of an episode."""
    s = episodes[number]
    if s.what == CONTINUOUS or s.what == CONTINUOUS + PRE:
        s.peak_ms = end_ms - s.start_ms
    return tell(findings, count, at, s, CLOSE, end_ms)


@kernel
def finish(
    d: Any, episodes: Any, free: Any, number: int, end_ms: int, findings: Any, count: int, at: int
) -> int:
    """One episode ends."""
    count = close(episodes, number, end_ms, findings, count, at)
    drop(d, episodes, free, number)
    return count


@kernel
def end_all(d: Any, episodes: Any, free: Any, end_ms: int, findings: Any, count: int, at: int) -> int:
    """The driver leaves his vehicle: all that goes on there ends."""
    number, left = d.episodes, 0
    while number != NO_ROW:
        following, what = episodes[number].next, episodes[number].what
        if NIGHT_PAST <= what < LEFT:
            drop(d, episodes, free, number)
        elif what >= LEFT:
            left += 1
            if left >= MOST_LEFT:
                drop(d, episodes, free, number)
        elif what % PRE == CONTINUOUS or what % PRE == NIGHT:
            count = close(episodes, number, end_ms, findings, count, at)
            episodes[number].what = what + LEFT
            left += 1
        else:
            count = finish(d, episodes, free, number, end_ms, findings, count, at)
        number = following
    return count


@kernel
def forget_left(d: Any, episodes: Any, free: Any, rule: int) -> None:
    """What is kept of vehicles that the driver left is of no more use."""
    number = d.episodes
    while number != NO_ROW:
        following, what = episodes[number].next, episodes[number].what
        if what >= LEFT and (what - LEFT) % PRE == rule:
            drop(d, episodes, free, number)
        number = following


@kernel
def bridge(d: Any, episodes: Any) -> None:
    """A gap lies in all that goes on."""
    number = d.episodes
    while number != NO_ROW:
        episodes[number].bridged = True
        number = episodes[number].next


@inlined
def compare(
    d: Any, who: int, episodes: Any, free: Any, what: int, driven_ms: int, limit_ms: int, pre_ms: int,
    start_ms: int, e: Any, bridged: bool, findings: Any, count: int, at: int,
) -> int:  # fmt: skip
    """At the end of a driving interval: is the rule's limit exceeded, or near?"""
    if driven_ms >= limit_ms - pre_ms or d.episodes != NO_ROW:
        count = follow(
            d, who, episodes, free, what, driven_ms, limit_ms, pre_ms,
            start_ms, e, bridged, findings, count, at,
        )  # fmt: skip
    return count


@kernel
def follow(
    d: Any, who: int, episodes: Any, free: Any, what: int, driven_ms: int, limit_ms: int, pre_ms: int,
    start_ms: int, e: Any, bridged: bool, findings: Any, count: int, at: int,
) -> int:  # fmt: skip
    """Find, go on with, or end the episode of a rule and its pre-alarm."""
    number, early = find(d, episodes, what), find(d, episodes, what + PRE)
    if driven_ms > limit_ms:
        if early != NO_ROW:
            count = finish(d, episodes, free, early, e.time_ms, findings, count, at)
            number = find(d, episodes, what)
        if number == NO_ROW:
            count = begin(
                d, who, episodes, free, what, start_ms, e, bridged, driven_ms, limit_ms, findings, count, at
            )
    elif pre_ms > 0 and number == NO_ROW and early == NO_ROW and driven_ms >= limit_ms - pre_ms:
        what += PRE
        return begin(
            d, who, episodes, free, what, start_ms, e, bridged, driven_ms, limit_ms, findings, count, at
        )
    if number != NO_ROW:
        episodes[number].peak_ms = max(episodes[number].peak_ms, driven_ms)
    if early != NO_ROW and driven_ms <= limit_ms:
        episodes[early].peak_ms = max(episodes[early].peak_ms, driven_ms)
    return count
