"""Declared routes: off the line, segments too fast or too slow, the wrong way, stops, departures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.bits import prefetch
from geo.corridor import Lines
from geo.kept import kept
from geo.kernel import inlined, kernel
from geo.route import Route
from rules.entries import ENTRY
from rules.family import Batch, Setting, Table, Watch
from rules.gathering import Gathering
from rules.holding import HIT, MOST_HITS, Holding, new_terms
from rules.parameters import compile_parameters
from rules.records import AHEAD, NO_ROW, Records
from rules.route_findings import FAST, MISSED, OFF, STOPPED, WRONG_WAY, bridge, teller_of
from rules.route_plan import MAX_ROUTES_OF_A_VEHICLE, Followers, RoutePlan, make_route_plan
from rules.route_trips import PLAN, TRIP, follow, forget
from rules.rulebook import CLASS_CODES, Rulebook
from rules.slots import COUNT, OF_OWNER, Slots

_ROOM = 1024


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
def _take_concerned(entries: Any, concerned: Any, at: Any, taken: Any) -> int:
    """Copy the entries of the vehicles that routes concern, and write where they are; returns how many.

    Reports without a fix are passed over: they neither leave a route nor come back to it. So a gap is one
    between fixes.
    """
    count = 0
    for i in range(len(entries)):
        if concerned[entries[i].row] and entries[i].positioned:
            taken[count], at[count] = entries[i], i
            taken[count].gap = entries[i].fix_gap
            count += 1
    return count


@kernel
def _give_back_limits(entries: Any, at: Any, taken: Any) -> None:
    for i in range(len(taken)):
        e = entries[at[i]]
        e.segment_limit_kmh, e.segment_night_kmh = taken[i].segment_limit_kmh, taken[i].segment_night_kmh


@kernel
def _judge(
    begin: int, entries: Any, lines: Any, asked: Any, parameters: Any, followed: Any, routes: Any,
    class_start: Any, of_class: Any, first: Any, slots: Any, free: Any, hits: Any,
) -> tuple[int, int]:  # fmt: skip
    """The hits of the entries from `begin` on; returns the entry after them, and how many hits."""
    plan = RoutePlan(Lines(*lines), *asked)
    count = 0
    for at in range(begin, len(entries)):
        if count + MOST_HITS > len(hits) or free[COUNT] < MAX_ROUTES_OF_A_VEHICLE:
            return at, count
        _load_ahead(at, entries, plan, followed, routes, first, slots)
        e = entries[at]
        p = parameters[e.vehicle_class]
        owner, mine = first[e.row], followed[e.row]
        begin_class, end_class = class_start[e.vehicle_class], class_start[e.vehicle_class + 1]
        for one in range(mine.routes + end_class - begin_class):
            own = one < mine.routes
            route = routes[mine.first + one] if own else of_class[begin_class + one - mine.routes]
            count = follow(at, e, route, plan, p, owner, slots, free, hits, count)
        forget(e, p, owner, slots, free)
    return len(entries), count


@inlined
def _load_ahead(at: int, entries: Any, plan: Any, followed: Any, routes: Any, first: Any, slots: Any) -> None:
    """Begin to load what entries further on need: what is known of the vehicle, then its newest trip, then
    the line there, taken for that of its first route."""
    last = len(entries) - 1
    row = entries[min(at + 3 * AHEAD, last)].row
    prefetch(first, row)
    prefetch(followed, row)
    prefetch(slots, first[entries[min(at + 2 * AHEAD, last)].row].first)
    mine = entries[min(at + AHEAD, last)].row
    number = first[mine].first
    if number != NO_ROW and followed[mine].routes > 0:
        edge = plan.routes[routes[followed[mine].first]].first_edge + max(slots[number].edge, 0)
        prefetch(plan.lines.edges, edge)
        prefetch(plan.edges, edge)


@kept
def routes_by_key(routes: Sequence[Route]) -> Mapping[int, Route]:
    """Routes by the numbers that findings name them by."""
    return dict(zip(make_route_plan(routes).routes["key"].tolist(), routes, strict=True))


class RouteWatch:
    """The family at work."""

    def __init__(self, setting: Setting) -> None:
        book, routes = setting.book, setting.zones.routes
        self._setting = setting
        plan = make_route_plan(routes)
        # Plain tuples: numba takes longer to look at named ones than a small batch takes.
        self._plan = tuple(plan.lines), tuple(plan[1:])
        self._followers = Followers(routes)
        self._parameters = compile_parameters(book, PLAN)
        self._holding = Holding("routes", _terms(book))
        self._trips = Slots(TRIP)
        self._first = Records(OF_OWNER)
        self._hits = np.empty(_ROOM, HIT)
        self._taken = np.empty(0, ENTRY)
        self._route_of = routes_by_key(routes)
        self.teller = teller_of(book, self._route_of)

    @property
    def tables(self) -> Mapping[str, Table]:
        return {"trips": self._trips, "trips_of_vehicle": self._first, **self._holding.tables}

    def restored(self) -> None:
        """The tables have been filled from a snapshot: vehicles may be on routes that were theirs before."""
        self._followers.follow(self._setting.vehicles.keys)
        for table in (self._first, self._holding.first):
            self._followers.concerned[: len(table)] |= table.rows["first"] != NO_ROW

    def step(self, batch: Batch) -> None:
        """Take the entries of a batch, and write the segments' limits."""
        vehicles = self._setting.vehicles
        if not self._route_of and not self._holding.slots.used:
            return
        self._first.grow(len(vehicles))
        self._holding.first.grow(len(vehicles))
        self._followers.follow(vehicles.keys)
        if len(self._taken) < len(batch.entries):
            self._taken = np.empty(len(batch.entries), ENTRY)
        at = np.empty(len(batch.entries), np.int32)
        count = _take_concerned(batch.entries, self._followers.concerned, at, self._taken)
        if count:
            already = batch.found.count
            self._look_at(self._taken[:count], batch.found)
            told = batch.found.since(already)
            told["at"] = at[told["at"]]
            bridge(told)
            _give_back_limits(batch.entries, at, self._taken[:count])

    def _look_at(self, entries: NDArray[np.void], found: Gathering) -> None:
        """Judge entries of vehicles that routes concern; writes what is found."""
        followers, begin = self._followers, 0
        while begin < len(entries):
            self._trips.provide(_ROOM)
            end, count = _judge(
                begin, entries, *self._plan, self._parameters, followers.of_row, followers.routes,
                followers.class_start, followers.of_class,
                self._first.rows, self._trips.rows, self._trips.free, self._hits,
            )  # fmt: skip
            self._holding.step(begin, end, entries, self._hits[:count], found)
            begin = end

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
