"""A vehicle on a route: what one report makes of a trip, and what it hits.

A vehicle is on a route from the first report inside its corridor on. It has left it for good when it was
outside for `route_forget_s`, or when it left from one of the two ends: that is no deviation.

Steps that have one caller are compiled into it: handing a plan on costs more than most of them.
"""

from __future__ import annotations

from typing import Any

from geo.corridor import locate
from geo.kernel import inlined, kernel
from rules.entries import haversine_m
from rules.limits import is_night
from rules.local_time import DAY_MS, OFFSET_MS
from rules.parameters import Plan
from rules.quality import add_hit
from rules.records import NO_ROW, NONE, Layout
from rules.route_findings import FAST, GAP, MISSED, OFF, SLOW, STOPPED, WRONG_WAY
from rules.route_plan import MAX_ROUTES_OF_A_VEHICLE
from rules.slots import take_slot, unstring

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

_MINUTE_MS = 60_000


@inlined
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


@inlined
def follow(
    at: int, e: Any, route: int, plan: Any, p: Any, owner: Any, slots: Any, free: Any, hits: Any, count: int
) -> int:
    """One vehicle's report and one route it is to follow."""
    asked = plan.routes[route]
    number = _trip_of(slots, owner.first, asked.key)
    x, y = e.longitude_deg, e.latitude_deg
    departed_ms = NONE
    if number != NO_ROW or (asked.west <= x <= asked.east and asked.south <= y <= asked.north):
        hint = _known_edge(asked, slots[number].edge) if number != NO_ROW else NO_ROW
        edge, off_m, along_m = locate(plan.lines, route, hint, _width(plan, p, hint), x, y)
        inside = off_m <= _width(plan, p, edge)
        if number == NO_ROW and inside and _trips(slots, owner.first) < MAX_ROUTES_OF_A_VEHICLE:
            number = take_slot(slots, free, e.row, owner.first)
            owner.first = number
            _new_trip(slots[number], asked.key)
        if number != NO_ROW:
            trip = slots[number]
            if inside:
                count = _be_inside(at, e, route, edge, along_m, plan, p, trip, hits, count)
            else:
                count = _be_outside(at, e, route, hint, off_m, plan, trip, hits, count)
            departed_ms = trip.departed_ms
    if asked.departure:
        count = _departures(at, e, asked, departed_ms, plan, p, hits, count)
    return count


@inlined
def _known_edge(asked: Any, edge: int) -> int:
    """The edge that a trip knows; none where the route is a shorter one since."""
    return asked.first_edge + edge if 0 <= edge < asked.edges else NO_ROW


@inlined
def _width(plan: Any, p: Any, edge: int) -> float:
    if edge < 0 or plan.edges[edge].width_m != plan.edges[edge].width_m:
        return p.width_m  # type: ignore[no-any-return]
    return plan.edges[edge].width_m  # type: ignore[no-any-return]


@inlined
def _new_trip(trip: Any, key: int) -> None:
    trip.route_key, trip.inside_ms, trip.departed_ms, trip.entered_ms = key, NONE, NONE, NONE
    trip.edge, trip.segment = NO_ROW, NO_ROW
    trip.inside, trip.at_end, trip.at_start, trip.gap = False, False, False, False


