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
from stream.jt808.framing import MAX_FRAME_BYTES
from stream.jt808.positions import Positions, decode_position_bodies, decode_rows

__all__ = ["FrameBatch", "Positions", "decode_frames", "decode_position_bodies", "decode_positions"]

_HEADER_BYTES = 12
_HEADER_2019_BYTES = 17
_PACKAGE_BYTES = 4
_CHECK_BYTES = 1
# Enough for the longest header (21), and even, so that it can be seen as words.
_HEAD_BYTES = 22


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
    joined = np.frombuffer(b"".join([*frames, bytes(WINDOW_BYTES)]), np.uint8)
    sizes = np.fromiter(map(len, frames), np.int64, len(frames))
    ends = np.cumsum(sizes)
    data, ends, bad_escape = _unescape(joined, ends, lenient)
    starts = np.empty_like(ends)
    starts[:1] = 0
    starts[1:] = ends[:-1]
    return _parse(data, starts, ends, sizes > MAX_FRAME_BYTES, bad_escape, lenient)


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


def _wrong_check(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether the XOR of a whole frame with its check code is not 0."""
    folded = np.zeros(len(starts), np.uint8)
    filled = np.flatnonzero(ends > starts)  # reduceat takes an empty slice for its first byte
    if len(filled):
        folded[filled] = np.bitwise_xor.reduceat(data[: ends[-1]], starts[filled])
    return np.not_equal(folded, 0)


def _parse(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    oversize: NDArray[np.bool_],
    bad_escape: NDArray[np.bool_],
    lenient: bool,
) -> FrameBatch:
    head = windows(data, starts, _HEAD_BYTES)
    words = head.view(">u2")
    size = ends - starts
    properties = words[:, 1].astype(np.int64)
    packaged = (properties & 0x2000) != 0
    stated = (properties & 0x3FF) + _CHECK_BYTES + _PACKAGE_BYTES * packaged
    edition_2019 = (properties & 0x4000) != 0
    if lenient:
        # Real terminals send the 2019 header and forget the flag; only the length and the version byte tell.
        edition_2019 |= (head[:, 4] == 1) & (size == stated + _HEADER_2019_BYTES)
    stated += np.where(edition_2019, _HEADER_2019_BYTES, _HEADER_BYTES)
    tail = words[:, 5:8].astype(np.uint16)
    if edition_2019.any():
        tail = np.where(edition_2019[:, None], head[:, 15:21].copy().view(">u2"), tail)
    total, package = tail[:, 1] * packaged, tail[:, 2] * packaged
    body_start = starts + stated - (properties & 0x3FF) - _CHECK_BYTES
    error = _faults(
        {
            FrameFault.OVERSIZE: oversize,
            FrameFault.ESCAPE: bad_escape,
            FrameFault.TRUNCATED: size < _HEADER_BYTES + _CHECK_BYTES,
            FrameFault.CHECKSUM: _wrong_check(data, starts, ends),
            FrameFault.LENGTH: size != stated,
            FrameFault.PACKAGE: packaged & ((package == 0) | (package > total)),
            FrameFault.ENCRYPTED: (properties & 0x1C00) != 0,
        }
    )
    headless = (error == FrameFault.LENGTH) & (ends < body_start + _CHECK_BYTES)
    error[headless] = FrameFault.TRUNCATED
    body_end = np.where(error == FrameFault.OK, ends - _CHECK_BYTES, body_start)
    return FrameBatch(
        error=error,
        message_id=words[:, 0].astype(np.uint16),
        serial=tail[:, 0].copy(),
        edition_2019=edition_2019,
        total=total,
        package=package,
        body_start=body_start,
        body_end=body_end,
        frame_start=starts,
        data=data,
    )


def _faults(found: dict[FrameFault, NDArray[np.bool_]]) -> NDArray[np.uint8]:
    """The first fault of each row in the order given, the order in which a frame is read."""
    error = np.zeros(len(found[FrameFault.OVERSIZE]), np.uint8)
    for fault in reversed(found):
        error[found[fault]] = fault
    return error


def decode_positions(batch: FrameBatch, rows: NDArray[np.integer] | Sequence[int]) -> Positions:
    """The 0x0200 bodies of some rows of a batch (indices, any order); a row with a fault gives ok = False."""
    index = np.asarray(rows, np.int64)
    return decode_rows(batch.data, batch.body_start[index], batch.body_end[index])
