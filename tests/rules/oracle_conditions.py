"""What terminal alarms, forbidden hours and data quality find, judged over a whole track at once.

Written from docs/rules: which reports a condition holds at, then runs of them, then episodes. It shares
nothing with `rules`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FOREVER_S = 10**12
NIGHT_BAN = {2: [(120, 300)], 3: [(120, 300)]}  # coaches, minutes of the day
LEAD_MIN = 30
PULSES = (20, 21, 22, 27, 28, 31)


@dataclass(frozen=True)
class Told:
    """One report."""

    time_s: int
    longitude: float = 118.0
    latitude: float = 32.0
    speed: float = 60.0
    vehicle_class: int = 0
    bits: int = 0
    recorder: float | None = None
    delay_s: int = 0
    altitude: int = 20
    fix: bool = True


@dataclass(frozen=True)
class Asks:
    """What a rule asks of its runs, in seconds."""

    min_s: float = 0
    points: int = 1
    hold_s: float = FOREVER_S
    join_s: float = 0
    steady: float = math.inf
    breaks_at_gap: bool = False
    instant: bool = False


def metres(one: Told, other: Told) -> float:
    p, q = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    chord = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(east / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(min(chord, 1)))


Bans = dict[int, list[tuple[int, int]]]
Spans = list[tuple[float, float]]


def judge(track: list[Told], bans: Bans = NIGHT_BAN, exempt: Spans | None = None) -> list[dict[str, Any]]:
    """Every episode of one vehicle, its reports in order of time without copies.

    `bans` are the forbidden minutes of the day by class, `exempt` the times from which to before which the
    vehicle is free of them.
    """
    found: list[dict[str, Any]] = []
    for bit in range(32):
        asks = Asks(join_s=60 if bit in PULSES else 0, instant=bit in PULSES)
        rule = "emergency" if bit == 0 else "terminal_alarm"
        held = [(at, one.time_s, 0.0) for at, one in enumerate(track) if one.bits >> bit & 1]
        found += [episode | {"bit": bit} for episode in runs(rule, track, held, asks)]
    found += hours(track, bans, exempt or [])
    found += quality(track)
    return sorted(found, key=lambda one: (one["start"], one["rule"], one.get("bit", 0), one["found"]))


def minute_of_day(one: Told) -> int:
    return (one.time_s + 8 * 3600) % 86_400 // 60


def hours(track: list[Told], bans: Bans, exempt: Spans) -> list[dict[str, Any]]:
    banned, soon = [], []
    for at, one in enumerate(track):
        if one.speed <= 20 or any(begin <= one.time_s < end for begin, end in exempt):
            continue
        minute = minute_of_day(one)
        mine = bans.get(one.vehicle_class, [])
        if any(in_window(minute, *ban) for ban in mine):
            banned.append((at, one.time_s, 0.0))
        elif any(in_window(minute, (begin - LEAD_MIN) % 1440, begin) for begin, _ in mine):
            soon.append((at, one.time_s, 0.0))
    return runs("forbidden_hours", track, banned, Asks(min_s=300, breaks_at_gap=True)) + runs(
        "forbidden_hours_pre", track, soon, Asks(hold_s=1800, join_s=1800)
    )


def in_window(minute: int, begin: int, end: int) -> bool:
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def quality(track: list[Told]) -> list[dict[str, Any]]:
    found = []
    drift, frozen, clock, source, invalid = [], [], [], [], []
    fix: Told | None = None
    for at, now in enumerate(track):
        before = track[at - 1] if at else None
        silent_s = now.time_s - before.time_s if before else 0
        if before and silent_s >= 1800 and before.speed > 20:
            found.append(moment("silent_driving", before, now) | {"found": before.time_s + 1800})
        if before and silent_s > 86_400:
            found.append(moment("offline_24h", before, now) | {"found": before.time_s + 86_400})
        if now.fix and fix is not None:
            moved, took = metres(fix, now), now.time_s - fix.time_s
            if moved > 2000 and moved * 3.6 > 200 * took:
                found.append(moment("position_jump", fix, now, before))
            if took >= 1800 and moved > 20_000 and moved * 60 / 1000 <= 1.7 * took:
                found.append(moment("offline_displacement", fix, now, before))
            if before is fix and silent_s <= 300:
                if moved > 100 and max(now.speed, before.speed) <= 5:
                    drift.append((at, before.time_s, 0.0))
                if moved == 0 and min(now.speed, before.speed) > 20:
                    frozen.append((at, before.time_s, 0.0))
        if now.fix:
            fix = now
        if abs(now.delay_s) > 60:
            clock.append((at, now.time_s, float(now.delay_s)))
        pulse = now.speed if now.recorder is None else now.recorder
        if now.speed > 40 and round(abs(pulse - now.speed) / now.speed, 9) > 0.11:
            source.append((at, now.time_s, 0.0))
        placed = 73.55 <= now.longitude <= 135.0833333333 and 3.85 <= now.latitude <= 53.55
        if now.speed > 160 or (now.fix and not (placed and -200 <= now.altitude <= 6500)):
            invalid.append((at, now.time_s, 0.0))
    found += daily_checks(track)
    found += runs("position_drift", track, drift, Asks(points=3, hold_s=600, join_s=600))
    found += runs("position_frozen", track, frozen, Asks(min_s=600, breaks_at_gap=True))
    found += runs("clock_suspect", track, clock, Asks(min_s=300, steady=10))
    found += runs("speed_source_suspect", track, source, Asks(min_s=300, breaks_at_gap=True))
    return found + runs("invalid_data", track, invalid, Asks())


def daily_checks(track: list[Told]) -> list[dict[str, Any]]:
    """The first five minutes of a day over 40 km/h in which both speeds are told: all off is abnormal."""
    found: list[dict[str, Any]] = []
    checked, stretch = set(), []
    for at, now in enumerate(track):
        day = (now.time_s + 8 * 3600) // 86_400
        if day in checked or now.recorder is None or now.speed <= 40:
            stretch = []
            continue
        if stretch and now.time_s - track[at - 1].time_s > 300:
            stretch = []
        stretch.append(now)
        if now.time_s - stretch[0].time_s >= 300:
            checked.add(day)
            if all(round(abs((one.recorder or 0) - one.speed) / one.speed, 9) > 0.11 for one in stretch):
                found.append(moment("speed_source_check", stretch[0], now) | {"bridged": False})
            stretch = []
    return found


def moment(rule: str, start: Told, now: Told, before: Told | None = None) -> dict[str, Any]:
    """What one interval tells."""
    gap = now.time_s - (before or start).time_s > 300
    return {
        "rule": rule,
        "start": start.time_s,
        "found": now.time_s,
        "end": now.time_s,
        "bridged": gap,
    }


def runs(
    rule: str, track: list[Told], held: list[tuple[int, int, float]], asks: Asks
) -> list[dict[str, Any]]:
    """Episodes of the reports (place, start if a run begins there, value) at which a condition holds."""
    groups: list[list[tuple[int, int, float]]] = []
    for one in held:
        if groups and goes_on(track, groups[-1], one, asks):
            groups[-1].append(one)
        else:
            groups.append([one])
    return [made for group in groups if (made := episode(rule, track, group, asks))]


def goes_on(
    track: list[Told], group: list[tuple[int, int, float]], one: tuple[int, int, float], asks: Asks
) -> bool:
    last, now = group[-1][0], one[0]
    pause_s = track[now].time_s - track[last].time_s
    longest_s = asks.hold_s if now == last + 1 else asks.join_s or -1
    near = pause_s <= longest_s
    gap = track[now].time_s - track[now - 1].time_s > 300
    return near and not (asks.breaks_at_gap and gap) and abs(one[2] - group[0][2]) <= asks.steady


def episode(
    rule: str, track: list[Told], group: list[tuple[int, int, float]], asks: Asks
) -> dict[str, Any] | None:
    start_s = group[0][1]
    enough: Callable[[int], bool] = lambda nth: (  # noqa: E731 - read beside what it is for
        track[group[nth][0]].time_s - start_s >= asks.min_s and nth + 1 >= asks.points
    )
    found = next((track[group[nth][0]].time_s for nth in range(len(group)) if enough(nth)), None)
    if found is None:
        return None
    first, last = group[0][0], group[-1][0]
    inside = range(first if start_s < track[first].time_s else first + 1, last + 1)
    gap = any(track[at].time_s - track[at - 1].time_s > 300 for at in inside)
    if asks.instant:
        return {"rule": rule, "start": start_s, "found": found, "end": start_s, "bridged": False}
    end = None if last == len(track) - 1 else track[last].time_s
    return {"rule": rule, "start": start_s, "found": found, "end": end, "bridged": gap}
