"""Position reports as columns: the form in which rules see the world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import inlined, kernel
from rules.safety import NO_ALARMS, SafetyAlarms, content_key

COLUMN_TYPES: dict[str, str] = {
    "vehicle_key": "i8",
    "time_ms": "i8",
    "received_ms": "i8",
    "longitude_deg": "f8",
    "latitude_deg": "f8",
    "speed_kmh": "f8",
    "heading_deg": "u2",
    "altitude_m": "i2",
    "alarm_bits": "u4",
    "status_bits": "u4",
    "limit_kmh": "f8",
    "driver_key": "i8",
    "vehicle_class": "u1",
    "positioned": "?",
    "recorder_speed_kmh": "f8",
    "mileage_km": "f8",
}
_UNKNOWN_IS_NAN = ("limit_kmh", "recorder_speed_kmh", "mileage_km")

STATUS_POSITIONED = 0x2  # JT/T 808-2019 table 24, bit 1: the position is a fix


@dataclass(frozen=True, slots=True)
class Reports:
    """n position reports; every column is a 1-D array of length n.

    `time_ms` and `received_ms` count milliseconds since 1970 in UTC; `limit_kmh` is NaN where no limit is
    posted; `driver_key` is 0 where the driver is not known; coordinates are WGS-84 degrees. The recorder's
    (pulse) speed and the mileage are NaN where the terminal does not tell them. `safety` holds the reports'
    active-safety alarms.
    """

    vehicle_key: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    received_ms: NDArray[np.int64]
    longitude_deg: NDArray[np.float64]
    latitude_deg: NDArray[np.float64]
    speed_kmh: NDArray[np.float64]
    heading_deg: NDArray[np.uint16]
    altitude_m: NDArray[np.int16]
    alarm_bits: NDArray[np.uint32]
    status_bits: NDArray[np.uint32]
    limit_kmh: NDArray[np.float64]
    driver_key: NDArray[np.int64]
    vehicle_class: NDArray[np.uint8]
    positioned: NDArray[np.bool_]
    recorder_speed_kmh: NDArray[np.float64]
    mileage_km: NDArray[np.float64]
    safety: SafetyAlarms = NO_ALARMS

    def __post_init__(self) -> None:
        lengths = {getattr(self, name).shape for name in COLUMN_TYPES}
        if len(lengths) > 1:
            raise ValueError(f"the columns of reports must be of one length, not {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.vehicle_key)

    def take(self, index: Any) -> Reports:
        """The reports an index selects: a slice, a mask or an array of positions."""
        columns: dict[str, Any] = {name: getattr(self, name)[index] for name in COLUMN_TYPES}
        return Reports(**columns, safety=self.safety.take(index, len(self)))

    @staticmethod
    def concat(parts: Sequence[Reports]) -> Reports:
        """All reports of all parts, in order."""
        if not parts:
            return Reports.empty()
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in COLUMN_TYPES
        }
        alarms = SafetyAlarms.concat([part.safety for part in parts], [len(part) for part in parts])
        return Reports(**columns, safety=alarms)

    @staticmethod
    def empty() -> Reports:
        """No reports."""
        columns: dict[str, Any] = {name: np.empty(0, dtype) for name, dtype in COLUMN_TYPES.items()}
        return Reports(**columns)

    @staticmethod
    def build(**columns: Any) -> Reports:
        """Reports from the columns that are known.

        `vehicle_key`, `time_ms`, `longitude_deg`, `latitude_deg` and `speed_kmh` are needed. Missing ones
        mean: received when made, no posted limit, driver and class unknown, positioned, recorder speed and
        mileage not told, no alarms, the rest zero.
        """
        n = len(columns["vehicle_key"])
        defaults: dict[str, Any] = {name: np.full(n, np.nan) for name in _UNKNOWN_IS_NAN}
        defaults["received_ms"] = columns["time_ms"]
        if "status_bits" in columns:
            defaults["positioned"] = (np.asarray(columns["status_bits"], "u4") & STATUS_POSITIONED) != 0
        else:
            defaults["positioned"] = np.ones(n, bool)
            defaults["status_bits"] = np.full(n, STATUS_POSITIONED)
        filled = {
            name: np.ascontiguousarray(columns.get(name, defaults.get(name, np.zeros(n))), dtype)
            for name, dtype in COLUMN_TYPES.items()
        }
        return Reports(**filled, safety=columns.get("safety", NO_ALARMS))


_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplying loses nothing
_SHIFT = np.uint64(29)
_MINUS_ZERO = np.uint64(1 << 63)


@inlined
def _mix(mixed: Any, part: Any) -> Any:
    return ((mixed ^ (mixed >> _SHIFT)) + part) * _FACTOR


@inlined
def _bits(number: Any) -> Any:
    """The bits of a float, given as they are; -0.0 and 0.0 are one."""
    return number if number != _MINUS_ZERO else np.uint64(0)


@kernel
def _mix_all(
    x: Any, y: Any, speed: Any, heading: Any, altitude: Any, alarms: Any, status: Any, limit: Any,
    limit_kmh: Any, mixed: Any,
) -> None:  # fmt: skip
    """The digests of what reports say, floats given as their bits."""
    for i in range(len(mixed)):
        one = ((np.uint64(heading[i]) << np.uint64(16)) | np.uint64(np.uint16(altitude[i]))) * _FACTOR
        one = _mix(_mix(_mix(one, _bits(x[i])), _bits(y[i])), _bits(speed[i]))
        one = _mix(one, (np.uint64(alarms[i]) << np.uint64(32)) | np.uint64(status[i]))
        one ^= one >> _SHIFT
        if limit_kmh[i] == limit_kmh[i]:  # terminals never tell one; recorded tracks may
            one ^= limit[i] * _FACTOR
        mixed[i] = one


def digest(reports: Reports) -> NDArray[np.int64]:
    """A 64-bit digest of what each report says: position, speed, heading, altitude, alarm and status bits,
    its posted limit where there is one, and its active-safety alarms.

    With vehicle and time it identifies an exact duplicate. It never is 0 and is the same in every process.
    Who drove is not in it: a report sent again after a card was changed still is the same report.
    """
    mixed = np.empty(len(reports), np.uint64)
    x, y, speed, limit = (
        np.ascontiguousarray(column).view(np.uint64)
        for column in (reports.longitude_deg, reports.latitude_deg, reports.speed_kmh, reports.limit_kmh)
    )
    small = reports.heading_deg, reports.altitude_m, reports.alarm_bits, reports.status_bits
    _mix_all(x, y, speed, *small, limit, reports.limit_kmh, mixed)
    if len(reports.safety):
        np.add.at(mixed, reports.safety.row, content_key(reports.safety))
    mixed[mixed == 0] = 1
    return mixed.view(np.int64)