@inlined
def _in_hours(plan: Any, route: int, time_ms: int) -> bool:
    return bool(plan.in_hours[route, (time_ms + OFFSET_MS) % DAY_MS // _MINUTE_MS])


@kernel
def _hit(hits: Any, count: int, at: int, what: int, value: float, since_ms: int, key: int, bits: int) -> int:
    made = add_hit(hits, count, at, what, value, 0.0, since_ms)
    hits[count].subject, hits[count].bits = key, bits
    return made


@inlined
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
    asked, here = plan.routes[route], plan.edges[edge]
    at_start = along_m <= p.terminus_m
    at_end = at_start or along_m >= asked.length_m - p.terminus_m
    count = _segments(at, e, asked, here.segment, at_end, now and asked.time, plan, trip, hits, count)
    if trip.at_start and not at_start:
        trip.departed_ms = e.time_ms
    trip.edge, trip.inside_ms, trip.inside = edge - asked.first_edge, e.time_ms, True
    trip.at_start, trip.at_end = at_start, at_end
    if not now:
        return count
    e.segment_limit_kmh = min(e.segment_limit_kmh, here.limit_kmh)
    if is_night(e.time_ms, p.night_from_ms, p.night_to_ms):
        e.segment_night_kmh = min(e.segment_night_kmh, here.night_limit_kmh)
    if asked.direction and e.speed_kmh > p.direction_kmh:
        turn_deg = abs((e.heading_deg - here.bearing_deg + 180.0) % 360.0 - 180.0)
        if turn_deg > p.direction_deg:
            count = _hit(hits, count, at, WRONG_WAY, turn_deg, e.time_ms, trip.route_key, 0)
    if (
        asked.stop
        and e.speed_kmh <= p.stopped_kmh
        and not at_end
        and not _at_station(e, asked, plan.stations)
    ):
        count = _hit(hits, count, at, STOPPED, e.speed_kmh, e.time_ms, trip.route_key, 0)
    return count


@inlined
def _segments(
    at: int, e: Any, asked: Any, segment: int, at_end: bool, timed: bool, plan: Any, trip: Any, hits: Any,
    count: int,
) -> int:  # fmt: skip
    """The time a vehicle takes for a segment, from the first report in it to the first behind it.

    Waiting at an end is no driving: there the time begins with the last report at the end, or ends with the
    first one.
    """
    first = asked.first_segment
    known = 0 <= trip.segment < asked.segments and trip.entered_ms != NONE
    trip.gap |= e.gap
    arrives = at_end and trip.inside and not trip.at_end
    if segment != trip.segment or arrives:
        driven = known and trip.inside and not trip.at_end
        if driven and timed and (segment < 0 or abs(segment - trip.segment) <= 1):
            took_ms, least_ms = e.time_ms - trip.entered_ms, plan.least_ms[first + trip.segment]
            if took_ms < least_ms:
                bits = trip.segment + 1 | (GAP if trip.gap else 0)
                count = _hit(hits, count, at, FAST, took_ms, trip.entered_ms, trip.route_key, bits)
        trip.entered_ms = e.time_ms if trip.inside else NONE
        trip.segment, trip.gap = segment, False
    if at_end:
        trip.entered_ms, trip.gap = e.time_ms, False
    elif segment >= 0 and trip.entered_ms != NONE and timed:
        took_ms = e.time_ms - trip.entered_ms
        if took_ms > plan.most_ms[first + segment]:
            bits = segment + 1 | (GAP if trip.gap else 0)
            count = _hit(hits, count, at, SLOW, took_ms, trip.entered_ms, trip.route_key, bits)
    return count


@kernel
def _at_station(e: Any, asked: Any, stations: Any) -> bool:
    for one in range(asked.first_station, asked.first_station + asked.stations):
        station = stations[one]
        if haversine_m(e.longitude_deg, e.latitude_deg, station[0], station[1]) <= station[2]:
            return True
    return False


@inlined
def _be_outside(
    at: int, e: Any, route: int, left: int, off_m: float, plan: Any, trip: Any, hits: Any, count: int
) -> int:
    """A report outside the corridor, which was left at the edge `left`."""
    if trip.at_start:
        trip.departed_ms, trip.at_start = e.time_ms, False
    trip.segment, trip.entered_ms, trip.inside = NO_ROW, NONE, False
    if plan.routes[route].deviation and not trip.at_end and _in_hours(plan, route, e.time_ms):
        bits = plan.edges[left].segment + 1 if left >= 0 else 0
        count = _hit(hits, count, at, OFF, off_m, e.time_ms, trip.route_key, bits)
    return count


@inlined
def _departures(
    at: int, e: Any, asked: Any, departed_ms: int, plan: Any, p: Any, hits: Any, count: int
) -> int:
    """Departures whose grace ended in the interval before an entry: the newest that did not take place."""
    if e.before_fix_ms == NONE:
        return count
    newest_ms, missed = e.before_fix_ms, -1
    for one in range(asked.first_departure, asked.first_departure + asked.departures):
        due_ms = plan.due[one] * _MINUTE_MS + p.grace_ms - OFFSET_MS
        judged_ms = e.time_ms - (e.time_ms - due_ms) % DAY_MS
        planned_ms = judged_ms - p.grace_ms
        if judged_ms > newest_ms and not planned_ms - p.grace_ms <= departed_ms <= judged_ms:
            newest_ms, missed = judged_ms, one
    if missed < 0:
        return count
    planned_ms = newest_ms - p.grace_ms
    return _hit(hits, count, at, MISSED, plan.due[missed], planned_ms, asked.key, 0)


@inlined
def forget(e: Any, p: Any, owner: Any, slots: Any, free: Any) -> None:
    """Give up the trips of routes that were left long ago, or are gone from the file."""
    before, number = NO_ROW, owner.first
    while number != NO_ROW:
        following = slots[number].next
        if e.time_ms - slots[number].inside_ms > p.forget_ms:
            owner.first = unstring(slots, free, owner.first, before, number)
        else:
            before = number
        number = following
