"""The clocks of a driver: continuous driving, driving at night, driving in a day, a window, a week.

实施条例 art 62(7), GA/T 2372-2026 (continuous, night, 24 h); 旅客运输企业安全管理规范 art 38 (7 days);
JT/T 808 parameter 0x0058 (calendar day). A clock is fed intervals in order of time, none overlapping another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.kernel import inlined, kernel
from rules.driving_spans import DRIVER_FIELDS, LONGEST_ABSENCE_MS, forget, push, slide
from rules.fatigue_episodes import (
    CONTINUOUS,
    DAY,
    LONG,
    NIGHT,
    NIGHT_PAST,
    NIGHT_PRE_PAST,
    PRE,
    SHORT,
    bridge,
    compare,
    drop,
    end,
    find,
    find_past_night,
    finish,
    forget_left,
    tell,
)
from rules.finding import CLOSE
from rules.local_time import DAY_MS, OFFSET_MS
from rules.parameters import Plan
from rules.records import NO_ROW, NONE, Layout

PLAN: Plan = {
    "continuous_ms": ("i8", "continuous_driving_s"),
    "rest_ms": ("i8", "rest_s"),
    "night_ms": ("i8", "night_driving_s"),
    "night_from_ms": ("i8", "night_start_h"),
    "night_to_ms": ("i8", "night_end_h"),
    "short_ms": ("i8", "driving_24h_s"),
    "short_window_ms": ("i8", "driving_24h_window_s"),
    "long_ms": ("i8", "driving_7d_s"),
    "long_window_ms": ("i8", "driving_7d_window_s"),
    "day_ms": ("i8", "driving_day_s"),
    "pre_ms": ("i8", "fatigue_pre_s"),
    "gap_ms": ("i8", "gap_s"),
}
"""A limit of 0 is none: the rule is not for the class."""

DRIVER_LAYOUT: Layout = {
    "vehicle": ("i4", NO_ROW),  # whose reports count for him now
    "episodes": ("i4", NO_ROW),
    "last_ms": ("i8", NONE),  # up to when he is known
    "clock_ms": ("i8", NONE),  # continuous driving since
    "stop_ms": ("i8", NONE),  # standing since
    "night_start_ms": ("i8", NONE),
    "night_ms": ("i4", 0),
    "day_ms": ("i4", 0),
    "day": ("i4", 0),
    "mark": ("i4", NO_ROW),
    "gap_ms": ("i8", NONE),  # end of the newest gap
    "bridged": ("?", False),
    "night_bridged": ("?", False),
    "nobody": ("?", False),  # stands for whoever drives a vehicle without a card
    **DRIVER_FIELDS,
}


@inlined
def go_on(
    d: Any, who: int, begin_ms: int, e: Any, driving: bool, gap: bool, p: Any,
    episodes: Any, free: Any, spans: Any, free_spans: Any, findings: Any, count: int, at: int,
) -> int:  # fmt: skip
    """Take the interval from `begin_ms` to the entry's time."""
    if gap:
        d.gap_ms = e.time_ms
        d.night_bridged |= d.night_ms > 0
        bridge(d, episodes)
    if driving:
        if d.clock_ms == NONE:
            d.clock_ms, d.bridged = begin_ms, False
        d.stop_ms = NONE
        d.bridged |= gap
        count = compare(
            d, who, episodes, free, CONTINUOUS, e.time_ms - d.clock_ms, p.continuous_ms, p.pre_ms,
            d.clock_ms, e, d.bridged, findings, count, at,
        )  # fmt: skip
    else:
        d.bridged |= gap
        count = stand(d, begin_ms, e.time_ms, p, episodes, free, findings, count, at)
    if p.night_ms > 0:
        count = night(d, who, begin_ms, e, driving, gap, p, episodes, free, findings, count, at)
    if p.day_ms > 0:
        count = day(d, who, begin_ms, e, driving, p, episodes, free, findings, count, at)
    if p.short_ms > 0 or p.long_ms > 0:
        count = windows(
            d, who, begin_ms, e, driving, p, episodes, free, spans, free_spans, findings, count, at
        )
    return count


@kernel
def lose_sight(d: Any, until_ms: int) -> None:
    """Nobody saw the driver for longer than a gap; nothing of his goes on in any vehicle."""
    d.gap_ms = until_ms
    d.bridged |= d.clock_ms != NONE
    d.night_bridged |= d.night_ms > 0


@inlined
def stand(
    d: Any, begin_ms: int, end_ms: int, p: Any, episodes: Any, free: Any, findings: Any, count: int, at: int
) -> int:
    """A stopped or resting interval; a stop long enough is a rest, which ends what was driven before."""
    if d.stop_ms == NONE:
        d.stop_ms = begin_ms
    if end_ms - d.stop_ms >= p.rest_ms:
        d.clock_ms, d.bridged = NONE, False
        d.night_ms, d.night_start_ms, d.night_bridged = 0, NONE, False
        if d.episodes != NO_ROW:
            count = rest(d, episodes, free, findings, count, at)
    return count


@kernel
def rest(d: Any, episodes: Any, free: Any, findings: Any, count: int, at: int) -> int:
    """The episodes that a rest ends."""
    count = end(d, episodes, free, CONTINUOUS, d.stop_ms, findings, count, at)
    count = end(d, episodes, free, NIGHT, d.stop_ms, findings, count, at)
    past = find_past_night(d, episodes)
    if past != NO_ROW:
        count = finish(d, episodes, free, past, d.stop_ms, findings, count, at)
    forget_left(d, episodes, free, CONTINUOUS)
    forget_left(d, episodes, free, NIGHT)
    return count


