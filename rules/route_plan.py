"""What each declared route asks, as columns, and which routes each vehicle is to follow."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.corridor import Lines, make_lines
from geo.kept import kept
from geo.route import ROUTE_RULES, Route
from geo.zone import ZoneError
from rules.identity import vehicle_key
from rules.vehicle_class import CODE_OF_NAME

MAX_ROUTES_OF_A_VEHICLE = 8
"""Routes that a vehicle can be on at a time, and that can name it; further ones, in the order of the file,
are passed over.

A coach has one line, each way, and some charters; each takes a slot of state and five hits an entry.
"""

MAX_DEPARTURES = 288  # of one route a day: one every five minutes

_BOX_MARGIN_DEG = 0.2  # wider than any corridor: 10 km, the rulebook's widest, at 60 degrees north
_MINUTES = 1440
_CLASSES = 256


class RoutePlan(NamedTuple):
    """k routes. Edges are numbered over all of them; the segments of route i are those from
    `segment_start[i]` on, and `segment_of` counts from there, -1 where none is declared. Widths are NaN where
    the rulebook decides; `in_hours` has a row a route, a column a minute of the day."""

    lines: Lines
    key: NDArray[np.int64]
    box: NDArray[np.float64]  # (k, 4): west, south, east, north; outside no route is joined
    asks: NDArray[np.bool_]  # (k, rules of geo.route.ROUTE_RULES)
    in_hours: NDArray[np.bool_]
    width_m: NDArray[np.float64]  # by edge
    bearing_deg: NDArray[np.float64]  # by edge
    limit_kmh: NDArray[np.float64]  # by edge, inf where none
    night_limit_kmh: NDArray[np.float64]  # by edge, inf where none
    segment_of: NDArray[np.int32]  # by edge
    segment_start: NDArray[np.int64]  # (k + 1,)
    min_ms: NDArray[np.float64]  # by segment, NaN where not asked
    max_ms: NDArray[np.float64]
    station_start: NDArray[np.int64]
    stations: NDArray[np.float64]  # (stations, 3): longitude, latitude, radius in metres
    departure_start: NDArray[np.int64]
    departures: NDArray[np.int64]  # minutes of the day


DEVIATION, TIME, DIRECTION, STOP, DEPARTURE = range(len(ROUTE_RULES))


@kept
def make_route_plan(routes: Sequence[Route]) -> RoutePlan:
    """The plan of some routes.

    Raises
    ------
    ZoneError
        A route has too many departures.
    """
    lines = make_lines([route.line for route in routes])
    edges = len(lines.edges)
    width_m, segment_of = np.full(edges, np.nan), np.full(edges, -1, np.int32)
    limit_kmh, night_limit_kmh = np.full(edges, np.inf), np.full(edges, np.inf)
    min_s: list[float] = []
    max_s: list[float] = []
    for route, start, end in zip(routes, lines.start[:-1].tolist(), lines.start[1:].tolist(), strict=True):
        if len(route.departures) > MAX_DEPARTURES:
            raise ZoneError(f"route {route.id!r}: more than {MAX_DEPARTURES} departures a day")
        width_m[start:end] = route.width_m
        for number, one in enumerate(route.segments):
            part = slice(start + one.first, start + one.last)
            segment_of[part] = number
            width_m[part] = np.where(np.isnan(one.width_m), width_m[part], one.width_m)
            limit_kmh[part] = np.inf if np.isnan(one.limit_kmh) else one.limit_kmh
            night_limit_kmh[part] = np.inf if np.isnan(one.night_limit_kmh) else one.night_limit_kmh
            min_s.append(one.min_s)
            max_s.append(one.max_s)
    return RoutePlan(
        lines=lines,
        key=np.array([route_key(route.id) for route in routes], np.int64),
        box=np.array([_box(route) for route in routes], float).reshape(-1, 4),
        asks=np.array([[one in route.rules for one in ROUTE_RULES] for route in routes], bool).reshape(-1, 5),
        in_hours=np.array([_hours(route) for route in routes], bool).reshape(-1, _MINUTES),
        width_m=width_m,
        bearing_deg=_bearings(lines),
        limit_kmh=limit_kmh,
        night_limit_kmh=night_limit_kmh,
        segment_of=segment_of,
        segment_start=np.cumsum([0, *(len(route.segments) for route in routes)]).astype(np.int64),
        min_ms=np.array(min_s, float) * 1000,
        max_ms=np.array(max_s, float) * 1000,
        station_start=np.cumsum([0, *(len(route.stations) for route in routes)]).astype(np.int64),
        stations=np.array(
            [[s.longitude_deg, s.latitude_deg, s.radius_m] for route in routes for s in route.stations], float
        ).reshape(-1, 3),
        departure_start=np.cumsum([0, *(len(route.departures) for route in routes)]).astype(np.int64),
        departures=np.array([minute for route in routes for minute in route.departures], np.int64),
    )


def route_key(route_id: str) -> int:
    """Number by which state knows a route: a hash of its id, so that it outlives a change of the file."""
    return int.from_bytes(blake2b(route_id.encode(), digest_size=8).digest(), "big", signed=True)


def _box(route: Route) -> list[float]:
    low, high = route.line.min(axis=0) - _BOX_MARGIN_DEG, route.line.max(axis=0) + _BOX_MARGIN_DEG
    return [*low.tolist(), *high.tolist()]


def _hours(route: Route) -> NDArray[np.bool_]:
    inside = np.zeros(_MINUTES, bool)
    for start, end in route.hours:
        length = (end - start) % _MINUTES or _MINUTES
        inside[(start + np.arange(length)) % _MINUTES] = True
    return inside if route.hours else ~inside


def _bearings(lines: Lines) -> NDArray[np.float64]:
    """Direction of each edge; those that lead from one line to the next mean nothing."""
    x_deg, y_deg = lines.edges["x_deg"], lines.edges["y_deg"]
    bearing = np.zeros(len(x_deg))
    if len(bearing) > 1:
        # Contiguous, as numpy's functions may give other last bits for columns of records.
        scale = np.cos(np.radians(np.ascontiguousarray(y_deg[:-1])))
        bearing[:-1] = np.degrees(np.arctan2(np.diff(x_deg) * scale, np.diff(y_deg))) % 360
    return bearing


class Followers:
    """Which routes each vehicle row is to follow: `routes[start[row]]` and the `count[row]` from there on.

    Routes without vehicles are followed by every vehicle of their classes; which class a vehicle is of is
    said by its reports, so they are listed for each class, in `of_class`.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self.start = np.empty(0, np.int32)
        self.count = np.empty(0, np.int32)
        self._slices, self.routes, self.class_start, self.of_class = _followed(routes)

    def follow(self, keys: NDArray[np.int64]) -> None:
        """Look the vehicles up that are new among the keys of all rows."""
        new = keys[len(self.start) :]
        if len(new):
            found: Any = [self._slices.get(key, (0, 0)) for key in new.tolist()] if self._slices else None
            made = np.zeros((len(new), 2), np.int32) if found is None else np.array(found, np.int32)
            self.start = np.append(self.start, made[:, 0])
            self.count = np.append(self.count, made[:, 1])


