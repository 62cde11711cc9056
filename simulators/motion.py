"""Where a vehicle is and how fast: pieces of constant acceleration along paths, sampled many at once."""

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from simulators.routes import Path

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

KMH = 3.6  # one metre a second in km/h


@dataclass(frozen=True, slots=True)
class Samples:
    """What a terminal reports at each of n times, in the integers of the wire (JT/T 808-2013, 0x0200)."""

    time_ms: Ints
    longitude_udeg: Ints  # 1e-6 degrees
    latitude_udeg: Ints
    speed_dkmh: Ints  # 0.1 km/h
    recorder_speed_dkmh: Ints
    heading_deg: Ints
    altitude_m: Ints
    mileage_hm: Ints  # 0.1 km
    moving: NDArray[np.bool_]
    alarm_bits: Ints

    def __len__(self) -> int:
        return len(self.time_ms)

    def part(self, first: int, end: int) -> "Samples":
        """Rows from one to before another."""
        return Samples(*(getattr(self, each.name)[first:end] for each in fields(self)))


class Track:
    """The motion of one vehicle, appended piece by piece and sampled anywhere it is known."""

    __slots__ = ("_cached", "_legs", "_pieces", "_salt", "end_s")

    def __init__(self, salt: int, begin_s: float) -> None:
        self._pieces: list[tuple[float, float, float, float]] = []  # begin s, metres, m/s, m/s2
        self._legs: list[
            tuple[float, Path, float]
        ] = []  # metres at its beginning, path, metres along the path there
        self._salt = salt
        self._cached: Floats | None = None
        self.end_s = begin_s

    def add_piece(self, metres: float, speed_mps: float, acceleration_mps2: float, lasts_s: float) -> None:
        """Append a piece that begins where the last one ended."""
        self._pieces.append((self.end_s, metres, speed_mps, acceleration_mps2))
        self.end_s += lasts_s
        self._cached = None

    def add_leg(self, metres: float, path: Path, offset_m: float = 0.0) -> None:
        """From this distance on the vehicle drives along this path."""
        self._legs.append((metres, path, offset_m))

    def forget_before(self, time_s: float) -> None:
        """Drop what ended before a time, so that days of driving cost no memory."""
        keep = next((i for i, piece in enumerate(self._pieces) if piece[0] > time_s), len(self._pieces)) - 1
        if keep > 0:
            del self._pieces[:keep]
            self._cached = None
        metres = self._pieces[0][1] if self._pieces else 0.0
        while len(self._legs) > 1 and self._legs[1][0] <= metres:
            del self._legs[0]

    def place(self, time_s: float) -> tuple[Path, float]:
        """The path a vehicle is on at a time, and how far along it."""
        metres = float(self._drive(np.array([time_s]))[0][0])
        from_m, path, offset_m = max(
            (leg for leg in self._legs if leg[0] <= metres), key=lambda leg: leg[0], default=self._legs[0]
        )
        return path, metres - from_m + offset_m

    def sample(self, time_ms: Ints) -> Samples:
        """Sample at whole seconds, ascending, none before the oldest piece kept nor after ``end_s``."""
        metres, speed_kmh = self._drive(time_ms / 1000.0)
        lon, lat, heading = self._locate(metres)
        ticks = (time_ms // 1000).astype(np.uint64)
        moving = speed_kmh > 0.1
        sway = np.sin(ticks * (0.11 + 0.0003 * (self._salt % 97))) * 0.7
        speed_kmh = np.where(
            moving,
            speed_kmh + sway + 0.3 * _noise(ticks, self._salt, 1),
            0.4 + 0.4 * _noise(ticks, self._salt, 1),
        )
        # A receiver at rest wanders by a metre, one on the road by three.
        wander_deg = np.where(moving, 2.7e-5, 0.9e-5)
        lon = lon + wander_deg * _noise(ticks, self._salt, 2)
        lat = lat + wander_deg * _noise(ticks, self._salt, 3)
        speed = np.maximum(0, np.rint(speed_kmh * 10)).astype(np.int64)
        return Samples(
            time_ms=time_ms,
            longitude_udeg=np.rint(lon * 1e6).astype(np.int64),
            latitude_udeg=np.rint(lat * 1e6).astype(np.int64),
            speed_dkmh=speed,
            recorder_speed_dkmh=np.where(
                moving, np.maximum(0, speed + np.rint(2 * _noise(ticks, self._salt, 4)).astype(np.int64)), 0
            ),
            heading_deg=np.rint(heading).astype(np.int64) % 360,
            altitude_m=np.rint(14 + 9 * np.sin(lon * 31) * np.cos(lat * 23)).astype(np.int64),
            mileage_hm=(self._salt % 4_000_000) + (metres / 100).astype(np.int64),
            moving=moving,
            alarm_bits=np.zeros(len(time_ms), np.int64),
        )

    def _drive(self, time_s: Floats) -> tuple[Floats, Floats]:
        """Metres driven and km/h at each time."""
        if self._cached is None:
            self._cached = np.array(self._pieces)
        pieces = self._cached
        which = np.searchsorted(pieces[:, 0], time_s, side="right") - 1
        begin, metres, speed, acceleration = pieces[which].T
        passed = time_s - begin
        return metres + speed * passed + acceleration * passed**2 / 2, (speed + acceleration * passed) * KMH

    def _locate(self, metres: Floats) -> tuple[Floats, Floats, Floats]:
        """Longitude, latitude and heading at each distance; a few legs at most are looked at."""
        lon, lat, heading = np.empty(len(metres)), np.empty(len(metres)), np.empty(len(metres))
        for index, (from_m, path, offset_m) in enumerate(self._legs):
            to_m = self._legs[index + 1][0] if index + 1 < len(self._legs) else math.inf
            here = (metres >= from_m) & (metres < to_m) if index else metres < to_m
            if here.any():
                lon[here], lat[here], heading[here] = _on_path(path, metres[here] - from_m + offset_m)
        return lon, lat, heading


def _on_path(path: Path, along_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Position and heading at distances along a path."""
    last = len(path.along_m) - 2
    piece = np.clip(np.searchsorted(path.along_m, along_m, side="right") - 1, 0, last)
    lon = np.interp(along_m, path.along_m, path.longitude_deg)
    lat = np.interp(along_m, path.along_m, path.latitude_deg)
    east = (path.longitude_deg[piece + 1] - path.longitude_deg[piece]) * np.cos(np.radians(lat))
    north = path.latitude_deg[piece + 1] - path.latitude_deg[piece]
    return lon, lat, np.degrees(np.arctan2(east, north)) % 360


def _noise(ticks: NDArray[np.uint64], salt: int, stream: int) -> Floats:
    """Noise in [-1, 1) that depends on the time, the vehicle and the stream only (splitmix64)."""
    mixed = ticks + np.uint64((salt * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03) & 0xFFFFFFFFFFFFFFFF)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed = mixed ^ (mixed >> np.uint64(31))
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**52 - 1.0
