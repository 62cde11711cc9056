"""Roads from GeoJSON or OpenStreetMap: every feature checked, broken ones left out and counted, what is no
road passed over."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium

from geo.datum import gcj02_to_wgs84
from geo.road_class import CODES, OSM_CLASSES, UNKNOWN
from geo.road_speed import limits_kmh
from geo.road_table import Road, RoadError, check
from geo.zone import DATUMS

#: What OpenStreetMap says of one-way roads; expressways and their ramps are one-way unless it says otherwise.
_ONEWAY = {"yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1, "no": 0, "false": 0, "0": 0}
_IMPLIED_ONEWAY = frozenset({"motorway", "motorway_link"})
_OSM_SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2")


@dataclass(frozen=True, slots=True)
class Roads:
    """The roads of a file, and what is wrong with each that is left out."""

    roads: list[Road] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def take(self, found: Iterator[Road]) -> None:
        """Add the roads of one feature, or what is wrong with it."""
        try:
            for road in found:
                check(road)
                self.roads.append(road)
        except RoadError as error:
            self.broken.append(str(error))


def read_roads(path: str | Path) -> Roads:
    """The roads of a file: GeoJSON, or OpenStreetMap as PBF or XML, by the name's end.

    Raises
    ------
    RoadError
        The file as a whole cannot be read. A road that is faulty is left out, and is one of `broken`.
    """
    path = Path(path)
    if not path.is_file():
        raise RoadError(f"roads {path}: there is no such file")
    if path.name.endswith(_OSM_SUFFIXES):
        return _read_osm(path)
    try:
        document = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RoadError(
            f"roads {path}: neither OpenStreetMap (.pbf, .osm) nor valid JSON: {error}"
        ) from error
    return read_geojson(document)


def read_geojson(document: Any) -> Roads:
    """The roads of a GeoJSON FeatureCollection of LineStrings or MultiLineStrings.

    Properties: `id`, `name`, `class` (a name of `geo.road_class`) or OpenStreetMap's `highway`, `limit_kmh`
    or `maxspeed`, `oneway`, `datum` (wgs84, gcj02).

    Raises
    ------
    RoadError
        The document is no FeatureCollection.
    """
    features = document.get("features") if isinstance(document, Mapping) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise RoadError("roads must be a GeoJSON FeatureCollection with a list of features")
    read = Roads()
    for number, feature in enumerate(features, 1):
        read.take(_features_roads(feature, number))
    return read


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
            line = _as_wgs84(points, tags.get("datum", "wgs84").lower())
            yield from _directions(label, tags, line, _class_of(tags))
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


def _read_osm(path: Path) -> Roads:
    read = Roads()
    try:
        file = osmium.FileProcessor(str(path)).with_locations()
        for way in file.with_filter(osmium.filter.KeyFilter("highway")):
            if not isinstance(way, osmium.osm.Way):
                continue
            tags = dict(way.tags)
            if tags["highway"] in OSM_CLASSES and tags.get("area") != "yes":
                # A way at the edge of an extract has nodes that are not in it.
                line = [(node.location.lon, node.location.lat) for node in way.nodes if node.location.valid()]
                points = np.array(line, np.float64).reshape(-1, 2)
                read.take(_directions(f"way/{way.id}", tags, points, OSM_CLASSES[tags["highway"]]))
    except RuntimeError as error:
        raise RoadError(f"roads {path}: not readable as OpenStreetMap data: {error}") from error
    return read


def _directions(label: str, tags: Mapping[str, str], line: Any, road_class: int) -> Iterator[Road]:
    """The road of some tags; two one-way roads where each direction has a limit of its own."""
    implied = (
        "yes" if tags.get("highway") in _IMPLIED_ONEWAY or tags.get("junction") == "roundabout" else "no"
    )
    oneway = _ONEWAY.get(tags.get("oneway", implied).lower(), 0)
    name = tags.get("name") or tags.get("ref") or label
    along_kmh, against_kmh = limits_kmh(tags)
    same = along_kmh == against_kmh or (along_kmh != along_kmh and against_kmh != against_kmh)
    if oneway >= 0:
        yield Road(label, name, road_class, along_kmh, oneway > 0 or not same, line)
    if oneway < 0:
        yield Road(label, name, road_class, against_kmh, True, line[::-1])
    elif oneway == 0 and not same:
        yield Road(f"{label}/backward", name, road_class, against_kmh, True, line[::-1])
