"""BCD digits and BCD times (GMT+8), one at a time and by the column."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from stream.jt808.errors import EncodeError

GMT8 = timezone(timedelta(hours=8))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY_MS = 86_400_000
# Added by a part that is no part of a time; large enough that no other part brings the sum above zero.
_NEVER_MS = -(1 << 60)


def _bcd(value: int) -> int:
    return value // 10 * 16 + value % 10


def _month_tables() -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Start in ms since 1970 UTC and number of days of each month of 2000-2099 in GMT+8, by its word YYMM."""
    starts = np.full(1 << 16, _NEVER_MS, np.int64)
    days = np.zeros(1 << 16, np.uint8)
    for year in range(100):
        for month in range(1, 13):
            word = _bcd(year) << 8 | _bcd(month)
            first = datetime(2000 + year, month, 1, tzinfo=GMT8)
            following = datetime(2000 + year + month // 12, month % 12 + 1, 1, tzinfo=GMT8)
            starts[word] = (first - _EPOCH) // _MILLISECOND
            days[word] = (following - first).days
    return starts, days


def _day_tables() -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Ms since the start of the month, and the day, by the word DDhh."""
    offsets = np.full(1 << 16, _NEVER_MS, np.int64)
    days = np.zeros(1 << 16, np.uint8)
    for day in range(1, 32):
        for hour in range(24):
            word = _bcd(day) << 8 | _bcd(hour)
            offsets[word] = (day - 1) * _DAY_MS + hour * 3_600_000
            days[word] = day
    return offsets, days


def _minute_table() -> NDArray[np.int64]:
    """Ms since the start of the hour, by the word mmss."""
    offsets = np.full(1 << 16, _NEVER_MS, np.int64)
    for minute in range(60):
        for second in range(60):
            offsets[_bcd(minute) << 8 | _bcd(second)] = (minute * 60 + second) * 1000
    return offsets


_MONTH_MS, _DAYS_OF_MONTH = _month_tables()
_DAY_AND_HOUR_MS, _DAY_OF_MONTH = _day_tables()
_MINUTE_AND_SECOND_MS = _minute_table()


def decode_times(
    month: NDArray[np.integer], day: NDArray[np.integer], minute: NDArray[np.integer]
) -> NDArray[np.int64]:
    """BCD[6] `YYMMDDhhmmss` of each row to ms since 1970 UTC; -1 where it is no time that exists.

    month, day, minute: YYMM, DDhh and mmss as big-endian WORDs; each is looked up whole, which reads its four
    digits and checks them at once. Years are 2000-2099 (JT/T 808 has two digits), zone GMT+8.
    """
    time_ms: NDArray[np.int64] = _MONTH_MS[month] + _DAY_AND_HOUR_MS[day] + _MINUTE_AND_SECOND_MS[minute]
    time_ms[(time_ms < 0) | (_DAY_OF_MONTH[day] > _DAYS_OF_MONTH[month])] = -1
    return time_ms


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
