"""Positions, compiled: the 28 fixed bytes and a walk over the items of each.

Safe for any bytes: a body shorter than its fixed bytes is not read, and no item is read beyond its body.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from stream.jt808.item_list import KNOWN, REUSED, UNKNOWN
from stream.jt808.oddities import Oddity

_TWOS_COMPLEMENT, _UNKNOWN_TIME = int(Oddity.TWOS_COMPLEMENT), int(Oddity.UNKNOWN_TIME)
_TRUNCATED_ITEM, _REPEATED_ITEM = int(Oddity.TRUNCATED_ITEM), int(Oddity.REPEATED_ITEM)
_REUSED_ITEM, _UNKNOWN_ITEM = int(Oddity.REUSED_ITEM), int(Oddity.UNKNOWN_ITEM)

BASE_BYTES = 28
#: Rows of the columns that `read_positions` fills.
LONGITUDE, LATITUDE, SPEED, MILEAGE, RECORDER_SPEED = range(5)
TIME, ITEM_START = range(2)
ALARM, STATUS, ODDITIES = range(3)
ALTITUDE, HEADING = range(2)
OK, SAFETY = range(2)

_SOUTH, _WEST = 1 << 2, 1 << 3
_MILEAGE_ITEM, _RECORDER_SPEED_ITEM = 0x0104, 0x0302
_FIRST_SAFETY, _LAST_SAFETY = 0x64, 0x67
# 2000-01-01 in days since 1970, and GMT+8.
_DAYS_TO_2000 = 10957
_ZONE_S = 8 * 3600


@kernel
def _word(data: NDArray[np.uint8], at: int) -> int:
    return int(data[at]) << 8 | int(data[at + 1])


@kernel
def _dword(data: NDArray[np.uint8], at: int) -> int:
    return _word(data, at) << 16 | _word(data, at + 2)


@kernel
def _pair(byte: int) -> int:
    """Two BCD digits; -1 where they are none."""
    high, low = byte >> 4, byte & 15
    return -1 if high > 9 or low > 9 else high * 10 + low


@kernel
def _days_of(month: int, leap: bool) -> int:
    if month == 2:
        return 29 if leap else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


@kernel
def read_time(data: NDArray[np.uint8], at: int) -> int:
    """BCD[6] in GMT+8 to ms since 1970 UTC; -1 where it is no time that exists. Years are 2000-2099."""
    year, month, day = _pair(int(data[at])), _pair(int(data[at + 1])), _pair(int(data[at + 2]))
    hour, minute, second = _pair(int(data[at + 3])), _pair(int(data[at + 4])), _pair(int(data[at + 5]))
    leap = year % 4 == 0
    if year < 0 or month < 1 or month > 12 or day < 1 or day > _days_of(month, leap):
        return -1
    if hour < 0 or hour > 23 or minute < 0 or minute > 59 or second < 0 or second > 59:
        return -1
    # Days before the month in a common year, by the usual fit of the lengths of months.
    days = (367 * month - 362) // 12 - (0 if month <= 2 else 1 if leap else 2)
    days += _DAYS_TO_2000 + 365 * year + (year + 3) // 4 + day - 1
    return (days * 86_400 + hour * 3600 + minute * 60 + second - _ZONE_S) * 1000


@kernel
def _degrees(raw: int, negative: int) -> float:
    """A magnitude with a status bit by the standard, two's complement from some: either makes it negative."""
    signed = raw - (1 << 32) if raw >> 31 else raw
    return 0.0 - abs(signed) / 1e6 if negative else signed / 1e6


@kernel
def _is_tyres(data: NDArray[np.uint8], start: int, end: int) -> bool:
    """Whether an item 0x66 has the length of an identifier and its counted tyres (T/JSATL 12-2017, 4.5.3)."""
    for identifier in (16, 32, 38, 39, 40):
        at = start + 24 + identifier
        if at < end:
            tyres = end - at - 1
            if tyres == 9 * int(data[at]) or tyres == 10 * int(data[at]):
                return True
    return False


@kernel
def _walk_items(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    table: NDArray[np.uint8],
    row: int,
    floats: NDArray[np.float64],
    flags: NDArray[np.bool_],
    seen: NDArray[np.uint64],
) -> int:
    """Items 01 and 03, whether any is of active safety, and the oddities. At most 512 steps a body."""
    odd = 0
    seen[:] = 0
    at = start
    while at + 2 <= end:
        number, size = int(data[at]), int(data[at + 1])
        following = at + 2 + size
        if following > end:
            break
        bit = np.uint64(1) << np.uint64(number & 63)
        first = not seen[number >> 6] & bit
        seen[number >> 6] |= bit
        if not first:
            odd |= _REPEATED_ITEM
        kind = table[number, size]
        if kind == KNOWN:
            if number == 1 and np.isnan(floats[MILEAGE, row]):
                floats[MILEAGE, row] = _dword(data, at + 2) / 10.0
            elif number == 3 and np.isnan(floats[RECORDER_SPEED, row]):
                floats[RECORDER_SPEED, row] = _word(data, at + 2) / 10.0
        elif kind == UNKNOWN:
            odd |= _UNKNOWN_ITEM
        elif kind == REUSED or not _is_tyres(data, at + 2, following):
            odd |= _REUSED_ITEM
        if _FIRST_SAFETY <= number <= _LAST_SAFETY:
            flags[SAFETY, row] = True
        at = following
    return odd | _TRUNCATED_ITEM if at < end else odd


@kernel
def read_positions(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    table: NDArray[np.uint8],
    floats: NDArray[np.float64],
    places: NDArray[np.int64],
    bits: NDArray[np.uint32],
    words: NDArray[np.uint16],
    flags: NDArray[np.bool_],
    seen: NDArray[np.uint64],
) -> None:
    """The bodies `data[starts[i]:ends[i]]` to columns, one row a column, see the names above.

    table: `UNKNOWN`, `REUSED`, `KNOWN` or `TYRES` by item id and length. bits and flags come as zeros.
    seen: room for a bit an item id, four numbers.
    """
    for row in range(len(starts)):
        at, end = starts[row], ends[row]
        floats[MILEAGE, row] = floats[RECORDER_SPEED, row] = np.nan
        if end - at < BASE_BYTES or at < 0 or end > len(data):
            places[ITEM_START, row] = end
            places[TIME, row] = -1
            floats[LONGITUDE, row] = floats[LATITUDE, row] = floats[SPEED, row] = 0.0
            words[ALTITUDE, row] = words[HEADING, row] = 0
            continue
        status, latitude, longitude = _dword(data, at + 4), _dword(data, at + 8), _dword(data, at + 12)
        flags[OK, row] = True
        bits[ALARM, row], bits[STATUS, row] = _dword(data, at), status
        floats[LATITUDE, row] = _degrees(latitude, status & _SOUTH)
        floats[LONGITUDE, row] = _degrees(longitude, status & _WEST)
        words[ALTITUDE, row] = _word(data, at + 16)
        floats[SPEED, row] = _word(data, at + 18) / 10.0
        words[HEADING, row] = _word(data, at + 20)
        time_ms = read_time(data, at + 22)
        places[TIME, row], places[ITEM_START, row] = time_ms, at + BASE_BYTES
        odd = _UNKNOWN_TIME if time_ms < 0 else 0
        if (latitude | longitude) >> 31:
            odd |= _TWOS_COMPLEMENT
        bits[ODDITIES, row] = odd | _walk_items(data, at + BASE_BYTES, end, table, row, floats, flags, seen)
