"""The declared lines of some vehicles: where they run, and how far off them a vehicle is, on a flat earth."""

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.roads import METRES_PER_DEGREE, lengths_m
from simulators.zones import SHIPPED_ZONES

Floats = NDArray[np.float64]

# Between which towns each line of the shipped file is drawn; both are on the national road between them.
ENDS = {"JS-L01": ("扬州", "泰州"), "JS-L02": ("太仓", "昆山")}
WIDTH_M = 200.0  # to either side, where a line does not say


@dataclass(frozen=True, slots=True)
class Line:
    """One declared line, in WGS-84, and what is watched on it."""

    line_id: str
    name: str
    longitude_deg: Floats
    latitude_deg: Floats
    along_m: Floats
    width_m: float
    rules: frozenset[str]
    vehicles: frozenset[str]
    stations: tuple[tuple[float, float, float], ...]  # longitude, latitude, radius in metres

    @property
    def length_m(self) -> float:
        """From end to end."""
        return float(self.along_m[-1])

    def nearest(self, longitude_deg: Floats, latitude_deg: Floats) -> tuple[Floats, Floats, Floats]:
        """Of each of n points: how far off, how far along (m), and the line's direction there (degrees)."""
        scale = math.cos(math.radians(float(self.latitude_deg.mean())))
        x, y = self.longitude_deg * scale * METRES_PER_DEGREE, self.latitude_deg * METRES_PER_DEGREE
        px = (longitude_deg * scale * METRES_PER_DEGREE)[:, None]
        py = (latitude_deg * METRES_PER_DEGREE)[:, None]
        dx, dy = np.diff(x), np.diff(y)
        part = np.clip(((px - x[:-1]) * dx + (py - y[:-1]) * dy) / (dx**2 + dy**2), 0.0, 1.0)
        off_m = np.hypot(px - x[:-1] - part * dx, py - y[:-1] - part * dy)
        edge = off_m.argmin(axis=1)
        row = np.arange(len(edge))
        along_m = self.along_m[edge] + part[row, edge] * np.diff(self.along_m)[edge]
        return off_m[row, edge], along_m, np.degrees(np.arctan2(dx, dy))[edge] % 360

    def at_station(self, longitude_deg: Floats, latitude_deg: Floats) -> NDArray[np.bool_]:
        """Which of n points lie at one of its stations."""
        scale, there = np.cos(np.radians(latitude_deg)), np.zeros(len(longitude_deg), dtype=bool)
        for x, y, radius_m in self.stations:
            off_deg = np.hypot((longitude_deg - x) * scale, latitude_deg - y)
            there |= off_deg * METRES_PER_DEGREE <= radius_m
        return there


def _line(feature: dict[str, Any]) -> Line:
    properties = feature["properties"]
    points = np.asarray(feature["geometry"]["coordinates"], dtype=np.float64)
    lon, lat = points[:, 0], points[:, 1]
    return Line(
        line_id=properties["id"],
        name=properties["name"],
        longitude_deg=lon,
        latitude_deg=lat,
        along_m=np.concatenate(([0.0], np.cumsum(lengths_m(lon, lat)))),
        width_m=float(properties.get("width_m", WIDTH_M)),
        rules=frozenset(properties["rules"]),
        vehicles=frozenset(properties["vehicles"]),
        stations=tuple(
            (each["longitude_deg"], each["latitude_deg"], each["radius_m"])
            for each in properties.get("stations", ())
        ),
    )


@cache
def load_lines(path: Path = SHIPPED_ZONES) -> tuple[Line, ...]:
    """Read the declared lines of a zone file."""
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    return tuple(_line(each) for each in features if each["geometry"]["type"] == "LineString")


def lines_of(vehicle_id: str) -> tuple[Line, ...]:
    """The lines that name a vehicle."""
    return tuple(line for line in load_lines() if vehicle_id in line.vehicles)
