"""Declared routes: LineStrings of a GeoJSON file, with what is asked of the vehicles on them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.datum import gcj02_to_wgs84
from geo.zone import DATUMS, ZoneError, parse_hours

ROUTE_RULES = ("deviation", "time", "direction", "stop", "departure")
MAX_ROUTES = 20_000  # a province has some thousand lines and permits
MAX_VERTICES = 100_000  # of one route: a vertex every 10 m over 1,000 km

DEFAULT_RADIUS_M = 100.0  # of a station: a stop and the street around it

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of a route from vertex `first` to vertex `last`. NaN where something is not asked.

    `night_limit_kmh` is a limit of its own at night (JT/T 808-2019 0x8606 has one beside the day's).
    """

    id: str
    first: int
    last: int
    width_m: float = math.nan
    limit_kmh: float = math.nan
    night_limit_kmh: float = math.nan
    min_s: float = math.nan
    max_s: float = math.nan


@dataclass(frozen=True, slots=True)
class Station:
    """Where vehicles of the route may stop."""

    name: str
    longitude_deg: float
    latitude_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Route:
    """A line of n vertices, (n, 2) degrees WGS-84, and its demands.

    `width_m` is how far to either side of the line a vehicle is still on it; NaN leaves it to the rulebook.
    Without `vehicles` it is meant for all of its classes, without these for every class. `departures` are
    minutes of the day. `segments` are in the order of the line.
    """

    id: str
    name: str
    name_en: str
    line: NDArray[np.float64]
    rules: tuple[str, ...]
    vehicles: tuple[str, ...] = ()
    vehicle_classes: tuple[str, ...] = ()
    width_m: float = math.nan
    hours: tuple[tuple[int, int], ...] = ()
    segments: tuple[Segment, ...] = ()
    stations: tuple[Station, ...] = ()
    departures: tuple[int, ...] = ()


