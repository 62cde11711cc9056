"""Positions of many vehicles by the column: 0x1202, 0x1203, 0x9202, 0x9203 of both editions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stream.jt808.columns import windows
from stream.jt808.positions import decode_rows
from stream.jt808.text import decode_text
from stream.jt809.bulk import FrameBatch
from stream.jt809.kernels import find_positions, read_2011

PLATE_BYTES = 21
_STATUS_ENCRYPTED = np.uint32(1 << 5)
_SUB_TYPE_OFFSET = 22
_REPORT_OFFSET, _BEHIND_REPORT_BYTES, _PLATFORM_BYTES = 5, 45, 15
# Vehicles of the largest platform in China, so that a plate is decoded once and not once a report.
_PLATES_KEPT = 1 << 17


@dataclass(frozen=True, slots=True)
class Positions:
    """Columns over the positions of a batch of frames, in the order sent.

    frame: row of the frame in its batch; sequence, sub_type: of that frame. vehicle: plate (GBK, zeros
    behind) and colour as 22 bytes, a key for look-ups; `plate` makes text of it. encrypted: the coordinates
    are and are of no use here. time_ms is -1 where it is no time that exists; mileage_km and
    recorder_speed_kmh are NaN where 2019 has no such item. platform_alarm_bits: what monitoring, city and
    provincial platform found (2019, else 0). report_start, report_end: the 808 body of 2019 in `data`.
    """

    frame: NDArray[np.int64]
    sequence: NDArray[np.int64]
    sub_type: NDArray[np.uint16]
    vehicle: NDArray[np.void]
    color: NDArray[np.uint8]
    encrypted: NDArray[np.bool_]
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
    platform_alarm_bits: NDArray[np.uint32]
    report_start: NDArray[np.int64]
    report_end: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, index: slice) -> Positions:
        """Some of the rows; `data` stays whole."""
        columns = {name: getattr(self, name)[index] for name in self.__slots__ if name != "data"}
        return Positions(data=self.data, **columns)

    def plate(self, row: int) -> str:
        """The plate as text."""
        return plate_text(self.vehicle[row].tobytes())

    def plates(self) -> list[str]:
        """The plate of every row as text."""
        return [plate_text(key) for key in self.vehicle_keys()]

    def vehicle_keys(self) -> list[bytes]:
        """The 22 bytes of every row: plate and colour."""
        keys: list[bytes] = self.vehicle.tolist()
        return keys

    def items(self, row: int) -> bytes:
        """The raw 808 items of a report of 2019, empty in 2011."""
        start, end = int(self.report_start[row]), int(self.report_end[row])
        return self.data[start + 28 : end].tobytes() if end else b""


@lru_cache(_PLATES_KEPT)
def plate_text(vehicle: bytes) -> str:
    """The plate of a vehicle key as text."""
    return decode_text(vehicle[:PLATE_BYTES])


def decode_positions(batch: FrameBatch) -> tuple[Positions, NDArray[np.int64]]:
    """All positions of a batch, and the rows of the frames that gave none: other messages and malformed ones,
    to be read one by one.
    """
    newest = batch.edition == "2019"
    counts, frame, place = find_positions(batch.data, batch.head, newest=newest)
    body = batch.head[frame, 6]
    vehicle = windows(batch.data, body, PLATE_BYTES + 1)
    sub_type = windows(batch.data, body + _SUB_TYPE_OFFSET, 2).view(">u2")[:, 0].astype(np.uint16)
    read = _read_2019 if newest else _read_2011
    positions = Positions(
        frame=frame,
        sequence=batch.head[frame, 2],
        sub_type=sub_type,
        vehicle=vehicle.view(np.dtype((np.void, PLATE_BYTES + 1)))[:, 0],
        color=vehicle[:, PLATE_BYTES],
        data=batch.data,
        **read(batch.data, place),
    )
    return positions, np.flatnonzero(counts < 0)


def in_order(positions: Positions, others: NDArray[np.int64]) -> Iterator[Positions | int]:
    """Positions and rows of other frames in the order of the frames; positions in a row are one part."""
    start = 0
    for row, end in zip(others.tolist(), np.searchsorted(positions.frame, others).tolist(), strict=True):
        if end > start:
            yield positions.take(slice(start, end))
        yield row
        start = end
    if start == 0 and len(positions):
        yield positions
    elif len(positions) > start:
        yield positions.take(slice(start, None))


def _read_2011(data: NDArray[np.uint8], place: NDArray[np.int64]) -> dict[str, Any]:
    whole, degrees = read_2011(data, place)
    nowhere = np.zeros(len(place), np.int64)
    return {
        "encrypted": whole[0] != 0,
        "time_ms": whole[1],
        "longitude_deg": degrees[0],
        "latitude_deg": degrees[1],
        "speed_kmh": whole[2].astype(np.float64),
        "recorder_speed_kmh": whole[3].astype(np.float64),
        "mileage_km": whole[4].astype(np.float64),
        "heading_deg": whole[5].astype(np.uint16),
        "altitude_m": whole[6].astype(np.uint16).view(np.int16),
        "status_bits": whole[7].astype(np.uint32),
        "alarm_bits": whole[8].astype(np.uint32),
        "platform_alarm_bits": np.zeros((len(place), 3), np.uint32),
        "report_start": nowhere,
        "report_end": nowhere,
    }


def _read_2019(data: NDArray[np.uint8], place: NDArray[np.int64]) -> dict[str, Any]:
    start = place + _REPORT_OFFSET
    size = windows(data, place + 1, 4).view(">u4")[:, 0].astype(np.int64)
    end = start + size
    report = decode_rows(data, start, end)
    behind = windows(data, end, _BEHIND_REPORT_BYTES).reshape(len(place), 3, _PLATFORM_BYTES)
    alarms = np.ascontiguousarray(behind[:, :, -4:]).view(">u4")[:, :, 0].astype(np.uint32)
    return {
        "encrypted": (data[place] != 0) | ((report.status_bits & _STATUS_ENCRYPTED) != 0),
        "time_ms": report.time_ms,
        "longitude_deg": report.longitude_deg,
        "latitude_deg": report.latitude_deg,
        "speed_kmh": report.speed_kmh,
        "recorder_speed_kmh": report.recorder_speed_kmh,
        "mileage_km": report.mileage_km,
        "heading_deg": report.heading_deg,
        "altitude_m": report.altitude_m,
        "status_bits": report.status_bits,
        "alarm_bits": report.alarm_bits,
        "platform_alarm_bits": alarms,
        "report_start": start,
        "report_end": end,
    }
