"""Positions of a block as the data parts of JT/T 809 messages, many at once.

2011: 36 bytes each (809-2011, 4.5.8.1). 2019: a body of 808 0x0200 with its items between a flag with its
length and the records of three platforms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.blocks import Block

_GMT8_MS = 8 * 3600 * 1000
_DAY_MS = 86_400_000
GNSS_BYTES = 36
BASE_BYTES = 28
_MILEAGE_ITEM = b"\x01\x04"
_RECORDER_ITEM = b"\x03\x02"
MAX_ITEMS_BYTES = 900
"""A frame of 809 that carries more than an ordinary 808 message could would be refused as oversize."""

Bytes2D = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """n positions to be sent, as columns of a block."""

    time_ms: NDArray[np.int64]
    longitude_deg: NDArray[np.float64]
    latitude_deg: NDArray[np.float64]
    speed_kmh: NDArray[np.float64]
    recorder_speed_kmh: NDArray[np.float64]
    mileage_km: NDArray[np.float64]
    heading_deg: NDArray[np.uint16]
    altitude_m: NDArray[np.int16]
    alarm_bits: NDArray[np.uint32]
    status_bits: NDArray[np.uint32]
    items: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.time_ms)


def outgoing_of(block: Block, rows: NDArray[np.int64]) -> Outgoing:
    """Rows of a block."""
    reports, table = block.reports, block.table
    picked = table.select(["recorder_speed_kmh", "mileage_km", "items"]).take(rows)
    floats: dict[str, Any] = {
        name: np.asarray(picked.column(name).fill_null(float("nan")).to_numpy(), np.float64)
        for name in ("recorder_speed_kmh", "mileage_km")
    }
    columns = ("time_ms", "longitude_deg", "latitude_deg", "speed_kmh", "heading_deg", "altitude_m",
               "alarm_bits", "status_bits")  # fmt: skip
    return Outgoing(
        **{name: getattr(reports, name)[rows] for name in columns},
        **floats,
        items=picked.column("items").to_pylist(),
    )


def gnss_2011(out: Outgoing) -> Bytes2D:
    """uint8 [n, 36]. What does not fit its field is the greatest that does; coordinates lose their signs,
    which 809-2011 does not have (the status bits tell)."""
    data = np.zeros((len(out), GNSS_BYTES), np.uint8)
    year, month, day, second = _calendar(out.time_ms)
    data[:, 1], data[:, 2] = day, month
    _put(data, 3, 2, year)
    data[:, 5], data[:, 6], data[:, 7] = second // 3600, second // 60 % 60, second % 60
    _put(data, 8, 4, _rounded(np.abs(out.longitude_deg) * 1e6, 4))
    _put(data, 12, 4, _rounded(np.abs(out.latitude_deg) * 1e6, 4))
    _put(data, 16, 2, _rounded(out.speed_kmh, 2))
    _put(data, 18, 2, _rounded(out.recorder_speed_kmh, 2))
    _put(data, 20, 4, _rounded(out.mileage_km, 4))
    _put(data, 24, 2, out.heading_deg)
    _put(data, 26, 2, out.altitude_m.view(np.uint16))
    _put(data, 28, 4, out.status_bits)
    _put(data, 32, 4, out.alarm_bits)
    return data


def gnss_2019(out: Outgoing, platform_id: bytes) -> list[bytes]:
    """The data of each position; `platform_id` (11 bytes) is ours, in the monitoring platform's record."""
    base = _base_808(out)
    records = platform_id.ljust(11, b"\0")[:11]
    alarms = out.alarm_bits.astype(">u4").tobytes()
    found = []
    for row in range(len(out)):
        items = _items(out, row)
        tail = records + alarms[4 * row : 4 * row + 4] + bytes(30)
        size = (BASE_BYTES + len(items)).to_bytes(4)
        found.append(b"\0" + size + base[row].tobytes() + items + tail)
    return found


def _base_808(out: Outgoing) -> Bytes2D:
    data = np.zeros((len(out), BASE_BYTES), np.uint8)
    year, month, day, second = _calendar(out.time_ms)
    # 808 tells south and west by status bits 2 and 3.
    status = out.status_bits & np.uint32(0xFFFFFFF3)
    status |= np.where(out.latitude_deg < 0, 4, 0).astype(np.uint32)
    status |= np.where(out.longitude_deg < 0, 8, 0).astype(np.uint32)
    _put(data, 0, 4, out.alarm_bits)
    _put(data, 4, 4, status)
    _put(data, 8, 4, _rounded(np.abs(out.latitude_deg) * 1e6, 4))
    _put(data, 12, 4, _rounded(np.abs(out.longitude_deg) * 1e6, 4))
    _put(data, 16, 2, out.altitude_m.view(np.uint16))
    _put(data, 18, 2, _rounded(out.speed_kmh * 10, 2))
    _put(data, 20, 2, out.heading_deg)
    parts = (year % 100, month, day, second // 3600, second // 60 % 60, second % 60)
    for place, part in enumerate(parts, 22):
        data[:, place] = part // 10 * 16 + part % 10
    return data


def _items(out: Outgoing, row: int) -> bytes:
    """The items as the terminal sent them; those of a position that came by 809-2011 are made of columns."""
    items = out.items[row]
    if items:
        return items if len(items) <= MAX_ITEMS_BYTES else b""
    made = b""
    if np.isfinite(out.mileage_km[row]):
        tenths = min(max(round(float(out.mileage_km[row]) * 10), 0), 0xFFFFFFFF)
        made += _MILEAGE_ITEM + tenths.to_bytes(4)
    if np.isfinite(out.recorder_speed_kmh[row]):
        tenths = min(max(round(float(out.recorder_speed_kmh[row]) * 10), 0), 0xFFFF)
        made += _RECORDER_ITEM + tenths.to_bytes(2)
    return made


def _calendar(time_ms: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Year, month, day and second of the day in GMT+8."""
    days, of_day_ms = np.divmod(time_ms + _GMT8_MS, _DAY_MS)
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month_numbers = months.astype(np.int64)
    day = (dates - months).astype(np.int64) + 1
    return 1970 + month_numbers // 12, month_numbers % 12 + 1, day, of_day_ms // 1000


def _rounded(values: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    return np.nan_to_num(np.rint(values), nan=0.0).clip(0, 256**size - 1).astype(np.int64)


def _put(data: Bytes2D, offset: int, size: int, values: NDArray[np.generic]) -> None:
    wide = np.ascontiguousarray(np.asarray(values).astype(f">u{size}"))
    data[:, offset : offset + size] = wide.view(np.uint8).reshape(-1, size)
