"""Roads from GeoJSON or OpenStreetMap: every feature checked, what is no road passed over."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import osmium

from geo.datum import gcj02_to_wgs84
from geo.road_class import CODES, OSM_CLASSES, UNKNOWN
from geo.road_table import Road, RoadError, RoadTable, build
from geo.zone import DATUMS

#: What OpenStreetMap says of one-way roads; expressways and their ramps are one-way unless it says otherwise.
_ONEWAY = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1, "no": 0, "false": 0, "0": 0}
_IMPLIED_ONEWAY = frozenset({"motorway", "motorway_link"})
_KMH_A_MPH = 1.609344
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(km/h|kmh|kph|mph)?")
_OSM_SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2")


def import_roads(path: str | Path) -> RoadTable:
    """The road table of a file: GeoJSON, or OpenStreetMap as PBF or XML, by the name's end.

    Raises
    ------
    RoadError
        The file cannot be read, or a road in it is faulty; says which and why.
    """
    path = Path(path)
    if not path.is_file():
        raise RoadError(f"roads {path}: there is no such file")
    if path.name.endswith(_OSM_SUFFIXES):
        return build(list(_osm_roads(path)))
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RoadError(
            f"roads {path}: neither OpenStreetMap (.pbf, .osm) nor valid JSON: {error}"
        ) from error
    return build(read_geojson(document))


def read_geojson(document: Any) -> list[Road]:
    """The roads of a GeoJSON FeatureCollection of LineStrings or MultiLineStrings.

    Properties: `id`, `name`, `class` (a name of `geo.road_class`) or OpenStreetMap's `highway`, `limit_kmh`
    or `maxspeed`, `oneway`, `datum` (wgs84, gcj02).

    Raises
    ------
    RoadError
        The document is no FeatureCollection, or a feature is faulty.
    """
    features = document.get("features") if isinstance(document, Mapping) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise RoadError("roads must be a GeoJSON FeatureCollection with a list of features")
    return [road for number, feature in enumerate(features, 1) for road in _features_roads(feature, number)]


def _features_roads(feature: Any, number: int) -> Iterator[Road]:
    properties = feature.get("properties") or {} if isinstance(feature, Mapping) else None
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    if not isinstance(properties, Mapping) or not isinstance(geometry, Mapping):
        raise RoadError(f"road {number}: must be a GeoJSON Feature with a geometry")
    label = str(properties.get("id") or feature.get("id") or number)
    if geometry.get("type") not in ("LineString", "MultiLineString"):
        raise RoadError(f"road {label!r}: geometry must be a LineString or a MultiLineString")
    one = geometry["type"] == "LineString"
    try:
        lines = [geometry["coordinates"]] if one else geometry["coordinates"]
        tags = {str(key): str(value) for key, value in properties.items() if value is not None}
        for line in lines:
            points = np.array([point[:2] for point in line], np.float64)
            yield _road(label, tags, _as_wgs84(points, tags.get("datum", "wgs84").lower()), _class_of(tags))
    except (TypeError, KeyError, IndexError, ValueError) as error:
        if isinstance(error, RoadError):
            raise
        raise RoadError(f"road {label!r}: geometry is not as GeoJSON asks") from error


def _as_wgs84(points: np.ndarray[Any, np.dtype[np.float64]], datum: str) -> Any:
    if datum not in DATUMS:
        raise RoadError(f"datum {datum!r} must be one of {', '.join(DATUMS)}")
    if datum == "gcj02":
        return np.column_stack(gcj02_to_wgs84(points[:, 0], points[:, 1]))
    return points


def _class_of(tags: Mapping[str, str]) -> int:
    if "class" not in tags:
        return OSM_CLASSES.get(tags.get("highway", ""), UNKNOWN)
    if tags["class"] not in CODES:
        raise RoadError(f"road class {tags['class']!r} must be one of {', '.join(CODES)}")
    return CODES[tags["class"]]


def _osm_roads(path: Path) -> Iterator[Road]:
    try:
        file = osmium.FileProcessor(str(path)).with_locations()
        for way in file.with_filter(osmium.filter.KeyFilter("highway")):
            if not isinstance(way, osmium.osm.Way):
                continue
            tags = dict(way.tags)
            if tags["highway"] not in OSM_CLASSES:
                continue
            line = [(node.location.lon, node.location.lat) for node in way.nodes if node.location.valid()]
            if len(line) >= 2:
                yield _road(f"way/{way.id}", tags, np.array(line), OSM_CLASSES[tags["highway"]])
    except RuntimeError as error:
        raise RoadError(f"roads {path}: not readable as OpenStreetMap data: {error}") from error


def _road(label: str, tags: Mapping[str, str], line: Any, road_class: int) -> Road:
    implied = (
        "yes" if tags.get("highway") in _IMPLIED_ONEWAY or tags.get("junction") == "roundabout" else "no"
    )
    oneway = _ONEWAY.get(tags.get("oneway", implied).lower(), 0)
    name = tags.get("name") or tags.get("ref") or label
    return Road(label, name, road_class, _limit_kmh(tags), oneway != 0, line[::-1] if oneway < 0 else line)


def _limit_kmh(tags: Mapping[str, str]) -> float:
    """The posted limit: for heavy vehicles where it is stated, else for all; NaN where it is no number."""
    for key in ("limit_kmh", "maxspeed:hgv", "maxspeed"):
        found = _SPEED.fullmatch(tags.get(key, "").strip().lower())
        if found:
            value = float(found[1]) * (_KMH_A_MPH if found[2] == "mph" else 1.0)
            return value if value > 0 else math.nan
    return math.nan
