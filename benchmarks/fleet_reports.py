"""A fleet's reports as columns, with all that rules look at: the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.fleet_map import (
    EAST,
    LINES,
    NORTH,
    ROUTES,
    SOUTH,
    WEST,
    line_place,
    line_routes,
    road_limit_kmh,
)
from geo.route import Route
from rules.identity import vehicle_key
from rules.reports import Reports
from rules.safety import SafetyAlarms
from rules.vehicle_class import VehicleClass

PERIOD_S = 30
START_MS = 1_780_237_800_000  # 2026-05-31 22:30 in Shanghai: the night factor holds, no forbidden hour yet

_DEGREE_M = 111_000.0
_SHARES = {0: 0.0, 1: 0.85, 2: 0.05, 3: 0.05, 4: 0.05}  # of the vehicle classes
_CLASS_LIMIT_KMH = np.array([100.0, 100.0, 80.0, 80.0, 60.0])  # what drivers keep to at night

# Shares of vehicles and of reports.
_STANDING, _NAMED, _SHARED_DRIVER, _RECORDER, _POSTED = 0.1, 0.95, 0.001, 0.6, 0.3
_FAULTY, _CAMERAS, _OFF_ROUTE = 0.005, 0.2, 0.01
_ALARM, _PULSE, _EMERGENCY = 0.002, 0.0001, 0.000_001


class Fleet:
    """`vehicles` vehicles that report in turn, each every 30 s, on roads of the grid, to and fro.

    Line coaches follow their route, one in a hundred of them on a parallel road. Most vehicles keep to the
    limit of their class and road. One in two hundred has a fault bit up all the time; a fifth have cameras,
    which alarm about every four hours.
    """

    def __init__(self, vehicles: int, seed: int = 1) -> None:
        self._random = random = np.random.default_rng(seed)
        self.vehicles = vehicles
        self._class = random.choice(np.array(list(_SHARES), np.uint8), vehicles, p=list(_SHARES.values()))
        self._coach = self._class == VehicleClass.LINE_COACH
        self._line = np.where(
            self._coach, random.integers(0, ROUTES // 2, vehicles), random.integers(0, LINES, vehicles)
        )
        self._northward, self._across = line_place(self._line)
        self._half = random.integers(0, 2, vehicles)
        off_deg = np.where(random.random(vehicles) < _OFF_ROUTE, 0.004, 0.0) * self._coach
        self._across = self._across + off_deg
        low, span = (
            np.where(self._northward, SOUTH, WEST),
            np.where(self._northward, NORTH - SOUTH, EAST - WEST),
        )
        self._low = np.where(self._coach, low + span * np.where(self._half, 0.52, 0.02), low)
        self._span = np.where(self._coach, span * 0.46, span)
        self._along = random.uniform(0, 2, vehicles)  # there and back, in parts of the way
        self._key = self._keys()
        self._driver = self._drivers()
        limit_kmh = np.minimum(_CLASS_LIMIT_KMH[self._class], road_limit_kmh(self._line))
        self._posted_kmh = np.where(random.random(vehicles) < _POSTED, road_limit_kmh(self._line), np.nan)
        usual = limit_kmh * random.normal(0.78, 0.06, vehicles).clip(0.4, 1.1)
        self._usual_kmh = np.where(random.random(vehicles) < _STANDING, 0.0, usual)
        self._phase = random.uniform(0, 2 * np.pi, vehicles)
        self._recorder = np.where(random.random(vehicles) < _RECORDER, 1.01, np.nan)
        self._held_bits = np.where(random.random(vehicles) < _FAULTY, 1 << 11, 0).astype(np.uint32)
        self._cameras = random.random(vehicles) < _CAMERAS
        self._next = 0

    def _keys(self) -> np.ndarray:
        keys = self._random.integers(-(2**63), 2**63 - 1, self.vehicles)
        for number in self._coach.nonzero()[0].tolist():
            keys[number] = vehicle_key(f"R{number}")
        return keys

    def _drivers(self) -> np.ndarray:
        """Who drives: mostly somebody of his own, now and then one whom the registry gives two vehicles."""
        random = self._random
        drivers = random.integers(1, 2**62, self.vehicles)
        shared = (random.random(self.vehicles) < _SHARED_DRIVER).nonzero()[0]
        drivers[shared] = drivers[shared - 1]
        return np.where(random.random(self.vehicles) < _NAMED, drivers, 0)

    def routes(self) -> list[Route]:
        """The routes that line coaches are to follow."""
        named: dict[int, list[str]] = {}
        for number in self._coach.nonzero()[0].tolist():
            route = int(self._line[number]) * 2 + int(self._half[number])
            named.setdefault(route, []).append(f"R{number}")
        return line_routes(named)

    def block(self, rows: int) -> Reports:
        """The next `rows` reports of the fleet."""
        turn = np.arange(self._next, self._next + rows)
        self._next += rows
        who = turn % self.vehicles
        time_ms = START_MS + turn * (PERIOD_S * 1000) // self.vehicles
        usual = self._usual_kmh[who]
        swing = 1 + 0.06 * np.sin(turn / self.vehicles / 9.0 + self._phase[who])
        noise = self._random.normal(0, 0.7, rows)
        speed_kmh = np.round(np.maximum(np.where(usual > 0, usual * swing + noise, 0.0), 0), 1)
        longitude, latitude, heading = self._move(who, speed_kmh)
        return Reports.build(
            vehicle_key=self._key[who],
            time_ms=time_ms,
            received_ms=time_ms + 800,
            longitude_deg=longitude,
            latitude_deg=latitude,
            speed_kmh=speed_kmh,
            heading_deg=heading,
            limit_kmh=self._posted_kmh[who],
            vehicle_class=self._class[who],
            driver_key=self._driver[who],
            recorder_speed_kmh=np.round(speed_kmh * self._recorder[who], 1),
            alarm_bits=self._bits(who),
            safety=self._alarms(who, time_ms, longitude, latitude, speed_kmh),
        )

    def blocks(self, rows: int, total: int) -> Iterator[Reports]:
        """Blocks of `rows` reports, `total` reports in all."""
        for _ in range(total // rows):
            yield self.block(rows)

    def _move(self, who: np.ndarray, speed_kmh: np.ndarray) -> tuple[np.ndarray, ...]:
        northward = self._northward[who]
        degree_m = np.where(northward, 1.0, 0.84) * _DEGREE_M
        way_deg = np.where(speed_kmh > 3, speed_kmh, 0) / 3.6 * PERIOD_S / degree_m
        self._along[who] = (self._along[who] + way_deg / self._span[who]) % 2
        back = self._along[who] > 1
        along = self._low[who] + self._span[who] * np.where(back, 2 - self._along[who], self._along[who])
        across = self._across[who] + self._random.normal(0, 5 / _DEGREE_M, len(who))
        longitude, latitude = np.where(northward, across, along), np.where(northward, along, across)
        heading = np.where(northward, 0, 90) + np.where(back, 180, 0)
        return np.round(longitude, 6), np.round(latitude, 6), heading

    def _bits(self, who: np.ndarray) -> np.ndarray:
        draw = self._random.random(len(who))
        bits = self._held_bits[who]
        bits[draw < _PULSE] |= 1 << 20
        bits[draw > 1 - _EMERGENCY] |= 1
        return bits

    def _alarms(
        self, who: np.ndarray, time_ms: np.ndarray, x: np.ndarray, y: np.ndarray, speed_kmh: np.ndarray
    ) -> SafetyAlarms:
        random = self._random
        row = (self._cameras[who] & (random.random(len(who)) < _ALARM) & (speed_kmh > 30)).nonzero()[0]
        if not len(row):
            return SafetyAlarms.empty()
        count = len(row)
        return SafetyAlarms.build(
            row=row,
            peripheral=random.choice([0x64, 0x65], count),
            dialect=np.zeros(count),
            event=random.integers(1, 4, count),
            terminal_alarm_id=np.arange(count),
            flag=np.zeros(count),
            level=random.integers(1, 3, count),
            degree=np.zeros(count),
            speed_kmh=speed_kmh[row].astype(np.uint8),
            longitude_deg=x[row],
            latitude_deg=y[row],
            time_ms=time_ms[row],
            identifier=_identifiers(time_ms[row], who[row]),
            attachments=np.zeros(count),
        )


def _identifiers(time_ms: np.ndarray, who: np.ndarray) -> list[bytes]:
    pairs = zip(time_ms.tolist(), who.tolist(), strict=True)
    return [ms.to_bytes(8) + number.to_bytes(8) for ms, number in pairs]
