"""BCD digits and BCD times (GMT+8), one at a time and by the column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from stream.jt808.errors import EncodeError

GMT8 = timezone(timedelta(hours=8))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_INVALID = 255


def _byte_values() -> NDArray[np.int64]:
    values = np.full(256, _INVALID, np.int64)
    for tens in range(10):
        for ones in range(10):
            values[tens * 16 + ones] = tens * 10 + ones
    return values


def _month_tables() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start of each month of 2000-2099 (GMT+8) in ms since 1970 UTC, and its days; 0 days = no such month.

    Index is year * 256 + month, so that any byte can be looked up without a check before.
    """
    starts = np.zeros(256 * 256, np.int64)
    days = np.zeros(256 * 256, np.int64)
    for year in range(100):
        for month in range(1, 13):
            first = datetime(2000 + year, month, 1, tzinfo=GMT8)
            following = datetime(2000 + year + month // 12, month % 12 + 1, 1, tzinfo=GMT8)
            starts[year * 256 + month] = (first - _EPOCH) // _MILLISECOND
            days[year * 256 + month] = (following - first).days
    return starts, days


_VALUES = _byte_values()
_MONTH_STARTS_MS, _MONTH_DAYS = _month_tables()


def decode_times(digits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """BCD[6] `YYMMDDhhmmss` of each row to ms since 1970 UTC; -1 where it is no time that exists.

    digits: uint8[n, 6]. Years are 2000-2099 (JT/T 808 has two digits), zone GMT+8.
    """
    values = _VALUES[digits]
    month = values[:, 0] * 256 + values[:, 1]
    day, hour, minute, second = values[:, 2], values[:, 3], values[:, 4], values[:, 5]
    exists = (day >= 1) & (day <= _MONTH_DAYS[month]) & (hour < 24) & (minute < 60) & (second < 60)
    time_ms = _MONTH_STARTS_MS[month] + (((day * 24 + hour - 24) * 60 + minute) * 60 + second) * 1000
    return np.where(exists, time_ms, -1)


def decode_time(digits: bytes) -> datetime | None:
    """One BCD[6] time as a datetime with +08:00; None where it is no time that exists."""
    text = digits.hex()
    if len(text) != 12 or not text.isdecimal():
        return None
    year, month, day, hour, minute, second = (int(text[i : i + 2]) for i in range(0, 12, 2))
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=GMT8)
    except ValueError:
        return None


def encode_time(time: datetime | None) -> bytes:
    """BCD[6] in GMT+8; None gives zeros, what a terminal without a clock sends. Raises `EncodeError` outside
    2000-2099.
    """
    if time is None:
        return bytes(6)
    local = time.astimezone(GMT8)
    if not 2000 <= local.year <= 2099:
        raise EncodeError(f"year {local.year} does not fit two BCD digits (2000-2099)")
    return bytes.fromhex(local.strftime("%y%m%d%H%M%S"))


def encode_digits(digits: str, size: int) -> bytes:
    """Digits (hex nibbles are let through) left-padded with 0 into `size` bytes. Raises `EncodeError` for
    anything else and for too many.
    """
    padded = digits.rjust(size * 2, "0")
    try:
        packed = bytes.fromhex(padded)
    except ValueError:
        packed = b""
    if not padded.isalnum() or not packed:
        raise EncodeError(f"{digits!r} is not made of digits")
    if len(packed) != size:
        raise EncodeError(f"{digits!r} has more than {size * 2} digits")
    return packed
