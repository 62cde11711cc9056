"""Zones from GeoJSON: every feature checked, every fault named with the zone it is in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.circle import MAX_RADIUS_M, Circle, outline
from geo.datum import gcj02_to_wgs84
from geo.route import is_route
from geo.zone import ALWAYS_MS, DATUMS, ZONE_RULES, Zone, ZoneError, parse_hours

MAX_ZONES = 200_000  # a province has some thousand; beyond this the file is not a list of zones
MOST = 1e9  # of any number: more is a mistake of units, and would not fit milliseconds


def read_zones(document: Mapping[str, Any]) -> list[Zone]:
    """The zones of a GeoJSON FeatureCollection; routes among the features are passed over.

    Raises
    ------
    ZoneError
        The document is no FeatureCollection in WGS-84 degrees, or a zone is faulty; says which and why.
    """
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise ZoneError("must be a GeoJSON FeatureCollection with a list of features")
    _check_crs(document.get("crs"))
    if len(features) > MAX_ZONES:
        raise ZoneError(f"{len(features)} zones are more than the {MAX_ZONES} that can be watched")
    numbers: dict[str, int] = {}
    zones = []
    for number, feature in enumerate(features, start=1):
        if is_route(feature):
            continue
        zone = _zone(feature, number)
        if zone.id in numbers:
            raise ZoneError(
                f"feature {number}: zone id {zone.id!r} occurs twice, first in feature {numbers[zone.id]}: "
                "give each zone its own id"
            )
        numbers[zone.id] = number
        zones.append(zone)
    return zones


def load_geojson(path: Path) -> Mapping[str, Any]:
    """The document of a file. Raises `ZoneError`."""
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ZoneError(f"zones {path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ZoneError(f"zones {path}: not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise ZoneError(f"zones {path}: must be a GeoJSON FeatureCollection")
    return document


# What writers of the GeoJSON of 2008 name the plane of WGS-84 degrees; CGCS2000 differs by centimetres.
_CRS = re.compile(r"(CRS:?84|EPSG:+(4326|4490))$", re.IGNORECASE)


def _check_crs(crs: Any) -> None:
    """Refuse a document that says its coordinates are not WGS-84 degrees."""
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str) or not _CRS.search(name.strip()):
        raise ZoneError(f"crs {name or crs!r} is not WGS-84 in degrees: transform the file to EPSG:4326")


def _zone(feature: Any, number: int) -> Zone:
    properties = feature.get("properties") or {} if isinstance(feature, dict) else None
    if not isinstance(properties, dict) or not isinstance(feature.get("geometry"), dict):
        raise ZoneError(f"feature {number}: zone {number} must be a GeoJSON Feature with a geometry")
    identity = properties.get("id", feature.get("id"))
    if isinstance(identity, bool) or not isinstance(identity, str | int | float | None):
        raise ZoneError(f"feature {number}: id {identity!r} must be a text or a number")
    label = str(identity) if identity not in (None, "") else str(properties.get("name") or f"zone-{number}")
    try:
        datum = _datum(properties)
        geometry, radius_m = feature["geometry"], _positive(properties, "radius_m")
        if geometry.get("type") == "Point":
            circle = _circle(geometry, radius_m, datum)
            return replace(_with_demands(label, outline(circle), properties), circle=circle)
        if radius_m is not None:
            raise ZoneError("radius_m makes a circle of a Point, not of other geometries")
        return _with_demands(label, _polygon(geometry, datum), properties)
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise ZoneError(
            f"feature {number}, zone {label!r}: geometry is not as GeoJSON asks: coordinates must be lists "
            "of numbers, rings within a Polygon, Polygons within a MultiPolygon"
        ) from error
    except (ValueError, OverflowError, shapely.errors.ShapelyError) as error:
        raise ZoneError(f"feature {number}, zone {label!r}: {error}") from error


def _datum(properties: Mapping[str, Any]) -> str:
    datum = str(properties.get("datum") or "wgs84").lower().replace("-", "")
    if datum not in DATUMS:
        raise ZoneError(f"datum {properties['datum']!r} must be one of {', '.join(DATUMS)}")
    return datum


def _polygon(geometry: Mapping[str, Any], datum: str) -> shapely.Geometry:
    kind = geometry.get("type")
    if kind == "Polygon":
        polygons = [geometry["coordinates"]]
    elif kind == "MultiPolygon":
        polygons = geometry["coordinates"]
    else:
        raise ZoneError(f"geometry {kind!r} must be a Polygon, a MultiPolygon, or a Point with radius_m")
    if not polygons or not all(polygons):
        raise ZoneError("the polygon is empty: it needs a ring of three corners or more")
    parts = []
    for rings in polygons:
        shell, *holes = [_ring(ring, datum) for ring in rings]
        parts.append(shapely.Polygon(shell, holes))
    shape = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    if not shapely.is_valid(shape):
        reason = shapely.is_valid_reason(shape)
        raise ZoneError(
            f"the polygon is not valid: {reason} (longitude latitude): its edges may meet in corners only, "
            "holes lie inside, parts side by side"
        )
    if shapely.area(shape) == 0.0:
        raise ZoneError("the polygon is not valid: it has no area")
    return shape


def _circle(geometry: Mapping[str, Any], radius_m: float | None, datum: str) -> Circle:
    """The circle around a Point, as JT/T 808 0x8600 has them. A radius is the same in every datum."""
    if radius_m is None or radius_m > MAX_RADIUS_M:
        raise ZoneError(f"a Point is a circle and needs radius_m, above 0 and at most {MAX_RADIUS_M}")
    (x, y), *_ = _coordinates([geometry["coordinates"]], datum).tolist()
    return Circle(x, y, radius_m)


def _ring(ring: Any, datum: str) -> NDArray[np.float64]:
    if not isinstance(ring, list) or len(ring) < 3:
        raise ZoneError("a ring needs at least three points of longitude and latitude")
    points = _coordinates(ring, datum)
    step = np.abs(np.diff(points[:, 0]))
    on_edge = np.abs(points[:, 0]) == 180.0
    if (step[~(on_edge[:-1] & on_edge[1:])] > 180.0).any():
        raise ZoneError(
            "a ring has an edge over more than 180 degrees of longitude: cut the zone at the 180th meridian "
            "into a MultiPolygon (RFC 7946, 3.1.9)"
        )
    return points


def _coordinates(values: list[Any], datum: str) -> NDArray[np.float64]:
    """n places as an (n, 2) array of WGS-84 degrees."""
    try:
        numbers = np.array([value[:2] for value in values])
    except ValueError as error:
        raise TypeError("not a list of pairs of numbers") from error
    if numbers.ndim != 2 or numbers.shape[1] != 2 or numbers.dtype.kind not in "iuf":
        raise TypeError("not a list of pairs of numbers")
    points = numbers.astype(np.float64)
    if not (np.abs(points[:, 0]) <= 180).all() or not (np.abs(points[:, 1]) <= 90).all():
        raise ZoneError(
            "coordinates must be longitude within 180 and latitude within 90 degrees, in this order"
        )
    if datum == "gcj02":
        points = np.column_stack(gcj02_to_wgs84(points[:, 0], points[:, 1]))
    return points


def _with_demands(label: str, polygon: shapely.Geometry, properties: Mapping[str, Any]) -> Zone:
    limit_kmh = _positive(properties, "limit_kmh")
    max_stay_s = _positive(properties, "max_stay_s")
    hours = _hours(properties, "hours")
    rules = _texts(properties, "rules")
    if properties.get("rules") is None:
        implied = {"stay": max_stay_s is not None, "speed": limit_kmh is not None, "forbidden": bool(hours)}
        rules = ("enter", "exit", *(rule for rule, wanted in implied.items() if wanted))
    for rule in rules:
        if rule not in ZONE_RULES:
            raise ZoneError(f"rule {rule!r} must be one of {', '.join(ZONE_RULES)}")
    if "stay" in rules and max_stay_s is None:
        raise ZoneError("rule 'stay' needs max_stay_s")
    for rule in ("speed", "weather"):
        if rule in rules and limit_kmh is None:
            raise ZoneError(f"rule {rule!r} needs limit_kmh")
    night_limit_kmh = _positive(properties, "night_limit_kmh")
    if night_limit_kmh is not None and limit_kmh is None:
        raise ZoneError("night_limit_kmh needs limit_kmh, the limit by day")
    name = str(properties.get("name") or label)
    name_en = str(properties.get("name_en") or name)
    dwell_s = _positive(properties, "dwell_s", zero=True) or 0.0
    classes = _texts(properties, "vehicle_classes")
    speed_min_s = _positive(properties, "speed_min_s", zero=True)
    return Zone(
        label, name, name_en, polygon, rules, limit_kmh, max_stay_s, dwell_s, classes, hours, speed_min_s,
        _validity(properties), None, night_limit_kmh, _hours(properties, "valid_hours"),
    )  # fmt: skip


def _hours(properties: Mapping[str, Any], name: str) -> tuple[tuple[int, int], ...]:
    """Windows of the day: a text, or a list of them."""
    windows = properties.get(name)
    if windows is None or windows in ("", []):
        return ()
    parts = windows if isinstance(windows, list) else [windows]
    if not all(isinstance(part, str) for part in parts):
        raise ZoneError(f"{name} must be a text such as 22:00-06:00, or a list of them, not {windows!r}")
    try:
        return parse_hours(",".join(parts))
    except ZoneError as error:
        raise ZoneError(f"{name}: {error}") from error


def _validity(properties: Mapping[str, Any]) -> tuple[int, int]:
    """The times between which a zone is in force: `valid_from` and `valid_until`, ISO 8601 with an offset."""
    bounds = list(ALWAYS_MS)
    for place, name in enumerate(("valid_from", "valid_until")):
        text = properties.get(name)
        if text is None:
            continue
        try:
            moment = datetime.fromisoformat(str(text))
        except ValueError:
            moment = datetime.min
        if moment.tzinfo is None:
            raise ZoneError(f"{name} {text!r} must look like 2026-06-01T08:00:00+08:00")
        bounds[place] = round(moment.timestamp() * 1000)  # fits: a year has four digits
    if bounds[0] >= bounds[1]:
        raise ZoneError("valid_from must be before valid_until")
    return bounds[0], bounds[1]


def _positive(properties: Mapping[str, Any], name: str, zero: bool = False) -> float | None:
    value = properties.get(name)
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= MOST or (value == 0 and not zero):
        least = "from" if zero else "above"
        raise ZoneError(f"{name} must be a number {least} 0 and at most {MOST:.0f}, not {value!r}")
    return float(value)


def _texts(properties: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = properties.get(name)
    if value is None:
        return ()
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ZoneError(f"{name} must be a list of texts, not {value!r}")
    return tuple(dict.fromkeys(item.strip().lower() for item in value))
