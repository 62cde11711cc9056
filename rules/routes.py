"""Declared routes: off the line, segments too fast or too slow, the wrong way, stops, departures.

A vehicle is on a route from the first report inside its corridor on. It has left it for good when it was
outside for `route_forget_s`, or when it left from one of the two ends: that is no deviation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.corridor import locate
from geo.kept import kept
from geo.kernel import kernel
from geo.route import Route
from rules.entries import haversine_m
from rules.family import Batch, Setting, Table, Watch
from rules.holding import HIT, MOST_HITS, Holding, new_terms
from rules.limits import is_night
from rules.local_time import DAY_MS, OFFSET_MS
from rules.parameters import Plan, compile_parameters
from rules.quality import add_hit
from rules.records import NO_ROW, NONE, Layout, Records
from rules.route_findings import (
    FAST,
    GAP,
    MISSED,
    OFF,
    SLOW,
    STOPPED,
    WRONG_WAY,
    bridge,
    teller_of,
)
from rules.route_plan import (
    DEPARTURE,
    DEVIATION,
    DIRECTION,
    MAX_ROUTES_OF_A_VEHICLE,
    STOP,
    TIME,
    Followers,
    make_route_plan,
)
from rules.rulebook import CLASS_CODES, Rulebook
from rules.slots import COUNT, OF_OWNER, Slots, give_back, take_slot

TRIP: Layout = {
    "route_key": ("i8", 0),
    "inside_ms": ("i8", NONE),  # newest report inside the corridor
    "departed_ms": ("i8", NONE),  # when it last left the place where the route begins
    "entered_ms": ("i8", NONE),  # the segment; NONE where nobody saw it
    "edge": ("i4", NO_ROW),  # of the newest report inside; counted, as segments, from the route's first, so
    "segment": ("i4", NO_ROW),  # that other routes of the file may come and go
    "inside": ("?", False),
    "gap": ("?", False),  # since it entered the segment
    "at_end": ("?", False),  # at either end of the route
    "at_start": ("?", False),
}

PLAN: Plan = {
    "width_m": ("f8", "route_deviation_m"),
    "direction_deg": ("f8", "route_direction_deg"),
    "direction_kmh": ("f8", "route_direction_speed_kmh"),
    "stopped_kmh": ("f8", "stopped_speed_kmh"),
    "terminus_m": ("f8", "route_terminus_m"),
    "forget_ms": ("i8", "route_forget_s"),
    "grace_ms": ("i8", "route_departure_grace_s"),
    "night_from_ms": ("i8", "night_start_h"),
    "night_to_ms": ("i8", "night_end_h"),
}

_ROOM = 1024
_MINUTE_MS = 60_000


@kept
def _terms(book: Rulebook) -> NDArray[np.void]:
    terms = new_terms(CLASS_CODES)
    for what, entry in ((OFF, "deviation"), (WRONG_WAY, "direction"), (STOPPED, "stop")):
        terms["min_ms"][:, what] = np.rint(book.by_class(f"route_{entry}_s") * 1000)
    terms["min_points"][:, OFF] = book.by_class("route_deviation_points")
    terms["breaks_at_gap"][:, WRONG_WAY] = True
    terms["interval"][:, FAST] = terms["interval"][:, MISSED] = True
    return terms


@kernel
def _judge(
    begin: int, entries: Any, plan: Any, parameters: Any, start: Any, number_of: Any, routes: Any,
    class_start: Any, of_class: Any, first: Any, slots: Any, free: Any, hits: Any,
) -> tuple[int, int]:  # fmt: skip
    """The hits of the entries from `begin` on; returns the entry after them, and how many hits."""
    count = 0
    for at in range(begin, len(entries)):
        if count + MOST_HITS > len(hits) or free[COUNT] < MAX_ROUTES_OF_A_VEHICLE:
            return at, count
        e = entries[at]
        p = parameters[e.vehicle_class]
        owner = first[e.row]
        for one in range(start[e.row], start[e.row] + number_of[e.row]):
            count = _follow(at, e, routes[one], plan, p, owner, slots, free, hits, count)
        for one in range(class_start[e.vehicle_class], class_start[e.vehicle_class + 1]):
            count = _follow(at, e, of_class[one], plan, p, owner, slots, free, hits, count)
        _forget(e, p, owner, slots, free)
    return len(entries), count


@kernel
def _trip_of(slots: Any, number: int, key: int) -> int:
    while number != NO_ROW and slots[number].route_key != key:
        number = slots[number].next
    return number


@kernel
def _trips(slots: Any, number: int) -> int:
    count = 0
    while number != NO_ROW:
        count, number = count + 1, slots[number].next
    return count


@kernel
def _follow(
    at: int, e: Any, route: int, plan: Any, p: Any, owner: Any, slots: Any, free: Any, hits: Any, count: int
) -> int:
    """One vehicle's report and one route it is to follow."""
    number = _trip_of(slots, owner.first, plan.key[route])
    x, y = e.longitude_deg, e.latitude_deg
    box = plan.box[route]
    departed_ms = NONE
    if number != NO_ROW or (box[0] <= x <= box[2] and box[1] <= y <= box[3]):
        hint = _known_edge(plan.lines, route, slots[number].edge) if number != NO_ROW else NO_ROW
        edge, off_m, along_m = locate(plan.lines, route, hint, _width(plan, p, hint), x, y)
        inside = off_m <= _width(plan, p, edge)
        if number == NO_ROW and inside and _trips(slots, owner.first) < MAX_ROUTES_OF_A_VEHICLE:
            number = take_slot(slots, free, e.row, owner.first)
            owner.first = number
            _new_trip(slots[number], plan.key[route])
        if number != NO_ROW:
            trip = slots[number]
            if inside:
                count = _be_inside(at, e, route, edge, along_m, plan, p, trip, hits, count)
            else:
                count = _be_outside(at, e, route, hint, off_m, plan, trip, hits, count)
            departed_ms = trip.departed_ms
    if plan.asks[route, DEPARTURE]:
        count = _departures(at, e, route, departed_ms, plan, p, hits, count)
    return count


