"""Loops over bytes, compiled: what must look at every byte, and what looks at one position after another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from stream.protocol_errors import FrameFault

_ESCAPE = int(FrameFault.ESCAPE)
_TRUNCATED = int(FrameFault.TRUNCATED)
_CHECKSUM = int(FrameFault.CHECKSUM)
_LENGTH = int(FrameFault.LENGTH)
_ENCRYPTED = int(FrameFault.ENCRYPTED)


def _crc_table() -> NDArray[np.uint16]:
    """CRC16-CCITT of every first byte, polynomial 0x1021."""
    table = np.zeros(256, np.uint16)
    for first in range(256):
        value = first << 8
        for _ in range(8):
            value = (value << 1) ^ 0x1021 if value & 0x8000 else value << 1
        table[first] = value & 0xFFFF
    return table


_CRC = _crc_table()


@kernel
def cipher_in_place(
    data: NDArray[np.uint8], start: int, end: int, key: int, numbers: NDArray[np.uint64]
) -> None:
    """Encrypt or decrypt `data[start:end]`; `numbers` are M1, IA1, IC1. See `stream.jt809.cipher`."""
    modulus, factor, summand = numbers[0], numbers[1], numbers[2]
    if modulus == 0:
        modulus = np.uint64(1)
    state = np.uint64(key)
    if state == 0:
        state = np.uint64(1)
    for place in range(start, end):
        state = (factor * (state % modulus) + summand) & np.uint64(0xFFFFFFFF)
        data[place] ^= np.uint8((state >> np.uint64(20)) & np.uint64(0xFF))


@kernel
def _unescape(
    wire: NDArray[np.uint8], start: int, end: int, data: NDArray[np.uint8], table: NDArray[np.uint16]
) -> tuple[int, int]:
    """Undo the escapes of one content into `data[start:]`; its new end, -1 for a bad escape, and its CRC."""
    place, out, crc = start, start, 0xFFFF
    while place < end:
        byte = int(wire[place])
        place += 1
        if byte == 0x5A or byte == 0x5E:
            code = int(wire[place]) if place < end else 0
            if code != 1 and code != 2:
                return -1, 0
            place += 1
            byte = 0x5C - code if byte == 0x5A else 0x5C + code
        data[out] = byte
        crc = ((crc << 8) & 0xFFFF) ^ int(table[(crc >> 8) ^ byte])
        out += 1
    return out, crc


@kernel
def _be(data: NDArray[np.uint8], place: int, size: int) -> int:
    """An unsigned big-endian integer of up to 7 bytes."""
    value = 0
    for offset in range(size):
        value = (value << 8) | int(data[place + offset])
    return value


@kernel
def _scan(
    wire: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    header_bytes: int,
    lenient: bool,
    numbers: NDArray[np.uint64],
    table: NDArray[np.uint16],
    data: NDArray[np.uint8],
    head: NDArray[np.int64],
) -> None:
    """Unescape, check and decrypt every content in place of `data`; `head` gets a row of `HEAD` each."""
    for row in range(len(starts)):
        start = starts[row]
        end, crc = _unescape(wire, start, ends[row], data, table)
        size = end - start
        head[row, 6] = head[row, 7] = start
        if end < 0:
            head[row, 0] = _ESCAPE
        elif size < 24:
            head[row, 0] = _TRUNCATED
        elif crc != 0:
            # Over a content with its CRC at the end the CRC is zero.
            head[row, 0] = _CHECKSUM
        else:
            stated = _be(data, start, 4)
            escaped = stated != size + 2 and lenient and stated == ends[row] - start + 2
            head[row, 5] = int(escaped)
            if stated != size + 2 and not escaped:
                head[row, 0] = _LENGTH
            elif size < header_bytes + 2:
                head[row, 0] = _TRUNCATED
            else:
                head[row, 1] = _be(data, start + 8, 2)
                head[row, 2] = _be(data, start + 4, 4)
                head[row, 3] = _be(data, start + 10, 4)
                head[row, 4] = int(data[start + 17])
                head[row, 6] = start + header_bytes
                head[row, 7] = end - 2
                if head[row, 4] != 0 and head[row, 7] > head[row, 6]:
                    if len(numbers) == 0:
                        head[row, 0] = _ENCRYPTED
                    else:
                        key = _be(data, start + 18, 4)
                        cipher_in_place(data, head[row, 6], head[row, 7], key, numbers)


@kernel
def _count_positions(
    data: NDArray[np.uint8], head: NDArray[np.int64], newest: bool, counts: NDArray[np.int64]
) -> None:
    """How many positions each frame holds; -1 where it is another message or is malformed."""
    for row in range(len(head)):
        counts[row] = -1
        start, end = head[row, 6], head[row, 7]
        message_id = head[row, 1]
        if head[row, 0] != 0 or end - start < 28 or (message_id != 0x1200 and message_id != 0x9200):
            continue
        sub_type = _be(data, start + 22, 2)
        if sub_type >> 8 != message_id >> 8 or _be(data, start + 24, 4) != end - start - 28:
            continue
        which = sub_type & 0xFF
        if which != 2 and which != 3:
            continue
        place = start + 28
        count = 1
        if which == 3:
            if place >= end:
                continue
            count = int(data[place])
            place += 1
        if _end_of(data, place, end, count, newest) == end:
            counts[row] = count


@kernel
def _end_of(data: NDArray[np.uint8], place: int, end: int, count: int, newest: bool) -> int:
    """Where `count` positions end, -1 if they are not whole."""
    for _ in range(count):
        size = 36
        if newest:
            if place + 5 > end:
                return -1
            report = _be(data, place + 1, 4)
            # Shorter than the base of 0x0200, it is no position for columns.
            if report < 28:
                return -1
            size = 5 + report + 45
        place += size
        if place > end:
            return -1
    return place


@kernel
def _place_positions(
    data: NDArray[np.uint8],
    head: NDArray[np.int64],
    newest: bool,
    counts: NDArray[np.int64],
    frame: NDArray[np.int64],
    place: NDArray[np.int64],
) -> None:
    """The frame of each position and where in `data` the position begins."""
    row = 0
    for number in range(len(head)):
        if counts[number] <= 0:
            continue
        start = head[number, 6]
        at = start + 28 + (1 if (data[start + 23] & 1) == 1 else 0)
        for _ in range(counts[number]):
            frame[row] = number
            place[row] = at
            at += 50 + _be(data, at + 1, 4) if newest else 36
            row += 1


@kernel
def _time_ms(data: NDArray[np.uint8], place: int) -> int:
    """Day, month, year, hour, minute, second in GMT+8 to ms since 1970 UTC; -1 for what is no time."""
    day, month, year = int(data[place]), int(data[place + 1]), _be(data, place + 2, 2)
    hour, minute, second = int(data[place + 4]), int(data[place + 5]), int(data[place + 6])
    if month < 1 or month > 12 or day < 1 or hour > 23 or minute > 59 or second > 59:
        return -1
    if year < 1970 or year > 9999:
        return -1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    longest = 31
    if month == 4 or month == 6 or month == 9 or month == 11:
        longest = 30
    elif month == 2:
        longest = 29 if leap else 28
    if day > longest:
        return -1
    # Days since 1970 by counting years from March, so that the leap day is the last of its year.
    years = year - 1 if month <= 2 else year
    era_day = years * 365 + years // 4 - years // 100 + years // 400
    year_day = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    seconds = (era_day + year_day - 719468) * 86400 + (hour - 8) * 3600 + minute * 60 + second
    return seconds * 1000 if seconds > 0 else -1


@kernel
def _read_2011(
    data: NDArray[np.uint8],
    place: NDArray[np.int64],
    whole: NDArray[np.int64],
    degrees: NDArray[np.float64],
) -> None:
    """Positions of 36 bytes: a row of `WHOLE` and longitude and latitude each."""
    for row in range(len(place)):
        at = place[row]
        whole[0, row] = int(data[at])
        whole[1, row] = _time_ms(data, at + 1)
        degrees[0, row] = _be(data, at + 8, 4) / 1e6
        degrees[1, row] = _be(data, at + 12, 4) / 1e6
        whole[2, row] = _be(data, at + 16, 2)
        whole[3, row] = _be(data, at + 18, 2)
        whole[4, row] = _be(data, at + 20, 4)
        whole[5, row] = _be(data, at + 24, 2)
        whole[6, row] = _be(data, at + 26, 2)
        whole[7, row] = _be(data, at + 28, 4)
        whole[8, row] = _be(data, at + 32, 4)


def scan(
    wire: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    header_bytes: int,
    numbers: NDArray[np.uint64],
    *,
    lenient: bool,
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Contents between flags to clear bytes, at the same starts, and a row of int64 each:

    fault, business type, sequence, centre id, encrypt flag, length counts escapes, body start, body end.
    """
    data = np.zeros(len(wire), np.uint8)
    head = np.zeros((len(starts), 8), np.int64)
    _scan(wire, starts, ends, header_bytes, lenient, numbers, _CRC, data, head)
    return data, head


def find_positions(
    data: NDArray[np.uint8], head: NDArray[np.int64], *, newest: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count of each frame (-1: no positions to read), and frame and place of each position."""
    counts = np.empty(len(head), np.int64)
    _count_positions(data, head, newest, counts)
    total = int(np.maximum(counts, 0).sum())
    frame, place = np.empty(total, np.int64), np.empty(total, np.int64)
    _place_positions(data, head, newest, counts, frame, place)
    return counts, frame, place


def read_2011(
    data: NDArray[np.uint8], place: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Whole numbers int64[9, n] and degrees float64[2, n] of positions of 2011.

    Whole: encrypt, time_ms, speed, recorder speed, mileage, heading, altitude, status, alarm.
    """
    whole, degrees = np.empty((9, len(place)), np.int64), np.empty((2, len(place)))
    _read_2011(data, place, whole, degrees)
    return whole, degrees


def cipher_bytes(data: bytes, key: int, m1: int, ia1: int, ic1: int) -> bytes:
    """`stream.jt809.cipher.Cipher.apply` for large bodies."""
    out = np.frombuffer(data, np.uint8).copy()
    cipher_in_place(out, 0, len(out), key, np.array((m1, ia1, ic1), np.uint64))
    return out.tobytes()
