"""Position bodies (0x0200) of many terminals at once: fixed bytes and items the rules need, by the column.

Terminals send items of wrong length, repeated, empty or cut off at the end. None of that costs the position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.jt808 import position_kernel as columns
from stream.jt808.columns import WINDOW_BYTES
from stream.jt808.item_oddities import item_table
from stream.jt808.position_kernel import BASE_BYTES, read_positions

__all__ = ["BASE_BYTES", "Positions", "decode_position_bodies", "decode_rows"]


@dataclass(frozen=True, slots=True)
class Positions:
    """Columns over some 0x0200 bodies, in their order; where `ok` is False the other columns mean nothing.

    time_ms is -1 where the BCD is no time that exists. mileage_km (item 01) and recorder_speed_kmh (item 03)
    are NaN where the item is absent or has another length; of a repeated item the first counts. Longitude and
    latitude are negative if the status bit says so or if the sender wrote two's complement. safety: whether
    any item has an id of active safety (0x64-0x67), so that `safety_alarms` is worth asking. oddities: bits
    of `Oddity`.
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
    safety: NDArray[np.bool_]
    oddities: NDArray[np.uint32]
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
    data = np.frombuffer(bytearray().join([*bodies, bytes(WINDOW_BYTES)]), np.uint8)
    sizes = np.fromiter(map(len, bodies), np.int64, len(bodies))
    ends = np.cumsum(sizes)
    return decode_rows(data, ends - sizes, ends)


def decode_rows(data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Positions:
    """Decode the bodies `data[starts[i]:ends[i]]`; a body that is not inside `data` gives ok = False."""
    rows = len(starts)
    floats = np.empty((5, rows))
    places = np.empty((2, rows), np.int64)
    bits = np.zeros((3, rows), np.uint32)
    words = np.empty((2, rows), np.uint16)
    flags = np.zeros((2, rows), np.bool_)
    read_positions(
        data, starts, ends, item_table(), floats, places, bits, words, flags, np.empty(4, np.uint64)
    )
    return Positions(
        ok=flags[columns.OK],
        time_ms=places[columns.TIME],
        longitude_deg=floats[columns.LONGITUDE],
        latitude_deg=floats[columns.LATITUDE],
        altitude_m=words[columns.ALTITUDE].view(np.int16),
        speed_kmh=floats[columns.SPEED],
        heading_deg=words[columns.HEADING],
        alarm_bits=bits[columns.ALARM],
        status_bits=bits[columns.STATUS],
        mileage_km=floats[columns.MILEAGE],
        recorder_speed_kmh=floats[columns.RECORDER_SPEED],
        safety=flags[columns.SAFETY],
        oddities=bits[columns.ODDITIES],
        item_start=places[columns.ITEM_START],
        item_end=ends,
        data=data,
    )
