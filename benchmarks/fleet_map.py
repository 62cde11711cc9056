"""The map a benchmark's fleet drives on: a grid of roads with limits, declared routes along them, zones."""

from __future__ import annotations

import numpy as np
import shapely

from geo.road_class import CODES
from geo.road_table import Road, RoadTable, build
from geo.route import Route, Segment, Station
from geo.zones import Zone

WEST, SOUTH, EAST, NORTH = 116.5, 31.0, 121.5, 35.0  # Jiangsu
ROAD_EVERY_DEG = 0.05
LINES = round((EAST - WEST) / ROAD_EVERY_DEG) + round((NORTH - SOUTH) / ROAD_EVERY_DEG)
ROUTES = 360  # two on each road, one after the other

_KINDS = (("expressway", 120.0), ("highway", 80.0), ("highway", 70.0), ("urban_expressway", 80.0))
_STEP_DEG = 0.01


def road_kind(line: np.ndarray) -> np.ndarray:
    """For each road line its place in the kinds: an expressway every 20 km, what is smaller between."""
    return line % len(_KINDS)


def road_limit_kmh(line: np.ndarray) -> np.ndarray:
    """The posted limit of each road line."""
    return np.array([limit for _, limit in _KINDS])[road_kind(line)]


def line_place(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each road line whether it runs north, and its longitude or latitude."""
    northward = line < round((EAST - WEST) / ROAD_EVERY_DEG)
    east = WEST + ROAD_EVERY_DEG * (line + 0.5)
    north = SOUTH + ROAD_EVERY_DEG * (line - round((EAST - WEST) / ROAD_EVERY_DEG) + 0.5)
    return northward, np.where(northward, east, north)


def points_of(line: int, begin: float = 0.0, end: float = 1.0) -> np.ndarray:
    """A part of a road line, a vertex every kilometre."""
    northward, place = (one[0] for one in line_place(np.array([line])))
    low, high = (SOUTH, NORTH) if northward else (WEST, EAST)
    first, last = low + (high - low) * begin, low + (high - low) * end
    along = np.linspace(first, last, max(2, round((last - first) / _STEP_DEG)))
    across = np.full(len(along), place)
    return np.column_stack([across, along] if northward else [along, across])


def grid_roads() -> RoadTable:
    """90,000 km of roads, some of each class, crossing every five kilometres."""
    lines = np.arange(LINES)
    return build(
        [
            Road(f"r{line}", f"G{line}", CODES[_KINDS[kind][0]], _KINDS[kind][1], False, points_of(line))
            for line, kind in zip(lines.tolist(), road_kind(lines).tolist(), strict=True)
        ]
    )


def line_routes(vehicles: dict[int, list[str]]) -> list[Route]:
    """A route for each number below `ROUTES`, with every rule of routes; `vehicles` names who follows it."""
    routes = []
    for number in range(ROUTES):
        line = points_of(number // 2, *((0.02, 0.48) if number % 2 == 0 else (0.52, 0.98)))
        last = len(line) - 1
        middle = last // 2
        segments = (
            Segment("a", 0, middle, limit_kmh=110.0, min_s=600.0, max_s=36_000.0),
            Segment("b", middle, last, width_m=150.0, limit_kmh=110.0),
        )
        stations = tuple(Station(f"s{at}", *line[at].tolist(), 200.0) for at in (0, middle, last))
        rules = ("deviation", "time", "direction", "stop", "departure")
        routes.append(
            Route(
                f"line{number}",
                f"line{number}",
                f"line{number}",
                line,
                rules,
                vehicles=tuple(vehicles.get(number, ["none"])),
                segments=segments,
                stations=stations,
                departures=(360, 840),
            )
        )
    return routes


_DEMANDS = (
    {"rules": ("enter", "exit"), "vehicle_classes": ("hazmat",)},
    {"rules": ("forbidden",), "vehicle_classes": ("hazmat",), "hours": ((0, 360),)},
    {"rules": ("stay",), "max_stay_s": 7_200.0},
    {"rules": ("speed",), "limit_kmh": 100.0},
    {"rules": ("enter", "exit"), "vehicle_classes": ("tour_coach",), "dwell_s": 60.0},
    {"rules": ("forbidden",), "vehicle_classes": ("hazmat",)},
    {"rules": ("speed",), "limit_kmh": 80.0, "vehicle_classes": ("hazmat", "tour_coach", "line_coach")},
    {"rules": ("stay",), "max_stay_s": 14_400.0, "vehicle_classes": ("hazmat",)},
)
"""What zones ask, in turn: closures and water sources for hazmat, long parking, limits that most keep,
stations of coaches."""


def star_zones(count: int, seed: int = 2) -> list[Zone]:
    """Star-shaped zones of 20 to 200 vertices, 1 to 6 km across, with the demands in turn."""
    random = np.random.default_rng(seed)
    zones: list[Zone] = []
    for number in range(count):
        corners = int(random.integers(20, 201))
        angle = 2 * np.pi * (np.arange(corners) + random.uniform(0.1, 0.9, corners)) / corners
        radius = random.uniform(0.005, 0.03) * random.uniform(0.7, 1.0, corners)
        x = random.uniform(WEST, EAST) + radius * np.cos(angle)
        y = random.uniform(SOUTH, NORTH) + radius * np.sin(angle)
        name, polygon = f"z{number}", shapely.Polygon(np.column_stack([x, y]))
        zones.append(Zone(name, name, name, polygon, **_DEMANDS[number % len(_DEMANDS)]))
    return zones