@kept
def _followed(
    routes: Sequence[Route],
) -> tuple[dict[int, tuple[int, int]], NDArray[np.int32], NDArray[np.int64], NDArray[np.int32]]:
    """Start and count by vehicle key of the routes named in the array behind; likewise for each class."""
    of_key: dict[int, list[int]] = {}
    for index, route in enumerate(routes):
        for vehicle in route.vehicles:
            of_key.setdefault(vehicle_key(vehicle), []).append(index)
    slices: dict[int, tuple[int, int]] = {}
    listed: list[int] = []
    for key, mine in of_key.items():
        slices[key] = len(listed), len(mine[:MAX_ROUTES_OF_A_VEHICLE])
        listed += mine[:MAX_ROUTES_OF_A_VEHICLE]
    open_routes = [(index, route) for index, route in enumerate(routes) if not route.vehicles]
    every = [[index for index, route in open_routes if _is_for(route, code)] for code in range(_CLASSES)]
    class_start = np.cumsum([0, *(len(one) for one in every)]).astype(np.int64)
    of_class = np.array([index for one in every for index in one], np.int32)
    return slices, np.array(listed, np.int32), class_start, of_class


def _is_for(route: Route, code: int) -> bool:
    codes = []
    for name in route.vehicle_classes:
        if name not in CODE_OF_NAME:
            known = ", ".join(CODE_OF_NAME)
            raise ZoneError(f"route {route.id!r}: vehicle class {name!r} must be one of {known}")
        codes.append(CODE_OF_NAME[name])
    return not codes or code in codes
