"""What each declared route asks, as columns, and which routes each vehicle is to follow."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.corridor import Lines, make_lines
from geo.kept import kept
from geo.route import ROUTE_RULES, Route
from geo.zone import ZoneError
from rules.identity import vehicle_key
from rules.records import record_type
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


ROUTE = record_type(
    {
        "key": ("i8", 0),
        "west": ("f8", 0.0),  # outside of these four no route is joined
        "south": ("f8", 0.0),
        "east": ("f8", 0.0),
        "north": ("f8", 0.0),
        "length_m": ("f8", 0.0),
        "first_edge": ("i4", 0),  # of `edges`; each list below is that of all routes
        "edges": ("i4", 0),
        "first_segment": ("i4", 0),
        "segments": ("i4", 0),
        "first_station": ("i4", 0),
        "stations": ("i4", 0),
        "first_departure": ("i4", 0),
        "departures": ("i4", 0),
        **dict.fromkeys(ROUTE_RULES, ("?", False)),  # what it asks
    }
)
EDGE = record_type(
    {
        "width_m": ("f8", np.nan),  # NaN where the rulebook decides
        "bearing_deg": ("f8", 0.0),
        "limit_kmh": ("f8", np.inf),
        "night_limit_kmh": ("f8", np.inf),
        "segment": ("i4", -1),  # counted within the route
    }
)


class RoutePlan(NamedTuple):
    """k routes, what they and their edges ask as records: what one report needs of them lies together."""

    lines: Lines
    routes: NDArray[np.void]  # of `ROUTE`
    edges: NDArray[np.void]  # of `EDGE`, one a vertex
    in_hours: NDArray[np.bool_]  # a row a route, a column a minute of the day
    least_ms: NDArray[np.float64]  # by segment, NaN where not asked
    most_ms: NDArray[np.float64]
    stations: NDArray[np.float64]  # (stations, 3): longitude, latitude, radius in metres
    due: NDArray[np.int64]  # departures, minutes of the day


@kept
def make_route_plan(routes: Sequence[Route]) -> RoutePlan:
    """The plan of some routes.

    Raises
    ------
    ZoneError
        A route has too many departures.
    """
    for route in routes:
        if len(route.departures) > MAX_DEPARTURES:
            raise ZoneError(f"route {route.id!r}: more than {MAX_DEPARTURES} departures a day")
    lines = make_lines([route.line for route in routes])
    segments = [one for route in routes for one in route.segments]
    stations = [(s.longitude_deg, s.latitude_deg, s.radius_m) for route in routes for s in route.stations]
    return RoutePlan(
        lines=lines,
        routes=_routes(routes, lines),
        edges=_edges(routes, lines),
        in_hours=np.array([_hours(route) for route in routes], bool).reshape(-1, _MINUTES),
        least_ms=np.array([one.min_s for one in segments], float) * 1000,
        most_ms=np.array([one.max_s for one in segments], float) * 1000,
        stations=np.array(stations, float).reshape(-1, 3),
        due=np.array([minute for route in routes for minute in route.departures], np.int64),
    )


def _routes(routes: Sequence[Route], lines: Lines) -> NDArray[np.void]:
    made = np.zeros(len(routes), ROUTE)
    made["key"] = [route_key(route.id) for route in routes]
    box = np.array([_box(route) for route in routes], float).reshape(-1, 4)
    for column, name in enumerate(("west", "south", "east", "north")):
        made[name] = box[:, column]
    made["first_edge"], made["edges"] = lines.start[:-1], np.diff(lines.start) - 1
    made["length_m"] = lines.edges["along_m"][lines.start[1:] - 1]
    for first, name in (
        ("first_segment", "segments"),
        ("first_station", "stations"),
        ("first_departure", "departures"),
    ):
        counts = np.array([len(getattr(route, name)) for route in routes], np.int64)
        made[name], made[first] = counts, np.cumsum(counts) - counts
    for rule in ROUTE_RULES:
        made[rule] = [rule in route.rules for route in routes]
    return made


def _edges(routes: Sequence[Route], lines: Lines) -> NDArray[np.void]:
    made = np.zeros(len(lines.edges), EDGE)
    made["segment"], made["bearing_deg"] = -1, _bearings(lines)
    made["limit_kmh"] = made["night_limit_kmh"] = np.inf
    for route, start, end in zip(routes, lines.start[:-1].tolist(), lines.start[1:].tolist(), strict=True):
        made["width_m"][start:end] = route.width_m
        for number, one in enumerate(route.segments):
            part = made[start + one.first : start + one.last]
            part["segment"] = number
            part["width_m"] = part["width_m"] if np.isnan(one.width_m) else one.width_m
            part["limit_kmh"] = np.inf if np.isnan(one.limit_kmh) else one.limit_kmh
            part["night_limit_kmh"] = np.inf if np.isnan(one.night_limit_kmh) else one.night_limit_kmh
    return made


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


FOLLOWED = record_type({"first": ("i4", 0), "routes": ("i4", 0)})


class Followers:
    """Which routes each vehicle row is to follow: so many from `routes[first]` on, as `of_row` says.

    Routes without vehicles are followed by every vehicle of their classes; which class a vehicle is of is
    said by its reports, so they are listed for each class, in `of_class`. `concerned` tells the vehicles that
    may have to do with a route: few, and a byte each is near at hand where the rest is not.
    """

    def __init__(self, routes: Sequence[Route]) -> None:
        self.of_row = np.empty(0, FOLLOWED)
        self.concerned = np.empty(0, bool)
        self._slices, self.routes, self.class_start, self.of_class = _followed(routes)

    def follow(self, keys: NDArray[np.int64]) -> None:
        """Look the vehicles up that are new among the keys of all rows."""
        new = keys[len(self.of_row) :]
        if len(new):
            made = np.zeros(len(new), FOLLOWED)
            if self._slices:
                made[:] = [self._slices.get(key, (0, 0)) for key in new.tolist()]
            self.of_row = np.append(self.of_row, made)
            self.concerned = np.append(self.concerned, (made["routes"] > 0) | (len(self.of_class) > 0))


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
