"""Zones from GeoJSON: every feature checked, every fault named with the zone it is in."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.datum import gcj02_to_wgs84
from geo.distance import EARTH_RADIUS_M
from geo.route import is_route
from geo.zone import ALWAYS_MS, DATUMS, ZONE_RULES, Zone, ZoneError, parse_hours

MAX_ZONES = 200_000  # a province has some thousand; beyond this the file is not a list of zones


def read_zones(source: str | Path | Mapping[str, Any]) -> list[Zone]:
    """The zones of a GeoJSON FeatureCollection; routes among the features are passed over.

    Parameters
    ----------
    source : path of a file, or the parsed document

    Raises
    ------
    ZoneError
        The file cannot be read, is no FeatureCollection, or a zone is faulty; says which and why.
    """
    document = source if isinstance(source, Mapping) else load_geojson(Path(source))
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise ZoneError("zones must be a GeoJSON FeatureCollection with a list of features")
    if len(features) > MAX_ZONES:
        raise ZoneError(f"{len(features)} zones are more than the {MAX_ZONES} that can be watched")
    zones = [_zone(one, number) for number, one in enumerate(features, start=1) if not is_route(one)]
    seen: set[str] = set()
    for zone in zones:
        if zone.id in seen:
            raise ZoneError(f"zone id {zone.id!r} occurs twice")
        seen.add(zone.id)
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


def _zone(feature: Any, number: int) -> Zone:
    properties = feature.get("properties") or {} if isinstance(feature, dict) else None
    if not isinstance(properties, dict) or not isinstance(feature.get("geometry"), dict):
        raise ZoneError(f"zone {number}: must be a GeoJSON Feature with a geometry")
    identity = properties.get("id", feature.get("id"))
    label = str(identity) if identity not in (None, "") else str(properties.get("name") or f"zone-{number}")
    try:
        datum = str(properties.get("datum") or "wgs84").lower()
        geometry = feature["geometry"]
        if geometry.get("type") == "Point":
            polygon = _circle(geometry, _positive(properties, "radius_m"), datum)
        else:
            polygon = _polygon(geometry, datum)
        return _with_demands(label, polygon, properties)
    except (TypeError, KeyError, IndexError) as error:
        raise ZoneError(f"zone {label!r}: geometry is not as GeoJSON asks") from error
    except (ValueError, shapely.errors.ShapelyError) as error:
        raise ZoneError(f"zone {label!r}: {error}") from error


def _polygon(geometry: Mapping[str, Any], datum: str) -> shapely.Geometry:
    if datum not in DATUMS:
        raise ZoneError(f"datum {datum!r} must be one of {', '.join(DATUMS)}")
    kind = geometry.get("type")
    if kind == "Polygon":
        polygons = [geometry["coordinates"]]
    elif kind == "MultiPolygon":
        polygons = geometry["coordinates"]
    else:
        raise ZoneError(f"geometry {kind!r} must be a Polygon, a MultiPolygon, or a Point with radius_m")
    parts = []
    for rings in polygons:
        shell, *holes = [_ring(ring, datum) for ring in rings]
        parts.append(shapely.Polygon(shell, holes))
    shape = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    if not shapely.is_valid(shape) or shapely.area(shape) == 0.0:
        raise ZoneError(f"the polygon is not valid: {shapely.is_valid_reason(shape)}")
    return shape


CIRCLE_CORNERS = 180
"""Corners of the polygon that stands for a circle: it lies inside it by at most 0.02 % of the radius."""

MAX_RADIUS_M = 500_000


def _circle(geometry: Mapping[str, Any], radius_m: float | None, datum: str) -> shapely.Geometry:
    """A circle around a Point, as JT/T 808 0x8600 has them, as a polygon with corners on it."""
    if datum not in DATUMS:
        raise ZoneError(f"datum {datum!r} must be one of {', '.join(DATUMS)}")
    if radius_m is None or radius_m > MAX_RADIUS_M:
        raise ZoneError(f"a Point is a circle and needs radius_m, above 0 and at most {MAX_RADIUS_M}")
    (x, y), *_ = _coordinates([geometry["coordinates"]], datum).tolist()
    turn = np.linspace(0.0, 2 * np.pi, CIRCLE_CORNERS, endpoint=False)
    arc, north = radius_m / EARTH_RADIUS_M, np.radians(y)
    # The point at a distance and direction on the sphere.
    latitude = np.arcsin(np.sin(north) * np.cos(arc) + np.cos(north) * np.sin(arc) * np.cos(turn))
    longitude = np.arctan2(
        np.sin(turn) * np.sin(arc) * np.cos(north), np.cos(arc) - np.sin(north) * np.sin(latitude)
    )
    shape = shapely.Polygon(np.column_stack([x + np.degrees(longitude), np.degrees(latitude)]))
    if not shapely.is_valid(shape):
        raise ZoneError("the circle is not valid: it reaches over a pole")
    return shape


def _ring(ring: Any, datum: str) -> Any:
    points = np.array([point[:2] for point in ring], np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3:
        raise ZoneError("a ring needs at least three points of longitude and latitude")
    return _coordinates(points, datum)


def _coordinates(values: Any, datum: str) -> NDArray[np.float64]:
    """n places as an (n, 2) array of WGS-84 degrees."""
    points = np.array([value[:2] for value in values], np.float64)
    if not (np.abs(points[:, 0]) <= 180).all() or not (np.abs(points[:, 1]) <= 90).all():
        raise ZoneError("coordinates must be longitude within 180 and latitude within 90 degrees")
    if datum == "gcj02":
        points = np.column_stack(gcj02_to_wgs84(points[:, 0], points[:, 1]))
    return points


def _with_demands(label: str, polygon: shapely.Geometry, properties: Mapping[str, Any]) -> Zone:
    limit_kmh = _positive(properties, "limit_kmh")
    max_stay_s = _positive(properties, "max_stay_s")
    windows = properties.get("hours") or ""
    hours = parse_hours(",".join(windows) if isinstance(windows, list) else str(windows)) if windows else ()
    rules = _texts(properties, "rules")
    if properties.get("rules") is None:
        implied = {"stay": max_stay_s is not None, "speed": limit_kmh is not None, "forbidden": bool(hours)}
        rules = ("enter", "exit", *(rule for rule, wanted in implied.items() if wanted))
    for rule in rules:
        if rule not in ZONE_RULES:
            raise ZoneError(f"rule {rule!r} must be one of {', '.join(ZONE_RULES)}")
    if "stay" in rules and max_stay_s is None:
        raise ZoneError("rule 'stay' needs max_stay_s")
    if "speed" in rules and limit_kmh is None:
        raise ZoneError("rule 'speed' needs limit_kmh")
    if "weather" in rules and limit_kmh is None:
        raise ZoneError("rule 'weather' needs limit_kmh")
    name = str(properties.get("name") or label)
    name_en = str(properties.get("name_en") or name)
    dwell_s = _positive(properties, "dwell_s", zero=True) or 0.0
    classes = _texts(properties, "vehicle_classes")
    speed_min_s = _positive(properties, "speed_min_s", zero=True)
    valid_ms = _validity(properties)
    return Zone(
        label, name, name_en, polygon, rules, limit_kmh, max_stay_s, dwell_s, classes, hours, speed_min_s,
        valid_ms,
    )  # fmt: skip


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
        bounds[place] = round(moment.timestamp() * 1000)
    if bounds[0] >= bounds[1]:
        raise ZoneError("valid_from must be before valid_until")
    return bounds[0], bounds[1]


def _positive(properties: Mapping[str, Any], name: str, zero: bool = False) -> float | None:
    value = properties.get(name)
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not number or value < 0 or (value == 0 and not zero):
        raise ZoneError(f"{name} must be a number above 0, not {value!r}")
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
