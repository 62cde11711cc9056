"""Loops over frames, compiled: which of a tick are plain reports, and the answers to many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel

#: 0x8001 before escaping: header, five bytes of body, check code; 2019 has five bytes more.
_PHONE_BYTES = 10
#: Room for an 0x8001 before it is escaped, without its check.
PLAIN_BYTES = 24
#: The longest 0x8001 on the wire: 23 bytes, each escaped, and two flags.
MAX_RESPONSE_BYTES = 2 * 23 + 2

_FLAG, _ESCAPE = 0x7E, 0x7D


@kernel
def pick_reports(
    data: NDArray[np.uint8],
    frame_start: NDArray[np.int64],
    edition_2019: NDArray[np.bool_],
    message_id: NDArray[np.uint16],
    error: NDArray[np.uint8],
    total: NDArray[np.uint16],
    known: NDArray[np.uint8],
    wanted: int,
    picked: NDArray[np.bool_],
) -> None:
    """Mark the frames that are sound, whole, of the id `wanted`, and of the phone their session has.

    known: the sessions' phones, ten bytes a frame, those of 2011 and 2013 in the first six. All arrays are
    writable, though few are written: kernels are compiled for one kind.
    """
    for row in range(len(picked)):
        picked[row] = False
        if error[row] != 0 or message_id[row] != wanted or total[row] != 0:
            continue
        start, size = int(frame_start[row]) + 4, 6
        if edition_2019[row]:
            start, size = start + 1, _PHONE_BYTES
        same = True
        for place in range(size):
            if data[start + place] != known[row * _PHONE_BYTES + place]:
                same = False
        picked[row] = same


@kernel
def _put(out: NDArray[np.uint8], at: int, byte: int) -> int:
    """One byte, escaped; returns the place behind it."""
    if byte in (_FLAG, _ESCAPE):
        out[at] = _ESCAPE
        out[at + 1] = byte - _ESCAPE + 1
        return at + 2
    out[at] = byte
    return at + 1


@kernel
def write_responses(
    phones: NDArray[np.uint8],
    numbers: NDArray[np.uint16],
    edition_2019: NDArray[np.bool_],
    result: int,
    plain: NDArray[np.uint8],
    out: NDArray[np.uint8],
    ends: NDArray[np.int64],
) -> None:
    """One 0x8001 a row (JT/T 808-2013, 8.2), one behind the other in `out`; row i ends at `ends[i]`.

    phones: ten bytes a row, of which 2011 and 2013 use the first six. numbers: uint16[n, 3], serial, reply
    serial and reply id. plain: room for `PLAIN_BYTES`. `out` has `MAX_RESPONSE_BYTES` a row.
    """
    at = 0
    for row in range(len(ends)):
        plain[0], plain[1], plain[2], plain[3] = 0x80, 0x01, 0x00, 0x05
        size, digits = 4, 6
        if edition_2019[row]:
            plain[2] = 0x40
            plain[4] = 1
            size, digits = 5, _PHONE_BYTES
        for place in range(digits):
            plain[size + place] = phones[row * _PHONE_BYTES + place]
        size += digits
        for column in range(3):
            plain[size] = numbers[row, column] >> 8
            plain[size + 1] = numbers[row, column] & 0xFF
            size += 2
        plain[size] = result
        check = 0
        out[at] = _FLAG
        at += 1
        for place in range(size + 1):
            check ^= int(plain[place])
            at = _put(out, at, int(plain[place]))
        at = _put(out, at, check)
        out[at] = _FLAG
        at += 1
        ends[row] = at


def warm_up() -> None:
    """Compile or load all kernels of this module."""
    byte, word = np.zeros(0, np.uint8), np.zeros(0, np.uint16)
    place, flag = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    pick_reports(byte, place, flag, word, byte, word, byte, 0x0200, flag)
    write_responses(byte, np.zeros((0, 3), np.uint16), flag, 0, byte, byte, place)