@kernel
def _known_edge(lines: Any, route: int, edge: int) -> int:
    """The edge that a trip knows; none where the route is a shorter one since."""
    edges = lines.start[route + 1] - 1 - lines.start[route]
    return lines.start[route] + edge if 0 <= edge < edges else NO_ROW


@kernel
def _width(plan: Any, p: Any, edge: int) -> float:
    if edge < 0 or plan.width_m[edge] != plan.width_m[edge]:
        return p.width_m  # type: ignore[no-any-return]
    return plan.width_m[edge]  # type: ignore[no-any-return]


@kernel
def _new_trip(trip: Any, key: int) -> None:
    trip.route_key, trip.inside_ms, trip.departed_ms, trip.entered_ms = key, NONE, NONE, NONE
    trip.edge, trip.segment = NO_ROW, NO_ROW
    trip.inside, trip.at_end, trip.at_start, trip.gap = False, False, False, False


@kernel
def _in_hours(plan: Any, route: int, time_ms: int) -> bool:
    return bool(plan.in_hours[route, (time_ms + OFFSET_MS) % DAY_MS // _MINUTE_MS])


@kernel
def _hit(hits: Any, count: int, at: int, what: int, value: float, since_ms: int, key: int, bits: int) -> int:
    made = add_hit(hits, count, at, what, value, 0.0, since_ms)
    hits[count].subject, hits[count].bits = key, bits
    return made


@kernel
def _be_inside(
    at: int,
    e: Any,
    route: int,
    edge: int,
    along_m: float,
    plan: Any,
    p: Any,
    trip: Any,
    hits: Any,
    count: int,
) -> int:
    now = _in_hours(plan, route, e.time_ms)
    lines, asks = plan.lines, plan.asks[route]
    length_m = lines.edges[lines.start[route + 1] - 1].along_m
    at_start = along_m <= p.terminus_m
    at_end = at_start or along_m >= length_m - p.terminus_m
    segment = plan.segment_of[edge]
    count = _segments(at, e, route, segment, at_end, now and asks[TIME], plan, trip, hits, count)
    if trip.at_start and not at_start:
        trip.departed_ms = e.time_ms
    trip.edge, trip.inside_ms, trip.inside = edge - lines.start[route], e.time_ms, True
    trip.at_start, trip.at_end = at_start, at_end
    if not now:
        return count
    e.segment_limit_kmh = min(e.segment_limit_kmh, plan.limit_kmh[edge])
    if is_night(e.time_ms, p.night_from_ms, p.night_to_ms):
        e.segment_night_kmh = min(e.segment_night_kmh, plan.night_limit_kmh[edge])
    if asks[DIRECTION] and e.speed_kmh > p.direction_kmh:
        turn_deg = abs((e.heading_deg - plan.bearing_deg[edge] + 180.0) % 360.0 - 180.0)
        if turn_deg > p.direction_deg:
            count = _hit(hits, count, at, WRONG_WAY, turn_deg, e.time_ms, trip.route_key, 0)
    if asks[STOP] and e.speed_kmh <= p.stopped_kmh and not at_end and not _at_station(e, route, plan):
        count = _hit(hits, count, at, STOPPED, e.speed_kmh, e.time_ms, trip.route_key, 0)
    return count


@kernel
def _segments(
    at: int, e: Any, route: int, segment: int, at_end: bool, asked: bool, plan: Any, trip: Any, hits: Any,
    count: int,
) -> int:  # fmt: skip
    """The time a vehicle takes for a segment, from the first report in it to the first behind it.

    Waiting at an end is no driving: there the time begins with the last report at the end, or ends with the
    first one.
    """
    first = plan.segment_start[route]
    known = 0 <= trip.segment < plan.segment_start[route + 1] - first and trip.entered_ms != NONE
    trip.gap |= e.gap
    arrives = at_end and trip.inside and not trip.at_end
    if segment != trip.segment or arrives:
        driven = known and trip.inside and not trip.at_end
        if driven and asked and (segment < 0 or abs(segment - trip.segment) <= 1):
            took_ms, least_ms = e.time_ms - trip.entered_ms, plan.min_ms[first + trip.segment]
            if took_ms < least_ms:
                bits = trip.segment + 1 | (GAP if trip.gap else 0)
                count = _hit(hits, count, at, FAST, took_ms, trip.entered_ms, trip.route_key, bits)
        trip.entered_ms = e.time_ms if trip.inside else NONE
        trip.segment, trip.gap = segment, False
    if at_end:
        trip.entered_ms, trip.gap = e.time_ms, False
    elif segment >= 0 and trip.entered_ms != NONE and asked:
        took_ms = e.time_ms - trip.entered_ms
        if took_ms > plan.max_ms[first + segment]:
            bits = segment + 1 | (GAP if trip.gap else 0)
            count = _hit(hits, count, at, SLOW, took_ms, trip.entered_ms, trip.route_key, bits)
    return count


@kernel
def _at_station(e: Any, route: int, plan: Any) -> bool:
    for one in range(plan.station_start[route], plan.station_start[route + 1]):
        station = plan.stations[one]
        if haversine_m(e.longitude_deg, e.latitude_deg, station[0], station[1]) <= station[2]:
            return True
    return False


@kernel
def _be_outside(
    at: int, e: Any, route: int, left: int, off_m: float, plan: Any, trip: Any, hits: Any, count: int
) -> int:
    """A report outside the corridor, which was left at the edge `left`."""
    if trip.at_start:
        trip.departed_ms, trip.at_start = e.time_ms, False
    trip.segment, trip.entered_ms, trip.inside = NO_ROW, NONE, False
    if plan.asks[route, DEVIATION] and not trip.at_end and _in_hours(plan, route, e.time_ms):
        bits = plan.segment_of[left] + 1 if left >= 0 else 0
        count = _hit(hits, count, at, OFF, off_m, e.time_ms, trip.route_key, bits)
    return count


@kernel
def _departures(
    at: int, e: Any, route: int, departed_ms: int, plan: Any, p: Any, hits: Any, count: int
) -> int:
    """Departures whose grace ended in the interval before an entry: the newest that did not take place."""
    if e.before_fix_ms == NONE:
        return count
    newest_ms, missed = e.before_fix_ms, -1
    for one in range(plan.departure_start[route], plan.departure_start[route + 1]):
        due_ms = plan.departures[one] * _MINUTE_MS + p.grace_ms - OFFSET_MS
        judged_ms = e.time_ms - (e.time_ms - due_ms) % DAY_MS
        planned_ms = judged_ms - p.grace_ms
        if judged_ms > newest_ms and not planned_ms - p.grace_ms <= departed_ms <= judged_ms:
            newest_ms, missed = judged_ms, one
    if missed < 0:
        return count
    planned_ms = newest_ms - p.grace_ms
    return _hit(hits, count, at, MISSED, plan.departures[missed], planned_ms, plan.key[route], 0)


@kernel
def _forget(e: Any, p: Any, owner: Any, slots: Any, free: Any) -> None:
    """Give up the trips of routes that were left long ago, or are gone from the file."""
    before, number = NO_ROW, owner.first
    while number != NO_ROW:
        following = slots[number].next
        if e.time_ms - slots[number].inside_ms > p.forget_ms:
            if before == NO_ROW:
                owner.first = following
            else:
                slots[before].next = following
            give_back(slots, free, number)
        else:
            before = number
        number = following


@kept
def routes_by_key(routes: Sequence[Route]) -> Mapping[int, Route]:
    """Routes by the numbers that findings name them by."""
    return dict(zip(make_route_plan(routes).key.tolist(), routes, strict=True))


class RouteWatch:
    """The family at work."""

    def __init__(self, setting: Setting) -> None:
        book, routes = setting.book, setting.zones.routes
        self._setting = setting
        self._plan = make_route_plan(routes)
        self._followers = Followers(routes)
        self._parameters = compile_parameters(book, PLAN)
        self._holding = Holding("routes", _terms(book))
        self._trips = Slots(TRIP)
        self._first = Records(OF_OWNER)
        self._hits = np.empty(_ROOM, HIT)
        self._route_of = routes_by_key(routes)
        self.teller = teller_of(book, self._route_of)

    @property
    def tables(self) -> Mapping[str, Table]:
        return {"trips": self._trips, "trips_of_vehicle": self._first, **self._holding.tables}

    def step(self, batch: Batch) -> None:
        vehicles = len(self._setting.vehicles)
        if not self._route_of and not self._holding.slots.used:
            return
        self._first.grow(vehicles)
        self._holding.first.grow(vehicles)
        self._followers.follow(self._setting.vehicles.keys)
        # Reports without a fix are passed over: they neither leave a route nor come back to it.
        at = (batch.entries["positioned"] & self._concerned(batch.entries["row"])).nonzero()[0]
        entries = batch.entries[at]
        entries["gap"] = entries["fix_gap"]
        begin, already = 0, batch.found.count
        while begin < len(entries):
            self._trips.provide(_ROOM)
            end, count = _judge(
                begin, entries, self._plan, self._parameters, self._followers.start, self._followers.count,
                self._followers.routes, self._followers.class_start, self._followers.of_class,
                self._first.rows, self._trips.rows, self._trips.free, self._hits,
            )  # fmt: skip
            self._holding.step(begin, end, entries, self._hits[:count], batch.found)
            begin = end
        told = batch.found.since(already)
        told["at"] = at[told["at"]]
        bridge(told)
        for name in ("segment_limit_kmh", "segment_night_kmh"):
            batch.entries[name][at] = entries[name]

    def _concerned(self, row: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Whether each of n vehicle rows follows a route or did: most vehicles have none."""
        if len(self._followers.of_class):
            return np.ones(len(row), bool)
        concerned: NDArray[np.bool_] = self._followers.count[row] > 0
        for table in (self._first, self._holding.first):
            concerned |= table.rows["first"][row] != NO_ROW
        return concerned

    def open_findings(self) -> NDArray[np.void]:
        """What goes on."""
        findings = self._holding.open_findings()
        bridge(findings)
        return findings


class RouteFamily:
    """As `rules.families` lists it; before speeding, which heeds the limits of segments."""

    name = "routes"

    def watch(self, setting: Setting) -> Watch:
        """Set it to work."""
        return RouteWatch(setting)


FAMILY = RouteFamily()
