"""What the rules of declared routes find, judged over a whole track at once.

Written from docs/rules/routes.md, with a geometry of its own: vectors on the sphere. It shares nothing with
`rules` or `geo`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tests.rules.oracle_conditions import Told as Place
from tests.rules.oracle_conditions import metres, minute_of_day

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Told:
    """One report."""

    time_s: int
    longitude: float
    latitude: float
    speed: float = 60.0
    heading: int = 90
    fix: bool = True
    vehicle_class: int = 0


@dataclass(frozen=True)
class Stretch:
    """A segment: of which edges, and what is asked there."""

    first: int
    last: int
    width: float | None = None
    least_s: float | None = None
    most_s: float | None = None


@dataclass(frozen=True)
class Line:
    """A route."""

    points: tuple[tuple[float, float], ...]
    width: float | None = None
    rules: tuple[str, ...] = ("deviation", "time", "direction", "stop", "departure")
    hours: tuple[int, int] | None = None
    stretches: tuple[Stretch, ...] = ()
    stations: tuple[tuple[float, float, float], ...] = ()
    departures: tuple[int, ...] = ()


@dataclass(frozen=True)
class Terms:
    """What the rulebook says, in metres, seconds, km/h and degrees."""

    width: float = 200
    off_s: float = 60
    off_points: int = 3
    turn: float = 120
    turn_s: float = 60
    turn_kmh: float = 20
    stop_s: float = 180
    stopped_kmh: float = 5
    grace_s: int = 600
    terminus: float = 500
    forget_s: int = 7200
    gap_s: int = 300


@dataclass(frozen=True)
class Spot:
    """A report seen from a route: how far off it is and off the second nearest edge, how far along, at which
    edge, where that one leads."""

    told: Told
    off: float
    rival: float
    along: float
    edge: int
    bearing: float
    inside: bool
    ends: tuple[bool, bool]
    stretch: int

    @property
    def at_end(self) -> bool:
        return any(self.ends)


def apart(x: float, y: float, other_x: float, other_y: float) -> float:
    return metres(Place(0, x, y), Place(0, other_x, other_y))


@lru_cache(maxsize=5000)
def spot_of(line: Line, one: Told, terms: Terms) -> Spot:
    offs, alongs, length = [], [], 0.0
    for (ax, ay), (bx, by) in zip(line.points, line.points[1:], strict=False):
        off, part = nearest(ax, ay, bx, by, one.longitude, one.latitude)
        offs.append(off)
        alongs.append(length + part * apart(ax, ay, bx, by))
        length += apart(ax, ay, bx, by)
    edge = offs.index(min(offs))
    stretch = next((n for n, s in enumerate(line.stretches) if s.first <= edge < s.last), -1)
    own = line.stretches[stretch].width if stretch >= 0 else None
    width = own or line.width or terms.width
    ends = alongs[edge] <= terms.terminus, alongs[edge] >= length - terms.terminus
    bearing = bearing_of(*line.points[edge], *line.points[edge + 1])
    rival = sorted(offs)[1] if len(offs) > 1 else math.inf
    return Spot(one, offs[edge], rival, alongs[edge], edge, bearing, offs[edge] <= width, ends, stretch)


def nearest(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> tuple[float, float]:
    """Least distance from an edge, a great circle's arc, and at which part of it."""
    a, b, p = vector(ax, ay), vector(bx, by), vector(x, y)
    pole = cross(a, b)
    size = math.sqrt(dot(pole, pole))
    foot = cross(cross(pole, p), pole)
    whole = math.atan2(size, dot(a, b))
    way = math.atan2(dot(cross(a, foot), pole) / size, dot(a, foot))
    part = min(max(way / whole, 0.0), 1.0)
    if 0.0 < part < 1.0:
        return abs(math.asin(dot(p, pole) / size)) * 6_371_008.8, part
    return apart(ax, ay, x, y) if part == 0.0 else apart(bx, by, x, y), part


def vector(x: float, y: float) -> Vector:
    p, q = math.radians(y), math.radians(x)
    return math.cos(p) * math.cos(q), math.cos(p) * math.sin(q), math.sin(p)


def cross(a: Vector, b: Vector) -> Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def bearing_of(ax: float, ay: float, bx: float, by: float) -> float:
    p, q, east = math.radians(ay), math.radians(by), math.radians(bx - ax)
    north = math.cos(p) * math.sin(q) - math.sin(p) * math.cos(q) * math.cos(east)
    return math.degrees(math.atan2(math.sin(east) * math.cos(q), north)) % 360


