"""Loops over bytes, compiled: frames of a tick, and positions.

They follow the same rules as `stream.jt808.frame` and `stream.jt808.messages.position`, which tests hold them
to. Safe for any bytes: every index is compared with the end of its frame or body before it is used.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from stream.jt808.errors import FrameFault
from stream.jt808.framing import MAX_FRAME_BYTES
from stream.jt808.oddities import Oddity

_OVERSIZE, _ESCAPE, _TRUNCATED = int(FrameFault.OVERSIZE), int(FrameFault.ESCAPE), int(FrameFault.TRUNCATED)
_CHECKSUM, _LENGTH = int(FrameFault.CHECKSUM), int(FrameFault.LENGTH)
_PACKAGE, _ENCRYPTED = int(FrameFault.PACKAGE), int(FrameFault.ENCRYPTED)
_UNESCAPED_CHECK_CODE = int(Oddity.UNESCAPED_CHECK_CODE)
_UNFLAGGED_2019_HEADER = int(Oddity.UNFLAGGED_2019_HEADER)
_RESERVED_PROPERTY, _HEX_PHONE = int(Oddity.RESERVED_PROPERTY), int(Oddity.HEX_PHONE)
_MAX_FRAME_BYTES = MAX_FRAME_BYTES
_SHORTEST = 13

#: Rows of the columns that `read_frames` fills.
MESSAGE_ID, SERIAL, TOTAL, PACKAGE = range(4)
FRAME_START, BODY_START, BODY_END = range(3)
ERROR, EDITION_2019 = range(2)


@kernel
def _word(data: NDArray[np.uint8], at: int) -> int:
    return int(data[at]) << 8 | int(data[at + 1])


@kernel
def _copy(
    wire: NDArray[np.uint8], start: int, size: int, data: NDArray[np.uint8], to: int
) -> tuple[int, int]:
    """One frame into `data[to:]` as if it had no escapes: its XOR, and whether it has one after all.

    Bytes stay bytes all the way, so that the compiler takes many at once.
    """
    source, target = wire[start : start + size], data[to : to + size]
    check, escaped = np.uint8(0), np.uint8(0)
    for place in range(size):
        byte = source[place]
        target[place] = byte
        check = np.uint8(check ^ byte)
        escaped = np.uint8(escaped | np.uint8(byte == 0x7D))
    return int(check), int(escaped)


@kernel
def _unescape(
    wire: NDArray[np.uint8], start: int, end: int, data: NDArray[np.uint8], to: int, lenient: bool
) -> tuple[int, int, int]:
    """Undo the escapes of one frame into `data[to:]`: its new end (-1: a bad escape), XOR and oddities."""
    place, out, check, odd = start, to, 0, 0
    while place < end:
        byte = int(wire[place])
        place += 1
        if byte == 0x7D:
            code = int(wire[place]) if place < end else 0
            if code == 1 or code == 2:
                byte = 0x7C + code
                place += 1
            elif lenient and place == end:
                odd = _UNESCAPED_CHECK_CODE
            else:
                return -1, 0, 0
        data[out] = byte
        check ^= byte
        out += 1
    return out, check, odd


@kernel
def _has_hex_nibble(data: NDArray[np.uint8], start: int, end: int) -> bool:
    for place in range(start, end):  # noqa: SIM110 (a generator is no kernel)
        if data[place] & 15 > 9 or data[place] >> 4 > 9:
            return True
    return False


@kernel
def _read_header(
    data: NDArray[np.uint8],
    start: int,
    end: int,
    lenient: bool,
    row: int,
    words: NDArray[np.uint16],
    places: NDArray[np.int64],
    flags: NDArray[np.uint8],
) -> tuple[int, int]:
    """The header of `data[start:end]`, which has at least 13 bytes: its fault and its oddities."""
    properties = _word(data, start + 2)
    packaged = properties >> 13 & 1
    body_bytes = properties & 0x3FF
    size, rest = end - start, body_bytes + 1 + 4 * packaged
    odd = _RESERVED_PROPERTY if properties >> 15 else 0
    newest = properties >> 14 & 1
    if lenient and not newest and data[start + 4] == 1 and size == 17 + rest:
        newest = 1
        odd |= _UNFLAGGED_2019_HEADER
    head = (17 if newest else 12) + 4 * packaged
    words[MESSAGE_ID, row] = _word(data, start)
    flags[EDITION_2019, row] = newest
    if size < head + 1:
        return _TRUNCATED, 0
    at = start + (15 if newest else 10)
    words[SERIAL, row] = _word(data, at)
    if packaged:
        words[TOTAL, row] = _word(data, at + 2)
        words[PACKAGE, row] = _word(data, at + 4)
    if _has_hex_nibble(data, start + (5 if newest else 4), at):
        odd |= _HEX_PHONE
    places[BODY_START, row] = places[BODY_END, row] = start + head
    if size != head + body_bytes + 1:
        return _LENGTH, odd
    if packaged and (words[PACKAGE, row] == 0 or words[PACKAGE, row] > words[TOTAL, row]):
        return _PACKAGE, odd
    if properties >> 10 & 7:
        return _ENCRYPTED, odd
    places[BODY_END, row] = end - 1
    return 0, odd


@kernel
def read_frames(
    wire: NDArray[np.uint8],
    sizes: NDArray[np.int64],
    lenient: bool,
    data: NDArray[np.uint8],
    words: NDArray[np.uint16],
    places: NDArray[np.int64],
    flags: NDArray[np.uint8],
    oddities: NDArray[np.uint32],
) -> None:
    """Frames one behind the other in `wire`, `sizes[i]` bytes each, to columns; `data` takes them unescaped.

    words, places, flags: one row a column, see the names above; they come filled with zeros. `data` has as
    many bytes as `wire` and some to spare.
    """
    start, to = 0, 0
    for row in range(len(sizes)):
        end = start + sizes[row]
        places[FRAME_START, row] = places[BODY_START, row] = places[BODY_END, row] = to
        if end - start > _MAX_FRAME_BYTES:
            flags[ERROR, row] = _OVERSIZE
            start = end
            continue
        out, odd = to + end - start, 0
        check, escaped = _copy(wire, start, end - start, data, to)
        if escaped:
            out, check, odd = _unescape(wire, start, end, data, to, lenient)
        start = end
        if out < 0:
            flags[ERROR, row] = _ESCAPE
            continue
        if out - to < _SHORTEST:
            flags[ERROR, row] = _TRUNCATED
        elif check != 0:
            flags[ERROR, row] = _CHECKSUM
        else:
            fault, found = _read_header(data, to, out, lenient, row, words, places, flags)
            flags[ERROR, row] = fault
            oddities[row] = odd | found
        to = out
