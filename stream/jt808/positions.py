"""0x0200 positions by the column (JT/T 808-2013, 8.18; 2019, 8.12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.jt808.bcd import decode_times
from stream.jt808.columns import WINDOW_BYTES, windows

BASE_BYTES = 28

_SOUTH = np.uint32(1 << 2)
_WEST = np.uint32(1 << 3)
# Id and length of the items picked out, as they stand in the item's first two bytes.
_ITEM_HEAD_BYTES = 2
_MILEAGE = 0x0104
_RECORDER_SPEED = 0x0302
# How most terminals begin their items; found in one look, all else is walked.
_USUAL_ITEMS = np.dtype([("first", ">u2"), ("mileage", ">u4"), ("second", ">u2"), ("recorder_speed", ">u2")])

# Items are walked by the column for this many steps; terminals send 4 to 10. What is longer is walked one
# report at a time, so that a body of 500 empty items does not cost 500 column steps.
_COLUMN_STEPS = 12
# A column step costs about as much as walking this many reports one at a time.
_FEW_ROWS = 16


@dataclass(frozen=True, slots=True)
class Positions:
    """Columns over some 0x0200 bodies, in their order; where `ok` is False the other columns mean nothing.

    time_ms is -1 where the BCD is no time that exists. mileage_km (item 01) and recorder_speed_kmh (item 03)
    are NaN where the item is absent or has another length; of a repeated item the first counts. Longitude and
    latitude are negative if the status bit says so or if the sender wrote two's complement.
    """

    ok: NDArray[np.bool_]
    time_ms: NDArray[np.int64]
    longitude_deg: NDArray[np.float64]
    latitude_deg: NDArray[np.float64]
    altitude_m: NDArray[np.int16]
    speed_kmh: NDArray[np.float64]
    heading_deg: NDArray[np.uint16]
    alarm_bits: NDArray[np.uint32]
    status_bits: NDArray[np.uint32]
    mileage_km: NDArray[np.float64]
    recorder_speed_kmh: NDArray[np.float64]
    item_start: NDArray[np.int64]
    item_end: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.ok)

    def items(self, row: int) -> bytes:
        """The raw items of one report: id, length, value, repeated."""
        return self.data[self.item_start[row] : self.item_end[row]].tobytes()


def decode_position_bodies(bodies: Sequence[bytes]) -> Positions:
    """Decode 0x0200 bodies that are already cut out, as in 0x0704."""
    data = np.frombuffer(b"".join([*bodies, bytes(WINDOW_BYTES)]), np.uint8)
    sizes = np.fromiter(map(len, bodies), np.int64, len(bodies))
    ends = np.cumsum(sizes)
    return decode_rows(data, ends - sizes, ends)


def decode_rows(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Positions:
    """Decode the bodies `data[starts[i]:ends[i]]`; `data` has `WINDOW_BYTES` to spare behind the last."""
    ok = ends - starts >= BASE_BYTES
    base = windows(data, np.where(ok, starts, 0), BASE_BYTES)
    words = base.view(">u4")
    halves = base.view(">u2")
    status_bits = words[:, 1].astype(np.uint32)
    item_start = np.where(ok, starts + BASE_BYTES, ends)
    mileage_km, recorder_speed_kmh = _pick_items(data, item_start, ends)
    return Positions(
        ok=ok,
        time_ms=decode_times(*(halves[:, column].astype(np.int64) for column in (11, 12, 13))),
        longitude_deg=_degrees(words[:, 3], status_bits & _WEST),
        latitude_deg=_degrees(words[:, 2], status_bits & _SOUTH),
        altitude_m=halves[:, 8].astype(np.int16),
        speed_kmh=halves[:, 9] / 10.0,
        heading_deg=halves[:, 10].astype(np.uint16),
        alarm_bits=words[:, 0].astype(np.uint32),
        status_bits=status_bits,
        mileage_km=mileage_km,
        recorder_speed_kmh=recorder_speed_kmh,
        item_start=item_start,
        item_end=ends,
        data=data,
    )


def _degrees(raw: NDArray[np.uint32], negative: NDArray[np.uint32]) -> NDArray[np.float64]:
    degrees = raw.astype(np.int32) / 1e6
    return np.where(negative != 0, 0.0 - np.abs(degrees), degrees)


def _pick_items(
    data: NDArray[np.uint8], item_start: NDArray[np.int64], item_end: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Items 01 (km) and 03 (km/h) of all reports, NaN where absent."""
    head = windows(data, item_start, _USUAL_ITEMS.itemsize).view(_USUAL_ITEMS)[:, 0]
    usual = (head["first"] == _MILEAGE) & (head["second"] == _RECORDER_SPEED)
    usual &= item_end - item_start >= _USUAL_ITEMS.itemsize
    mileage_km = np.where(usual, head["mileage"] / 10.0, np.nan)
    recorder_speed_kmh = np.where(usual, head["recorder_speed"] / 10.0, np.nan)
    rows = np.flatnonzero(~usual)
    if len(rows):
        _walk_items(data, rows, item_start[rows], item_end[rows], mileage_km, recorder_speed_kmh)
    return mileage_km, recorder_speed_kmh