@inlined
def night(
    d: Any, who: int, begin_ms: int, e: Any, driving: bool, gap: bool, p: Any,
    episodes: Any, free: Any, findings: Any, count: int, at: int,
) -> int:  # fmt: skip
    """Driving inside the night since the last rest or the last morning."""
    # The newest end of a night before this moment; the night after it ends at this moment at the earliest.
    morning_ms = e.time_ms - 1 - (e.time_ms - 1 + OFFSET_MS - p.night_to_ms) % DAY_MS
    if driving and d.episodes != NO_ROW:
        past = find_past_night(d, episodes)
        if past != NO_ROW:
            drop(d, episodes, free, past)
    if d.night_ms > 0 and d.night_start_ms < morning_ms:
        days = (morning_ms - 1 - d.night_start_ms) // DAY_MS  # that nobody has seen the driver since
        count = dawn(d, driving, morning_ms - days * DAY_MS, episodes, free, findings, count, at)
    if not driving:
        return count
    evening_ms = morning_ms + DAY_MS - (p.night_to_ms - p.night_from_ms) % DAY_MS
    since_ms = max(begin_ms, evening_ms)
    # An interval of no length (two reports of one time) drives nothing, but is the end of one.
    if e.time_ms < since_ms or (e.time_ms == since_ms and d.night_ms == 0):
        return count
    if d.night_ms == 0:
        d.night_start_ms, d.night_bridged = since_ms, False
    d.night_ms += e.time_ms - since_ms
    d.night_bridged |= gap
    return compare(
        d, who, episodes, free, NIGHT, d.night_ms, p.night_ms, p.pre_ms,
        d.night_start_ms, e, d.night_bridged, findings, count, at,
    )  # fmt: skip


@kernel
def dawn(
    d: Any, driving: bool, morning_ms: int, episodes: Any, free: Any, findings: Any, count: int, at: int
) -> int:
    """A night is over. If the vehicle has been standing since before, the stop may become a rest that ended
    the episode earlier: it is kept until that is known."""
    d.night_ms, d.night_start_ms = 0, NONE
    forget_left(d, episodes, free, NIGHT)
    for what, past in ((NIGHT, NIGHT_PAST), (NIGHT + PRE, NIGHT_PRE_PAST)):
        number = find(d, episodes, what)
        if number != NO_ROW and not driving and d.stop_ms < morning_ms:
            count = tell(findings, count, at, episodes[number], CLOSE, morning_ms)
            episodes[number].what = past
    return end(d, episodes, free, NIGHT, morning_ms, findings, count, at)


@inlined
def day(
    d: Any, who: int, begin_ms: int, e: Any, driving: bool, p: Any,
    episodes: Any, free: Any, findings: Any, count: int, at: int,
) -> int:  # fmt: skip
    """Driving inside the calendar day of the interval's end."""
    today = (e.time_ms - 1 + OFFSET_MS) // DAY_MS
    if today != d.day:
        if d.episodes != NO_ROW:
            midnight_ms = int((np.int64(d.day) + 1) * DAY_MS - OFFSET_MS)
            count = end(d, episodes, free, DAY, midnight_ms, findings, count, at)
        d.day, d.day_ms = today, 0
    if not driving:
        return count
    midnight_ms = today * DAY_MS - OFFSET_MS
    d.day_ms += e.time_ms - max(begin_ms, midnight_ms)
    return compare(
        d, who, episodes, free, DAY, d.day_ms, p.day_ms, p.pre_ms,
        e.time_ms, e, d.gap_ms > midnight_ms, findings, count, at,
    )  # fmt: skip


@inlined
def windows(
    d: Any, who: int, begin_ms: int, e: Any, driving: bool, p: Any,
    episodes: Any, free: Any, spans: Any, free_spans: Any, findings: Any, count: int, at: int,
) -> int:  # fmt: skip
    """Driving inside the last 24 hours and the last seven days."""
    now_ms = e.time_ms
    if d.long_from_ms != NONE and now_ms - d.long_from_ms > LONGEST_ABSENCE_MS:
        forget(d, spans, free_spans)
    if d.short_from_ms == NONE:
        d.short_from_ms, d.long_from_ms = begin_ms - p.short_window_ms, begin_ms - p.long_window_ms
    if driving:
        # No window sees more of a gap than its own length, which also keeps a length within 32 bits.
        since_ms = max(begin_ms, now_ms - p.long_window_ms)
        if since_ms < now_ms:
            push(d, who, spans, free_spans, since_ms, now_ms)
    slide(d, spans, free_spans, now_ms, p.short_window_ms, p.long_window_ms)
    for what, sum_ms, limit_ms, window_ms in (
        (SHORT, d.short_ms, p.short_ms, p.short_window_ms),
        (LONG, d.long_ms, p.long_ms, p.long_window_ms),
    ):
        if limit_ms == 0:
            continue
        if driving:
            bridged = d.gap_ms > now_ms - window_ms
            count = compare(
                d, who, episodes, free, what, sum_ms, limit_ms, p.pre_ms,
                now_ms, e, bridged, findings, count, at,
            )  # fmt: skip
        if d.episodes != NO_ROW and sum_ms <= limit_ms:
            count = relax(d, what, sum_ms, limit_ms - p.pre_ms, now_ms, episodes, free, findings, count, at)
    return count


@kernel
def relax(
    d: Any, what: int, sum_ms: int, near_ms: int, now_ms: int,
    episodes: Any, free: Any, findings: Any, count: int, at: int,
) -> int:  # fmt: skip
    """A window's sum is not over its limit (any more)."""
    number = find(d, episodes, what)
    if number != NO_ROW:
        count = finish(d, episodes, free, number, now_ms, findings, count, at)
    early = find(d, episodes, what + PRE)
    if early != NO_ROW and sum_ms < near_ms:
        count = finish(d, episodes, free, early, now_ms, findings, count, at)
    return count
