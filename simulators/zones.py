"""The zones the fleet knows of, and which reports lie in them, by plain ray casting.

This is the simulator's own reading of the zone file: it shares no code with the system it puts to the test.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SHIPPED_ZONES = Path(__file__).with_name("jiangsu_zones.geojson")


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone: WGS-84 rings (outer and holes, each (n, 2), closed) and what is watched there."""

    zone_id: str
    name: str
    rings: tuple[Floats, ...]
    rules: frozenset[str]
    vehicle_classes: frozenset[str]  # empty: every class
    hours: tuple[int, int] | None  # minutes of the day, Asia/Shanghai, from and to (exclusive)
    max_stay_s: float
    limit_kmh: float
    box: tuple[float, float, float, float]  # west, south, east, north

    def applies_to(self, vehicle_class: str) -> bool:
        """Whether vehicles of this class are watched here."""
        return not self.vehicle_classes or vehicle_class in self.vehicle_classes

    def contains(self, longitude_deg: Floats, latitude_deg: Floats) -> NDArray[np.bool_]:
        """Even-odd ray casting over all rings, so holes are outside; one answer a point."""
        west, south, east, north = self.box
        inside = np.zeros(len(longitude_deg), dtype=bool)
        near = (
            (longitude_deg >= west)
            & (longitude_deg <= east)
            & (latitude_deg >= south)
            & (latitude_deg <= north)
        )
        candidates = np.flatnonzero(near)
        if len(candidates):
            x, y = longitude_deg[candidates, None], latitude_deg[candidates, None]
            inside[candidates] = sum(_crossings(ring, x, y) for ring in self.rings) % 2 == 1
        return inside


def _crossings(ring: Floats, x: Floats, y: Floats) -> NDArray[np.int64]:
    """How many edges of a ring a ray from each point to the east crosses."""
    x0, y0, x1, y1 = ring[:-1, 0], ring[:-1, 1], ring[1:, 0], ring[1:, 1]
    spans = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at_x = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
    counts: NDArray[np.int64] = np.count_nonzero(spans & (x < at_x), axis=1)
    return counts


def _minutes(text: str) -> int:
    hour, minute = text.split(":")
    return int(hour) * 60 + int(minute)


def _zone(feature: dict[str, Any]) -> Zone:
    properties, geometry = feature["properties"], feature["geometry"]
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    rings = tuple(np.asarray(ring, dtype=np.float64)[:, :2] for polygon in polygons for ring in polygon)
    corners = np.concatenate(rings)
    west, south = corners.min(axis=0)
    east, north = corners.max(axis=0)
    hours = properties.get("hours")
    return Zone(
        zone_id=properties["id"],
        name=properties["name"],
        rings=rings,
        rules=frozenset(properties.get("rules", ())),
        vehicle_classes=frozenset(properties.get("vehicle_classes", ())),
        hours=None if not hours else (_minutes(hours.split("-")[0]), _minutes(hours.split("-")[1])),
        max_stay_s=float(properties.get("max_stay_s", math.inf)),
        limit_kmh=float(properties.get("limit_kmh", math.inf)),
        box=(float(west), float(south), float(east), float(north)),
    )


@cache
def load(path: Path = SHIPPED_ZONES) -> tuple[Zone, ...]:
    """Read a zone file (GeoJSON, polygons in WGS-84)."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return tuple(_zone(each) for each in features if each["geometry"]["type"] != "LineString")


def zones_for(zones: Sequence[Zone], vehicle_class: str) -> tuple[Zone, ...]:
    """The zones in which a class of vehicle is watched."""
    return tuple(zone for zone in zones if zone.applies_to(vehicle_class))