def _walk_items(
    data: NDArray[np.uint8],
    rows: NDArray[np.int64],
    position: NDArray[np.int64],
    end: NDArray[np.int64],
    mileage_km: NDArray[np.float64],
    recorder_speed_kmh: NDArray[np.float64],
) -> None:
    """Fill in items 01 and 03 of some rows, whose items stand at `position` to `end`.

    Step k looks at the k-th item of each.
    """
    for _ in range(_COLUMN_STEPS):
        if len(rows) <= _FEW_ROWS:
            break
        unread = position + _ITEM_HEAD_BYTES <= end
        unread &= np.isnan(mileage_km[rows]) | np.isnan(recorder_speed_kmh[rows])
        rows, position, end = rows[unread], position[unread], end[unread]
        head = windows(data, position, 6).view(">u2")
        kind = head[:, 0].astype(np.int64)
        following = position + _ITEM_HEAD_BYTES + (kind & 0xFF)
        whole = following <= end
        _store(mileage_km, rows, whole & (kind == _MILEAGE), head[:, 1:3], ">u4")
        _store(recorder_speed_kmh, rows, whole & (kind == _RECORDER_SPEED), head[:, 1:2], ">u2")
        # Behind an item that is cut short nothing can be read.
        position = np.where(whole, following, end)
    for row, start, stop in zip(rows.tolist(), position.tolist(), end.tolist(), strict=True):
        mileage, speed = _walk_one(data[start:stop].tobytes())
        if mileage is not None and np.isnan(mileage_km[row]):
            mileage_km[row] = mileage
        if speed is not None and np.isnan(recorder_speed_kmh[row]):
            recorder_speed_kmh[row] = speed


def _store(
    column: NDArray[np.float64],
    rows: NDArray[np.int64],
    found: NDArray[np.bool_],
    value: NDArray[np.void],
    kind: str,
) -> None:
    """Write big-endian tenths into the rows found, unless an earlier item of the same id has filled them."""
    here = np.flatnonzero(found)
    if len(here):
        target = rows[here]
        tenths = value[here].view(kind)[:, 0] / 10.0
        column[target] = np.where(np.isnan(column[target]), tenths, column[target])


def _walk_one(items: bytes) -> tuple[float | None, float | None]:
    """The first item 01 and the first item 03 of one report; at most 512 steps, a body has 1023 bytes."""
    mileage: float | None = None
    speed: float | None = None
    start = _ITEM_HEAD_BYTES
    while start <= len(items) and (mileage is None or speed is None):
        kind = items[start - 2] << 8 | items[start - 1]
        end = start + (kind & 0xFF)
        if end > len(items):
            break
        if kind == _MILEAGE and mileage is None:
            mileage = int.from_bytes(items[start:end]) / 10.0
        elif kind == _RECORDER_SPEED and speed is None:
            speed = int.from_bytes(items[start:end]) / 10.0
        start = end + _ITEM_HEAD_BYTES
    return mileage, speed
