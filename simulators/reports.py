"""Position reports as bytes: bodies of 0x0200 for many samples at once, and batches of them in 0x0704."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulators.limits import CHINA_OFFSET_S
from simulators.motion import Samples

MAX_BODY_BYTES = 1_023
LIVE_BATCH, BLIND_AREA = 0, 1
_ACC_ON, _FIX, _HALF_LOADED, _GPS, _BEIDOU, _MOVING_2019 = 1, 1 << 1, 1 << 8, 1 << 18, 1 << 19, 1 << 22


def bodies(samples: Samples, edition: str) -> list[bytes]:
    """Encode each sample as a 0x0200 body: the 28 fixed bytes and items 01, 03 (2013 and later: 30, 31).

    Source: JT/T 808-2013, 8.18; the items of signal strength and satellites are not in the 2011 edition.
    """
    rows = np.zeros((len(samples), 38 if edition == "2011" else 44), dtype=np.uint8)
    status = np.full(len(samples), _ACC_ON | _FIX)
    if edition != "2011":
        status |= _HALF_LOADED | _GPS | _BEIDOU
    if edition == "2019":
        status |= np.where(samples.moving, _MOVING_2019, 0)
    _put(rows, 0, 4, samples.alarm_bits)
    _put(rows, 4, 4, status)
    _put(rows, 8, 4, samples.latitude_udeg)
    _put(rows, 12, 4, samples.longitude_udeg)
    _put(rows, 16, 2, samples.altitude_m)
    _put(rows, 18, 2, samples.speed_dkmh)
    _put(rows, 20, 2, samples.heading_deg)
    rows[:, 22:28] = _bcd_times(samples.time_ms)
    rows[:, 28:30] = (0x01, 4)
    _put(rows, 30, 4, samples.mileage_hm)
    rows[:, 34:36] = (0x03, 2)
    _put(rows, 36, 2, samples.recorder_speed_dkmh)
    if edition != "2011":
        rows[:, 38:40] = (0x30, 1)
        rows[:, 40] = 18 + samples.time_ms // 7_000 % 12
        rows[:, 41:43] = (0x31, 1)
        rows[:, 43] = 9 + samples.time_ms // 11_000 % 8
    whole, size = rows.tobytes(), rows.shape[1]
    return [whole[at : at + size] for at in range(0, len(whole), size)]


def batch(kind: int, reports: Sequence[bytes]) -> bytes:
    """Put reports, oldest first, into one 0x0704 body (JT/T 808-2013, 8.49); see `batch_capacity`."""
    parts = [struct.pack(">HB", len(reports), kind)]
    for body in reports:
        parts += (len(body).to_bytes(2), body)
    return b"".join(parts)


def fitting(reports: list[bytes]) -> list[bytes]:
    """The first of some reports, as many as one 0x0704 body holds; those with alarms are longer."""
    room = MAX_BODY_BYTES - 3
    for count, body in enumerate(reports):
        room -= len(body) + 2
        if room < 0:
            return reports[: max(1, count)]
    return reports


def batch_capacity(edition: str) -> int:
    """How many reports fit one 0x0704 body; 1 where the edition does not know the message."""
    return 1 if edition == "2011" else (MAX_BODY_BYTES - 3) // (44 + 2)


def _put(rows: NDArray[np.uint8], offset: int, size: int, values: NDArray[np.int64]) -> None:
    """Write big-endian integers into a column of bytes."""
    for byte in range(size):
        rows[:, offset + byte] = (values >> (8 * (size - 1 - byte))) & 0xFF


def _bcd_times(time_ms: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Times as BCD YYMMDDhhmmss in GMT+8, shape (n, 6)."""
    local = (time_ms // 1000 + CHINA_OFFSET_S).astype("datetime64[s]")
    days, months, years = (local.astype(f"datetime64[{unit}]") for unit in "DMY")
    seconds = (local - days).astype(np.int64)
    fields = (
        years.astype(np.int64) + 1970 - 2000,
        (months - years).astype(np.int64) + 1,
        (days - months).astype(np.int64) + 1,
        seconds // 3600,
        seconds // 60 % 60,
        seconds % 60,
    )
    return np.stack([(value // 10 << 4) | value % 10 for value in fields], axis=1).astype(np.uint8)