def is_route(feature: Any) -> bool:
    """Whether a GeoJSON feature is a route, not a zone."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    return isinstance(geometry, dict) and geometry.get("type") == "LineString"


def read_routes(features: Sequence[Any]) -> list[Route]:
    """The routes among the features of a GeoJSON document.

    Raises
    ------
    ZoneError
        A route is faulty; says which and why.
    """
    routes = [_route(one, number) for number, one in enumerate(filter(is_route, features), 1)]
    if len(routes) > MAX_ROUTES:
        raise ZoneError(f"{len(routes)} routes are more than the {MAX_ROUTES} that can be watched")
    seen: set[str] = set()
    for route in routes:
        if route.id in seen:
            raise ZoneError(f"route id {route.id!r} occurs twice")
        seen.add(route.id)
    return routes


def _route(feature: Mapping[str, Any], number: int) -> Route:
    said = feature.get("properties") or {}
    if not isinstance(said, Mapping):
        raise ZoneError(f"route {number}: properties must be an object, not {said!r}")
    label = str(said.get("id") or feature.get("id") or said.get("name") or f"route-{number}")
    try:
        line = _line(feature["geometry"]["coordinates"], str(said.get("datum") or "wgs84").lower())
        return _with_demands(label, line, said)
    except ZoneError as error:
        raise ZoneError(f"route {label!r}: {error}") from error
    except (TypeError, KeyError, IndexError, ValueError, AttributeError) as error:
        raise ZoneError(f"route {label!r}: is not as docs/rules/routes.md says: {error}") from error


def _line(coordinates: Any, datum: str) -> NDArray[np.float64]:
    if datum not in DATUMS:
        raise ZoneError(f"datum {datum!r} must be one of {', '.join(DATUMS)}")
    line = np.array([point[:2] for point in coordinates], np.float64)
    if line.ndim != 2 or not 2 <= len(line) <= MAX_VERTICES:
        raise ZoneError(f"a route needs 2 to {MAX_VERTICES} points of longitude and latitude")
    if not ((np.abs(line[:, 0]) <= 180) & (np.abs(line[:, 1]) <= 85)).all():
        raise ZoneError("coordinates must be longitude within 180 and latitude within 85 degrees")
    if (line == line[0]).all():
        raise ZoneError("a route needs two points that differ")
    if datum == "gcj02":
        line = np.column_stack(gcj02_to_wgs84(line[:, 0], line[:, 1]))
    return line


def _with_demands(label: str, line: NDArray[np.float64], said: Mapping[str, Any]) -> Route:
    segments = tuple(
        sorted((_segment(one, len(line)) for one in _objects(said, "segments")), key=lambda one: one.first)
    )
    stations = tuple(_station(one) for one in _objects(said, "stations"))
    departures = tuple(sorted(_minute(one) for one in _texts(said, "departures")))
    rules = _texts(said, "rules")
    if said.get("rules") is None:
        timed = any(not math.isnan(one.min_s) or not math.isnan(one.max_s) for one in segments)
        implied = {"time": timed, "stop": bool(stations), "departure": bool(departures)}
        implied["direction"] = said.get("direction") == "forward"
        rules = ("deviation", *(rule for rule, wanted in implied.items() if wanted))
    for rule in rules:
        if rule not in ROUTE_RULES:
            raise ZoneError(f"rule {rule!r} must be one of {', '.join(ROUTE_RULES)}")
    vehicles = _texts(said, "vehicles")
    if "departure" in rules and not (vehicles and departures):
        raise ZoneError("rule 'departure' needs vehicles and departures")
    hours = ",".join(_texts(said, "hours"))
    name = str(said.get("name") or label)
    return Route(
        id=label,
        name=name,
        name_en=str(said.get("name_en") or name),
        line=line,
        rules=rules,
        vehicles=vehicles,
        vehicle_classes=tuple(one.lower() for one in _texts(said, "vehicle_classes")),
        width_m=_positive(said, "width_m"),
        hours=parse_hours(hours) if hours else (),
        segments=segments,
        stations=stations,
        departures=departures,
    )


def _segment(said: Mapping[str, Any], vertices: int) -> Segment:
    first, last = said.get("from"), said.get("to")
    if not (isinstance(first, int) and isinstance(last, int) and 0 <= first < last < vertices):
        raise ZoneError(
            f"segment from {first!r} to {last!r} must be vertices of the line, 0 to {vertices - 1}"
        )
    names = ("width_m", "limit_kmh", "night_limit_kmh", "min_s", "max_s")
    label = said.get("id")
    label = f"{first}-{last}" if label is None else str(label)
    return Segment(label, first, last, *(_positive(said, name) for name in names))


def _station(said: Mapping[str, Any]) -> Station:
    name, radius_m = str(said.get("name") or ""), _positive(said, "radius_m")
    place = []
    for key, most in (("longitude_deg", 180), ("latitude_deg", 90)):
        value = said.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= most:
            raise ZoneError(f"station {name!r} needs {key}, a number within {most} degrees, not {value!r}")
        place.append(float(value))
    return Station(name, place[0], place[1], DEFAULT_RADIUS_M if math.isnan(radius_m) else radius_m)


def _objects(said: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = said.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ZoneError(f"{name} must be a list of objects, not {value!r}")
    return value


def _minute(text: str) -> int:
    match = _CLOCK.fullmatch(text.strip())
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ZoneError(f"departure {text!r} must be a time of day such as 08:30")
    return int(match[1]) * 60 + int(match[2])


def _positive(said: Mapping[str, Any], name: str) -> float:
    value = said.get(name)
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e7:
        raise ZoneError(f"{name} must be a number above 0, not {value!r}")
    return float(value)


def _texts(said: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = said.get(name)
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ZoneError(f"{name} must be a list of texts, not {value!r}")
    return tuple(dict.fromkeys(one.strip() for one in value if one.strip()))
