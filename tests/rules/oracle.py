"""The rules once more: slow, plain, a report at a time, written from the text of the semantics.

It shares nothing with `rules/`: not the columns, not the distance, not the thresholds' names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    time_ms: int
    longitude: float
    latitude: float
    speed: float
    posted: float | None = None
    driver: int = 0
    vehicle_class: int = 0
    fix: bool = True


@dataclass
class Rectangle:
    """A zone whose edges belong to it, with an optional rectangular hole whose edges belong to it too."""

    name: str
    west: float
    south: float
    east: float
    north: float
    rules: tuple[str, ...]
    hole: tuple[float, float, float, float] | None = None
    limit: float | None = None
    max_stay_s: float | None = None
    dwell_s: float = 0
    classes: tuple[int, ...] = ()
    hours: tuple[int, int] | None = None
    night_limit: float | None = None
    valid_hours: tuple[int, int] | None = None

    def holds(self, report: Report) -> bool:
        x, y = report.longitude, report.latitude
        if self.classes and report.vehicle_class not in self.classes:
            return False
        if self.valid_hours is not None and not within(report.time_ms, *self.valid_hours):
            return False
        if not (self.west <= x <= self.east and self.south <= y <= self.north):
            return False
        if self.hole is None:
            return True
        west, south, east, north = self.hole
        return not (west < x < east and south < y < north)

    def limit_at(self, time_ms: int) -> float | None:
        night = self.night_limit is not None and within(time_ms, 22 * 60, 6 * 60)
        return self.night_limit if night else self.limit

    def open_at(self, time_ms: int) -> bool:
        return self.hours is None or within(time_ms, *self.hours)


@dataclass
class Terms:
    gap_s: float = 300
    stopped_kmh: float = 5
    rest_m: float = 300
    drive_s: float = 14_400
    rest_s: float = 1_200
    speeding_s: float = 30
    join_s: float = 60
    tiers: tuple[int, ...] = (10, 20, 50)
    class_limit: dict[int, float] = field(default_factory=lambda: {4: 80.0})
    other_limit: float = 100.0
    coaches: tuple[int, ...] = (2, 3)
    night: float = 0.8
    near_kmh: float = 5
    near_s: float = 30
    night_s: float = 7_200
    short_s: float = 28_800
    short_window_s: float = 86_400
    long_s: float = 158_400
    long_window_s: float = 604_800
    day_s: float = 28_800
    pre_s: float = 1_800


Episode = dict[str, Any]


def within(time_ms: int, from_min: int, to_min: int) -> bool:
    minute = ((time_ms // 1000 + 8 * 3600) % 86_400) / 60
    if from_min <= to_min:
        return from_min <= minute < to_min
    return minute >= from_min or minute < to_min


def metres(a: Report, b: Report) -> float:
    p, q = math.radians(a.latitude), math.radians(b.latitude)
    east = math.radians(b.longitude - a.longitude)
    h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(east / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(min(1.0, math.sqrt(h)))


def in_order(reports: list[Report]) -> list[Report]:
    """By time, without exact copies; of one time the last four different reports are compared."""
    kept: list[Report] = []
    for report in sorted(reports, key=lambda one: one.time_ms):
        same_time = [other for other in kept[-4:] if other.time_ms == report.time_ms]
        if says(report) not in [says(other) for other in same_time]:
            kept.append(report)
    return kept


def says(report: Report) -> tuple[Any, ...]:
    return report.longitude, report.latitude, report.speed, report.fix, report.posted


def with_known_places(reports: list[Report]) -> list[tuple[float, float] | None]:
    """The newest fix as of each report."""
    places: list[tuple[float, float] | None] = []
    place = None
    for report in reports:
        if report.fix:
            place = (report.longitude, report.latitude)
        places.append(place)
    return places


def moved(places: list[tuple[float, float] | None], i: int) -> float | None:
    a, b = places[i - 1], places[i]
    if a is None or b is None:
        return None
    return metres(Report(0, *a, 0), Report(0, *b, 0))


def limit_of(report: Report, zones: list[Rectangle], terms: Terms) -> tuple[float, str]:
    limit, source = terms.class_limit.get(report.vehicle_class, terms.other_limit), "class"
    if report.posted is not None and report.posted <= limit:
        limit, source = report.posted, "posted"
    if report.vehicle_class in terms.coaches and within(report.time_ms, 22 * 60, 6 * 60):
        limit, source = limit * terms.night, "night"
    for zone in zones:
        if report.fix and "speed" in zone.rules and zone.holds(report):
            here = zone.limit_at(report.time_ms)
            if here < limit:
                limit, source = here, "zone"
    return limit, source


def speeding(reports: list[Report], zones: list[Rectangle], terms: Terms) -> list[Episode]:
    limits = [limit_of(one, zones, terms) for one in reports]
    over = [one.speed > limit for one, (limit, _) in zip(reports, limits, strict=True)]
    near = [
        limit - terms.near_kmh <= one.speed <= limit for one, (limit, _) in zip(reports, limits, strict=True)
    ]
    early = runs_of("speeding_pre", reports, limits, near, terms.near_s, terms)
    for one in early:
        del one["tier_percent"]
    return runs_of("speeding", reports, limits, over, terms.speeding_s, terms) + early


def over_limit(
    rule: str, reports: list[Report], limits: list[tuple[float, str] | None], terms: Terms
) -> list[Episode]:
    """Episodes of reports over their limits; a limit of None is a report that cannot be over."""
    over = [limit is not None and one.speed > limit[0] for one, limit in zip(reports, limits, strict=True)]
    return runs_of(rule, reports, limits, over, terms.speeding_s, terms)


def runs_of(
    rule: str, reports: list[Report], limits: list[Any], held: list[bool], least_s: float, terms: Terms
) -> list[Episode]:
    places = with_known_places(reports)
    runs: list[list[int]] = []
    previous_over = False
    for i, report in enumerate(reports):
        over = held[i]
        gap = i > 0 and report.time_ms - reports[i - 1].time_ms > terms.gap_s * 1000
        if over and previous_over and not gap:
            runs[-1].append(i)
        elif over:
            runs.append([i])
        previous_over = over
    long_enough = [
        run for run in runs if reports[run[-1]].time_ms - reports[run[0]].time_ms >= least_s * 1000
    ]
    groups: list[list[list[int]]] = []
    for run in long_enough:
        pause = reports[run[0]].time_ms - reports[groups[-1][-1][-1]].time_ms if groups else math.inf
        if pause <= terms.join_s * 1000:
            groups[-1].append(run)
        else:
            groups.append([run])
    episodes = []
    for group in groups:
        points = [i for run in group for i in run]
        first, last = points[0], points[-1]
        worst = max(points, key=lambda i: (reports[i].speed - limits[i][0], -i))
        found = next(
            reports[i].time_ms
            for i in group[0]
            if reports[i].time_ms - reports[first].time_ms >= least_s * 1000
        )
        percent = max(100 * (reports[i].speed - limits[i][0]) / limits[i][0] for i in points)
        episodes.append(
            {
                "rule": rule,
                "start": reports[first].time_ms,
                "found": found,
                "end": None if last == len(reports) - 1 else reports[last].time_ms,
                "evidence": "complete",
                "max_speed_kmh": max(reports[i].speed for i in points),
                "limit_kmh": limits[worst][0],
                "limit_source": limits[worst][1],
                "tier_percent": max((t for t in terms.tiers if percent >= t - 1e-9), default=0),
                "distance_m": sum(moved(places, i) or 0.0 for i in range(first + 1, last + 1)),
            }
        )
    return episodes


def zone_rules(reports: list[Report], zone: Rectangle, terms: Terms) -> list[Episode]:
    reports = [report for report in reports if report.fix]
    inside = [zone.holds(report) for report in reports]
    gaps = [
        i > 0 and reports[i].time_ms - reports[i - 1].time_ms > terms.gap_s * 1000
        for i in range(len(reports))
    ]
    episodes = crossings(reports, zone, inside, gaps)
    if "stay" in zone.rules:
        too_long = lambda lasted: lasted > zone.max_stay_s * 1000  # noqa: E731
        episodes += presences("zone_stay", reports, zone, inside, gaps, too_long)
    if "forbidden" in zone.rules:
        banned = [held and zone.open_at(report.time_ms) for held, report in zip(inside, reports, strict=True)]
        settled = lambda lasted: lasted >= zone.dwell_s * 1000  # noqa: E731
        episodes += presences("zone_forbidden", reports, zone, banned, gaps, settled)
    if "speed" in zone.rules:
        limits = [
            (zone.limit_at(report.time_ms), "zone") if held else None
            for held, report in zip(inside, reports, strict=True)
        ]
        speeding = over_limit("zone_speed", reports, limits, terms)
        episodes += [{**episode, "zone_id": zone.name} for episode in speeding]
    return episodes


def crossings(reports: list[Report], zone: Rectangle, inside: list[bool], gaps: list[bool]) -> list[Episode]:
    episodes = []
    since = None
    entered = bridged = False
    for i, report in enumerate(reports):
        if inside[i]:
            bridged = gaps[i] or (bridged and since is not None)
            since = report.time_ms if since is None else since
            if not entered and report.time_ms - since >= zone.dwell_s * 1000:
                entered = True
                if "enter" in zone.rules:
                    episodes.append(instant("zone_enter", zone, report.time_ms, bridged))
        else:
            if entered and "exit" in zone.rules:
                episodes.append(instant("zone_exit", zone, report.time_ms, gaps[i]))
            since, entered, bridged = None, False, False
    return episodes


def instant(rule: str, zone: Rectangle, time_ms: int, bridged: bool) -> Episode:
    evidence = "bridged" if bridged else "complete"
    return {"rule": rule, "start": time_ms, "found": time_ms, "end": time_ms} | {
        "evidence": evidence,
        "zone_id": zone.name,
    }


def presences(
    rule: str, reports: list[Report], zone: Rectangle, held: list[bool], gaps: list[bool], enough: Any
) -> list[Episode]:
    episodes: list[Episode] = []
    spans: list[list[int]] = []
    for i, holds in enumerate(held):
        if holds and i > 0 and held[i - 1]:
            spans[-1].append(i)
        elif holds:
            spans.append([i])
    for span in spans:
        start, last = reports[span[0]].time_ms, reports[span[-1]].time_ms
        found = next((reports[i].time_ms for i in span if enough(reports[i].time_ms - start)), None)
        if found is None:
            continue
        bridged = any(gaps[i] for i in span[1:])
        going_on = span[-1] == len(reports) - 1
        episodes.append(
            {"rule": rule, "start": start, "found": found, "end": None if going_on else last}
            | {"evidence": "bridged" if bridged else "complete", "zone_id": zone.name}
            | {"stay_s": (last - start) / 1000}
        )
    return episodes


def episodes_of(reports: list[Report], zones: list[Rectangle], terms: Terms) -> list[Episode]:
    """Every episode of one vehicle that does not hang on its driver, by start, rule and zone."""
    reports = in_order(reports)
    episodes = speeding(reports, zones, terms)
    for zone in zones:
        episodes += zone_rules(reports, zone, terms)
    # An alert is named by rule, start and zone: what begins twice in one millisecond is one alert.
    named = {(one["start"], one["rule"], one.get("zone_id", "")): one for one in episodes}
    return [named[name] for name in sorted(named)]
