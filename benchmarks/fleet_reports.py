"""A fleet's reports as columns: plausible speeds and ways, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import shapely

from geo.zones import Zone
from rules.reports import Reports

WEST, SOUTH, EAST, NORTH = 116.5, 31.0, 121.5, 35.0  # Jiangsu
PERIOD_S = 30
START_MS = 1_780_250_400_000  # 2026-06-01 02:00 in Shanghai: coaches drive under the night factor

_DEGREE_M = 111_000.0


class Fleet:
    """`vehicles` vehicles that report in turn, each every 30 s.

    Speeds wander slowly around each vehicle's own; one in ten stands. About 3 % of reports are over a limit.
    """

    def __init__(self, vehicles: int, seed: int = 1) -> None:
        self._random = np.random.default_rng(seed)
        random = self._random
        self.vehicles = vehicles
        self._key = random.integers(-(2**63), 2**63 - 1, vehicles)
        self._longitude = random.uniform(WEST, EAST, vehicles)
        self._latitude = random.uniform(SOUTH, NORTH, vehicles)
        self._course = random.uniform(0, 2 * np.pi, vehicles)
        self._class = random.choice(np.arange(5, dtype=np.uint8), vehicles, p=[0, 0.85, 0.05, 0.05, 0.05])
        self._usual_kmh = np.where(
            random.random(vehicles) < 0.1, 0.0, random.normal(62, 12, vehicles).clip(20, 97)
        )
        self._next = 0

    def block(self, rows: int) -> Reports:
        """The next `rows` reports of the fleet."""
        turn = np.arange(self._next, self._next + rows)
        self._next += rows
        who = turn % self.vehicles
        time_ms = START_MS + turn * (PERIOD_S * 1000) // self.vehicles
        swing = np.sin(turn / self.vehicles / 9.0 + self._course[who])
        speed_kmh = np.where(self._usual_kmh[who] > 0, self._usual_kmh[who] + 8 * swing, 0.0)
        speed_kmh = np.round(np.maximum(speed_kmh + self._random.normal(0, 0.7, rows), 0), 1)
        self._move(who, speed_kmh)
        return Reports.build(
            vehicle_key=self._key[who],
            time_ms=time_ms,
            received_ms=time_ms + 800,
            longitude_deg=self._longitude[who],
            latitude_deg=self._latitude[who],
            speed_kmh=speed_kmh,
            vehicle_class=self._class[who],
        )

    def blocks(self, rows: int, total: int) -> Iterator[Reports]:
        """Blocks of `rows` reports, `total` reports in all."""
        for _ in range(total // rows):
            yield self.block(rows)

    def _move(self, who: np.ndarray, speed_kmh: np.ndarray) -> None:
        way_deg = np.where(speed_kmh > 3, speed_kmh, 0) / 3.6 * PERIOD_S / _DEGREE_M
        longitude = self._longitude[who] + way_deg * np.cos(self._course[who]) * 1.2
        latitude = self._latitude[who] + way_deg * np.sin(self._course[who])
        self._longitude[who] = np.round(WEST + (longitude - WEST) % (EAST - WEST), 6)
        self._latitude[who] = np.round(SOUTH + (latitude - SOUTH) % (NORTH - SOUTH), 6)


def star_zones(count: int, seed: int = 2) -> list[Zone]:
    """Star-shaped zones of 20 to 200 vertices, 1 to 6 km across, with every zone rule in turn."""
    random = np.random.default_rng(seed)
    demands = [
        {"rules": ("enter", "exit")},
        {"rules": ("stay",), "max_stay_s": 600.0},
        {"rules": ("speed",), "limit_kmh": 60.0},
        {"rules": ("forbidden",), "vehicle_classes": ("hazmat",), "hours": ((0, 360),)},
    ]
    zones: list[Zone] = []
    for number in range(count):
        corners = int(random.integers(20, 201))
        angle = 2 * np.pi * (np.arange(corners) + random.uniform(0.1, 0.9, corners)) / corners
        radius = random.uniform(0.005, 0.03) * random.uniform(0.7, 1.0, corners)
        x = random.uniform(WEST, EAST) + radius * np.cos(angle)
        y = random.uniform(SOUTH, NORTH) + radius * np.sin(angle)
        name = f"z{number}"
        zones.append(Zone(name, name, name, shapely.Polygon(np.column_stack([x, y])), **demands[number % 4]))
    return zones