def turned(one: Spot) -> float:
    difference = abs(one.told.heading - one.bearing) % 360
    return min(difference, 360 - difference)


def unclear(line: Line, one: Told, terms: Terms) -> bool:
    """Whether a report lies so near a threshold that another formula may see it on its other side."""
    spot = spot_of(line, one, terms)
    reaches = [line.width or terms.width, *(s.width for s in line.stretches if s.width)]
    if any(abs(spot.off - reach) < 2 + 0.004 * reach for reach in reaches):
        return True
    length = sum(apart(*a, *b) for a, b in zip(line.points, line.points[1:], strict=False))
    if min(abs(spot.along - terms.terminus), abs(length - terms.terminus - spot.along)) < 5:
        return True
    if spot.rival - spot.off < 1 + 0.004 * spot.off:
        return True
    near = [abs(apart(x, y, one.longitude, one.latitude) - reach) < 1 for x, y, reach in line.stations]
    return any(near) or abs(turned(spot) - terms.turn) < 0.5


def judge(track: list[Told], line: Line, terms: Terms) -> list[dict[str, Any]]:
    """Every episode of one vehicle and one route, its reports in order of time without copies."""
    spots = [spot_of(line, one, terms) for one in track if one.fix]
    on = on_the_route(spots, terms)
    watched = [open_at(line, one.told) for one in spots]
    found = deviations(line, spots, on, watched, terms)
    if "time" in line.rules:
        for passage in passages(spots, on):
            found += timed(line, spots, passage, watched, terms)
    inside = [spots[at].inside and watched[at] for at in range(len(spots))]
    wrong = [
        inside[at] and one.told.speed > terms.turn_kmh and turned(one) > terms.turn
        for at, one in enumerate(spots)
    ]
    if "direction" in line.rules:
        found += runs("route_wrong_direction", spots, wrong, terms.turn_s, 1, terms, unbroken=True)
    stood = [
        inside[at] and one.told.speed <= terms.stopped_kmh and not one.at_end and not stops(line, one.told)
        for at, one in enumerate(spots)
    ]
    if "stop" in line.rules:
        found += runs("route_stop", spots, stood, terms.stop_s, 1, terms)
    if "departure" in line.rules:
        found += missed(line, spots, on, terms)
    # What one rule tells of one beginning is one alert.
    named = {(one["rule"], one["start"]): one for one in found}
    return sorted(named.values(), key=lambda one: (one["start"], one["rule"]))


def on_the_route(spots: list[Spot], terms: Terms) -> list[int]:
    """The number of the trip each report belongs to, 0 for none: from the first report inside on, until it
    was outside for too long; that report is still counted."""
    trip, trips, said, seen_s = 0, 0, [], 0
    for one in spots:
        if one.inside:
            trips += trip == 0
            trip, seen_s = trips, one.told.time_s
        said.append(trip)
        trip = trip if one.told.time_s - seen_s <= terms.forget_s else 0
    return said


def open_at(line: Line, one: Told) -> bool:
    if line.hours is None:
        return True
    begin, end = line.hours
    minute = minute_of_day(Place(one.time_s))
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def stops(line: Line, one: Told) -> bool:
    return any(apart(x, y, one.longitude, one.latitude) <= reach for x, y, reach in line.stations)


def deviations(
    line: Line, spots: list[Spot], on: list[int], watched: list[bool], terms: Terms
) -> list[dict[str, Any]]:
    held, last = [], None
    for at, one in enumerate(spots):
        if not on[at] or one.inside:
            last = one if on[at] else None
            held.append(False)
        else:
            held.append(watched[at] and last is not None and not last.at_end)
    if "deviation" not in line.rules:
        return []
    found = runs("route_deviation", spots, held, terms.off_s, terms.off_points, terms)
    for one in found:
        inside = [s for s in spots if s.inside and s.told.time_s <= one["start"]]
        one["stretch"] = inside[-1].stretch
    return found


def runs(
    rule: str,
    spots: list[Spot],
    held: list[bool],
    least_s: float,
    points: int,
    terms: Terms,
    unbroken: bool = False,
) -> list[dict[str, Any]]:
    groups: list[list[int]] = []
    for at, holds in enumerate(held):
        if not holds:
            continue
        follows = bool(groups) and groups[-1][-1] == at - 1
        if follows and not (unbroken and gap_before(spots, at, terms)):
            groups[-1].append(at)
        else:
            groups.append([at])
    found = []
    for group in groups:
        times = [spots[at].told.time_s for at in group]
        enough = [t for n, t in enumerate(times, 1) if t - times[0] >= least_s and n >= points]
        if enough:
            bridged = any(gap_before(spots, at, terms) for at in group[1:])
            end = None if group[-1] == len(spots) - 1 else times[-1]
            found.append(told(rule, times[0], enough[0], end, bridged))
    return found


