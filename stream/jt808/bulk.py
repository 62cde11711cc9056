"""Many frames at once: unescape, check code and header of a whole tick with numpy.

The same rules as `stream.jt808.frame`, frame by frame; a test holds both to the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.jt808.columns import WINDOW_BYTES, windows
from stream.jt808.errors import FrameFault
from stream.jt808.positions import Positions, decode_position_bodies, decode_rows

__all__ = ["FrameBatch", "Positions", "decode_frames", "decode_position_bodies", "decode_positions"]

_HEADER_BYTES = 12
_HEADER_2019_BYTES = 17
_PACKAGE_BYTES = 4
_CHECK_BYTES = 1
# The rest of a 2019 header before its package fields: version byte and four more phone bytes.
_EDITION_2019_EXTRA = _HEADER_2019_BYTES - _HEADER_BYTES


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """Columns over the frames given to `decode_frames`, in their order.

    error: uint8, `FrameFault`; 0 = sound. A row with an error has an empty body, and its other columns hold
    what could be read (all of the header if ENCRYPTED). package and total are 0 where not sub-packaged.
    """

    error: NDArray[np.uint8]
    message_id: NDArray[np.uint16]
    serial: NDArray[np.uint16]
    edition_2019: NDArray[np.bool_]
    total: NDArray[np.uint16]
    package: NDArray[np.uint16]
    body_start: NDArray[np.int64]
    body_end: NDArray[np.int64]
    frame_start: NDArray[np.int64]
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.error)

    def body(self, row: int) -> bytes:
        """The unescaped body of one frame, empty if the frame has a fault."""
        return self.data[self.body_start[row] : self.body_end[row]].tobytes()

    def phone(self, row: int) -> str:
        """The terminal phone as padded in the header: 12 digits, 20 in 2019; hex nibbles are kept."""
        if self.error[row] not in (FrameFault.OK, FrameFault.ENCRYPTED):
            return ""
        first, size = (5, 10) if self.edition_2019[row] else (4, 6)
        start = int(self.frame_start[row]) + first
        return self.data[start : start + size].tobytes().hex()


def decode_frames(frames: Sequence[bytes], *, lenient: bool = True) -> FrameBatch:
    """Decode contents between flags, still escaped, as `FrameSplitter.feed` gives them.

    lenient: accept a lone 0x7d as the last byte, and the 2019 header layout under version flag 0.
    No input raises; see `FrameBatch.error`.
    """
    count = len(frames)
    joined = np.frombuffer(b"".join([*frames, bytes(WINDOW_BYTES)]), np.uint8)
    ends = np.cumsum(np.fromiter(map(len, frames), np.int64, count))
    data, ends, bad_escape = _unescape(joined, ends, lenient)
    starts = np.empty_like(ends)
    starts[:1] = 0
    starts[1:] = ends[:-1]
    return _parse(data, starts, ends, bad_escape, lenient)


def _unescape(
    data: NDArray[np.uint8], ends: NDArray[np.int64], lenient: bool
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    """Undo the escapes of all frames in one buffer: the buffer, the new ends, which frames have a bad one."""
    bad = np.zeros(len(ends), np.bool_)
    marks = np.flatnonzero(data == 0x7D)
    if not len(marks):
        return data, ends, bad
    row = np.searchsorted(ends, marks, side="right")
    following = data[marks + 1]
    last = marks + 1 == ends[row]
    paired = ((following == 1) | (following == 2)) & ~last
    bad[row[~(paired | last) if lenient else ~paired]] = True
    marks, following = marks[paired], following[paired]
    replaced = data.copy()
    replaced[marks] = following + np.uint8(0x7C)
    keep = np.ones(len(data), np.bool_)
    keep[marks + 1] = False
    return replaced[keep], ends - np.searchsorted(marks, ends), bad


def _check_codes(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """XOR of each whole frame with its check code: 0 where it is right."""
    folded = np.ones(len(starts), np.uint8)
    filled = np.flatnonzero(ends > starts)
    if len(filled):
        folded[filled] = np.bitwise_xor.reduceat(data[: ends[-1]], starts[filled])
    return folded


def _parse(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    bad_escape: NDArray[np.bool_],
    lenient: bool,
) -> FrameBatch:
    head = windows(data, starts, 21)
    size = ends - starts
    properties = _word(head, 2)
    body_bytes = (properties & 0x3FF).astype(np.int64)
    packaged = (properties & 0x2000) != 0
    framing = body_bytes + _CHECK_BYTES + _PACKAGE_BYTES * packaged
    edition_2019 = (properties & 0x4000) != 0
    if lenient:
        # Real terminals send the 2019 header and forget the flag; only the length and the version byte tell.
        edition_2019 |= (head[:, 4] == 1) & (size == framing + _HEADER_2019_BYTES)
    header_bytes = np.where(edition_2019, _HEADER_2019_BYTES, _HEADER_BYTES) + _PACKAGE_BYTES * packaged
    serial, total, package = _tail_words(head, edition_2019)
    error = np.select(
        [
            bad_escape,
            size < _HEADER_BYTES + _CHECK_BYTES,
            _check_codes(data, starts, ends) != 0,
            size < header_bytes + _CHECK_BYTES,
            size != header_bytes + body_bytes + _CHECK_BYTES,
            packaged & ((package == 0) | (package > total)),
            (properties & 0x1C00) != 0,
        ],
        [
            np.uint8(fault)
            for fault in (
                FrameFault.ESCAPE,
                FrameFault.TRUNCATED,
                FrameFault.CHECKSUM,
                FrameFault.TRUNCATED,
                FrameFault.LENGTH,
                FrameFault.PACKAGE,
                FrameFault.ENCRYPTED,
            )
        ],
        np.uint8(FrameFault.OK),
    )
    body_start = starts + header_bytes
    body_end = np.where(error == 0, ends - _CHECK_BYTES, body_start)
    return FrameBatch(
        error, _word(head, 0), serial, edition_2019, total * packaged, package * packaged,
        body_start, body_end, starts, data,
    )  # fmt: skip


def _word(head: NDArray[np.uint8], offset: int) -> NDArray[np.uint16]:
    return (head[:, offset].astype(np.uint16) << np.uint16(8)) | head[:, offset + 1]


def _tail_words(
    head: NDArray[np.uint8], edition_2019: NDArray[np.bool_]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]:
    """Serial, total packages and package number, which stand behind the phone."""
    tail = np.where(edition_2019[:, None], head[:, 15:21], head[:, 10:16])
    return _word(tail, 0), _word(tail, 2), _word(tail, 4)


def decode_positions(batch: FrameBatch, rows: NDArray[np.integer] | Sequence[int]) -> Positions:
    """The 0x0200 bodies of some rows of a batch (indices, any order); a row with a fault gives ok = False."""
    index = np.asarray(rows, np.int64)
    return decode_rows(batch.data, batch.body_start[index], batch.body_end[index])
