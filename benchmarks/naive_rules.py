"""What one would write first: the rules as a loop over reports with a dictionary of vehicles."""

from __future__ import annotations

import math
from typing import Any

import shapely

from geo.zones import Zone
from rules.reports import Reports

_COLUMNS = ("vehicle_key", "time_ms", "longitude_deg", "latitude_deg", "speed_kmh", "vehicle_class")


class NaiveRules:
    """Speeding, continuous driving and zones, a report at a time."""

    def __init__(self, zones: list[Zone]) -> None:
        self.zones = zones
        self.tree = shapely.STRtree([zone.polygon for zone in zones])
        self.vehicles: dict[int, dict[str, Any]] = {}
        self.alerts: list[tuple[Any, ...]] = []

    def process(self, reports: Reports) -> None:
        """Take a block."""
        columns = [getattr(reports, name).tolist() for name in _COLUMNS]
        for report in zip(*columns, strict=True):
            self._one(*report)

    def _one(self, key: int, time_ms: int, x: float, y: float, speed_kmh: float, vehicle_class: int) -> None:
        state = self.vehicles.get(key)
        if state is None:
            state = {"clock": None, "stop": None, "over": None, "way": 0.0, "inside": {}, "found": False}
            self.vehicles[key] = state
        else:
            if time_ms <= state["time"]:
                return
            self._drive(key, state, time_ms, x, y, speed_kmh)
        self._speed(key, state, time_ms, speed_kmh, vehicle_class)
        self._zones(key, state, time_ms, x, y, vehicle_class)
        state["time"], state["x"], state["y"], state["speed"] = time_ms, x, y, speed_kmh

    def _drive(
        self, key: int, state: dict[str, Any], time_ms: int, x: float, y: float, speed_kmh: float
    ) -> None:
        moved_m = self._metres(state["x"], state["y"], x, y)
        state["way"] += moved_m
        before_ms = state["time"]
        gap = time_ms - before_ms > 300_000
        driving = moved_m >= 300 if gap else state["speed"] > 5 or speed_kmh > 5
        if driving:
            state["stop"] = None
            if state["clock"] is None:
                state["clock"] = before_ms
            if not state["found"] and time_ms - state["clock"] > 14_400_000:
                state["found"] = True
                self.alerts.append(("continuous_driving", key, state["clock"]))
        else:
            if state["stop"] is None:
                state["stop"] = before_ms
            if time_ms - state["stop"] >= 1_200_000:
                state["clock"], state["found"] = None, False

    def _speed(
        self, key: int, state: dict[str, Any], time_ms: int, speed_kmh: float, vehicle_class: int
    ) -> None:
        limit_kmh = 80.0 if vehicle_class == 4 else 100.0
        hour = (time_ms // 3_600_000 + 8) % 24
        if vehicle_class in (2, 3) and (hour >= 22 or hour < 6):
            limit_kmh *= 0.8
        if speed_kmh <= limit_kmh:
            state["over"] = None
        elif state["over"] is None:
            state["over"] = (time_ms, state["way"])
        elif time_ms - state["over"][0] >= 30_000:
            self.alerts.append(("speeding", key, *state["over"]))

    def _zones(
        self, key: int, state: dict[str, Any], time_ms: int, x: float, y: float, vehicle_class: int
    ) -> None:
        now = set(self.tree.query(shapely.Point(x, y), predicate="intersects").tolist())
        inside = state["inside"]
        for zone in now - inside.keys():
            inside[zone] = time_ms
            self.alerts.append(("zone_enter", key, zone, time_ms))
        for zone in [zone for zone in inside if zone not in now]:
            del inside[zone]

    @staticmethod
    def _metres(x: float, y: float, other_x: float, other_y: float) -> float:
        p, q = math.radians(y), math.radians(other_y)
        half = math.sin(math.radians(other_x - x) / 2) ** 2
        h = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * half
        return 2 * 6_371_008.8 * math.asin(math.sqrt(h))
