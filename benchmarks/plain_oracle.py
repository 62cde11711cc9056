"""The plain oracle of the tests over a fleet's reports: every rule it knows, a report at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geo.route import Route
from geo.zones import Zone
from rules.identity import vehicle_key
from rules.reports import Reports
from rules.vehicle_class import CODE_OF_NAME
from tests.rules import oracle, oracle_conditions, oracle_fatigue, oracle_routes, oracle_safety


@dataclass
class Star(oracle.Rectangle):
    """A zone of the oracle with any outline: a rectangle around it, then a ray through its edges."""

    ring: tuple[tuple[float, float], ...] = ()

    def holds(self, report: oracle.Report) -> bool:
        if not super().holds(report):
            return False
        x, y, inside = report.longitude, report.latitude, False
        for (ax, ay), (bx, by) in zip(self.ring, self.ring[1:], strict=False):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                inside = not inside
        return inside


class PlainOracle:
    """The oracle with a fleet's zones and routes."""

    def __init__(self, zones: list[Zone], routes: list[Route]) -> None:
        self._zones = [_star(zone) for zone in zones]
        self._routes = {name: _line(route) for route in routes for name in route.vehicles}
        self._names = {vehicle_key(name): name for name in self._routes}

    def rate(self, reports: Reports, least_s: float) -> float:
        """Reports a second, judged vehicle by vehicle until `least_s` seconds have passed."""
        done, began_s = 0, time.process_time()
        for track in _tracks(reports):
            self.judge(track)
            done += len(track)
            if time.process_time() - began_s >= least_s:
                break
        return done / (time.process_time() - began_s)

    def judge(self, track: Reports) -> int:
        """How many episodes the track of one vehicle has."""
        key = int(track.vehicle_key[0])
        plain = list(map(_report, *_columns(track, _REPORT)))
        found = len(oracle.episodes_of(plain, self._zones, oracle.Terms()))
        found += len(oracle_fatigue.Fatigue(oracle.Terms()).run({key: plain}))
        found += len(oracle_conditions.judge(list(map(_told, *_columns(track, _TOLD)))))
        found += len(oracle_safety.judge(_with_alarms(track)))
        line = self._routes.get(self._names.get(key, ""))
        if line is not None:
            spots = list(map(_spot, *_columns(track, _SPOT)))
            found += len(oracle_routes.judge(spots, line, oracle_routes.Terms()))
        return found


_REPORT = (
    "time_ms",
    "longitude_deg",
    "latitude_deg",
    "speed_kmh",
    "limit_kmh",
    "driver_key",
    "vehicle_class",
)
_TOLD = (*_REPORT[:4], "vehicle_class", "alarm_bits", "recorder_speed_kmh")
_SPOT = (*_REPORT[:4], "heading_deg")


def _columns(track: Reports, names: tuple[str, ...]) -> list[list[float]]:
    return [getattr(track, name).tolist() for name in names]


def _tracks(reports: Reports) -> Iterator[Reports]:
    for key in np.unique(reports.vehicle_key):
        yield reports.take(reports.vehicle_key == key)


def _report(
    time_ms: int, x: float, y: float, speed: float, limit: float, driver: int, code: int
) -> oracle.Report:
    return oracle.Report(time_ms, x, y, speed, None if limit != limit else limit, driver, code)


def _told(
    time_ms: int, x: float, y: float, speed: float, code: int, bits: int, recorder: float
) -> oracle_conditions.Told:
    said = None if recorder != recorder else recorder
    return oracle_conditions.Told(time_ms // 1000, x, y, speed, code, bits, said)


def _spot(time_ms: int, x: float, y: float, speed: float, heading: int) -> oracle_routes.Told:
    return oracle_routes.Told(time_ms // 1000, x, y, speed, heading)


def _with_alarms(track: Reports) -> list[oracle_safety.Told]:
    alarms: dict[int, list[oracle_safety.Alarm]] = {}
    names = ("row", "peripheral", "event", "level", "speed_kmh", "identifier")
    for row, *said in zip(*(getattr(track.safety, name).tolist() for name in names), strict=True):
        alarms.setdefault(row, []).append(oracle_safety.Alarm(*said))
    times_s = (track.time_ms // 1000).tolist()
    return [oracle_safety.Told(at, tuple(alarms.get(row, ()))) for row, at in enumerate(times_s)]


def _star(zone: Zone) -> Star:
    ring = tuple(zone.polygon.exterior.coords)
    classes = tuple(CODE_OF_NAME[name] for name in zone.vehicle_classes)
    hours = zone.hours[0] if zone.hours else None
    return Star(
        zone.id, *zone.polygon.bounds, zone.rules, None, zone.limit_kmh, zone.max_stay_s, zone.dwell_s,
        classes, hours, ring,
    )  # fmt: skip


def _line(route: Route) -> oracle_routes.Line:
    stretches = tuple(
        oracle_routes.Stretch(
            one.first,
            one.last,
            *(None if value != value else value for value in (one.width_m, one.min_s, one.max_s)),
        )
        for one in route.segments
    )
    stations = tuple((one.longitude_deg, one.latitude_deg, one.radius_m) for one in route.stations)
    points = tuple(map(tuple, route.line.tolist()))
    return oracle_routes.Line(
        points, None, route.rules, None, stretches, stations, route.departures
    )  # fmt: skip