def gap_before(spots: list[Spot], at: int, terms: Terms) -> bool:
    return at > 0 and spots[at].told.time_s - spots[at - 1].told.time_s > terms.gap_s


def told(rule: str, start: int, found: int, end: int | None, bridged: bool) -> dict[str, Any]:
    return {"rule": rule, "start": start, "found": found, "end": end, "bridged": bridged}


@dataclass(frozen=True)
class Passage:
    """Reports of one stretch away from the ends, one after the other: `first` and `last`, the report from
    which its time counts (None where nobody saw it begin), and the one behind it that is inside (None)."""

    stretch: int
    first: int
    last: int
    entered: int | None
    left: int | None


def passages(spots: list[Spot], on: list[int]) -> list[Passage]:
    def moves(at: int) -> bool:
        return 0 <= at < len(spots) and on[at] and spots[at].inside and not spots[at].at_end

    found, at = [], 0
    while at < len(spots):
        if not moves(at):
            at += 1
            continue
        last = at
        while moves(last + 1) and spots[last + 1].stretch == spots[at].stretch:
            last += 1
        before, behind = at - 1, last + 1
        entered: int | None = None
        if before >= 0 and on[before] and spots[before].inside:
            # From the last report at the end, where the vehicle waited in the same segment.
            entered = before if spots[before].at_end and spots[before].stretch == spots[at].stretch else at
        seen_leaving = behind < len(spots) and on[behind] and spots[behind].inside
        found.append(Passage(spots[at].stretch, at, last, entered, behind if seen_leaving else None))
        at = last + 1
    return found


def timed(
    line: Line, spots: list[Spot], one: Passage, watched: list[bool], terms: Terms
) -> list[dict[str, Any]]:
    if one.stretch < 0 or one.entered is None:
        return []
    asked, found = line.stretches[one.stretch], []
    start = spots[one.entered].told.time_s
    over = [
        watched[at] and asked.most_s is not None and spots[at].told.time_s - start > asked.most_s
        for at in range(one.first, one.last + 1)
    ]
    slow = [False] * one.first + over + [False] * (len(spots) - 1 - one.last)
    for run in runs("route_too_slow", spots, slow, 0, 1, terms):
        until_s = run["end"] or math.inf
        last = max(at for at in range(one.last + 1) if slow[at] and spots[at].told.time_s <= until_s)
        bridged = any(gap_before(spots, at, terms) for at in range(one.entered + 1, last + 1))
        found.append(run | {"start": start, "bridged": bridged, "stretch": one.stretch})
    left = one.left
    if left is None or not watched[left] or asked.least_s is None:
        return found
    beside = spots[left].stretch < 0 or abs(spots[left].stretch - one.stretch) <= 1
    took = spots[left].told.time_s - start
    if beside and took < asked.least_s:
        now = spots[left].told.time_s
        bridged = any(gap_before(spots, at, terms) for at in range(one.entered + 1, left + 1))
        found.append(told("route_too_fast", start, now, now, bridged) | {"stretch": one.stretch})
    return found


def missed(line: Line, spots: list[Spot], on: list[int], terms: Terms) -> list[dict[str, Any]]:
    """Departures whose grace ended since the report before: the newest that was not made."""
    found = []
    for at in range(1, len(spots)):
        before, now = spots[at - 1].told.time_s, spots[at].told.time_s
        gone = departed(spots, on, at)
        late = []
        for minute in line.departures:
            midnight = -8 * 3600
            due = midnight + minute * 60 + terms.grace_s
            due += (now - due) // 86_400 * 86_400
            planned = due - terms.grace_s
            if due > before and not (gone is not None and planned - terms.grace_s <= gone <= due):
                late.append(planned)
        if late:
            found.append(told("route_missing_departure", max(late), now, now, gap_before(spots, at, terms)))
    return found


def departed(spots: list[Spot], on: list[int], at: int) -> int | None:
    """When the vehicle last left the place where the line begins, on this trip."""
    while at > 0 and on[at] and on[at - 1] == on[at]:
        was_there = spots[at - 1].inside and spots[at - 1].ends[0]
        if was_there and not (spots[at].inside and spots[at].ends[0]):
            return spots[at].told.time_s
        at -= 1
    return None
