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
from stream.jt808.framing import ESCAPE, FLAG, MAX_FRAME_BYTES
from stream.jt808.positions import Positions, decode_position_bodies, decode_rows

__all__ = ["FrameBatch", "Positions", "decode_frames", "decode_position_bodies", "decode_positions"]

_HEADER_BYTES = 12
_HEADER_2019_BYTES = 17
_PACKAGE_BYTES = 4
_CHECK_BYTES = 1
# The longest header.
_HEAD_BYTES = 21
# With fewer escapes than one in so many bytes, joining the pieces between them beats a mask over all bytes.
_SPARSE_BYTES = 128
_UNESCAPED = {1: b"\x7d", 2: b"\x7e"}


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
    # The flag behind each frame ends it, and keeps a 0x7d before it from pairing with what follows.
    data = np.frombuffer(FLAG.join([*frames, bytes(WINDOW_BYTES)]), np.uint8)
    ends = np.flatnonzero(data == FLAG[0])
    if len(ends) != len(frames):
        # Somebody passed contents with a flag inside; no flag of these marks an end then.
        ends = np.cumsum(np.fromiter(map(len, frames), np.int64, len(frames)) + 1) - 1
    oversize = np.diff(ends, prepend=-1) - 1 > MAX_FRAME_BYTES
    data, ends, bad_escape = _unescape(data, ends, lenient)
    return _parse(data, ends, oversize, bad_escape, lenient)


def _unescape(
    data: NDArray[np.uint8], ends: NDArray[np.int64], lenient: bool
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    """Undo the escapes of all frames in one buffer: the buffer, the new ends, which frames have a bad one."""
    bad = np.zeros(len(ends), np.bool_)
    marks = np.flatnonzero(data == ESCAPE)
    if not len(marks):
        return data, ends, bad
    following = data[marks + 1]
    paired = (following == 1) | (following == 2)
    if not paired.all():
        row = np.searchsorted(ends, marks)
        bad[row[~paired & (marks + 1 != ends[row])] if lenient else row[~paired]] = True
        marks, following = marks[paired], following[paired]
    return _replace(data, marks, following), ends - np.searchsorted(marks, ends), bad


def _replace(
    data: NDArray[np.uint8], marks: NDArray[np.int64], following: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The buffer with each 7d at `marks` and the 01 or 02 after it replaced by one byte."""
    if len(marks) * _SPARSE_BYTES > len(data):
        replaced = data.copy()
        replaced[marks] = following + np.uint8(ESCAPE - 1)
        keep = np.ones(len(data), np.bool_)
        keep[marks + 1] = False
        return replaced[keep]
    source = data.tobytes()
    pieces: list[bytes] = []
    start = 0
    for mark, code in zip(marks.tolist(), following.tolist(), strict=True):
        pieces += (source[start:mark], _UNESCAPED[code])
        start = mark + 2
    pieces.append(source[start:])
    return np.frombuffer(b"".join(pieces), np.uint8)


def _wrong_check(data: NDArray[np.uint8], starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the XOR of a frame with its check code, and with the flag behind it, is not that flag."""
    if not len(starts):
        return np.zeros(0, np.bool_)
    return np.not_equal(np.bitwise_xor.reduceat(data[:-WINDOW_BYTES], starts), FLAG[0])


def _parse(
    data: NDArray[np.uint8],
    ends: NDArray[np.int64],
    oversize: NDArray[np.bool_],
    bad_escape: NDArray[np.bool_],
    lenient: bool,
) -> FrameBatch:
    starts = np.zeros_like(ends)
    starts[1:] = ends[:-1] + 1
    head = windows(data, starts, _HEAD_BYTES)
    size = ends - starts
    properties = _word(head, 2)
    packaged = (properties & 0x2000) != 0
    body_bytes = (properties & 0x3FF).astype(np.int64)
    stated = body_bytes + _CHECK_BYTES + _PACKAGE_BYTES * packaged
    edition_2019 = (properties & 0x4000) != 0
    if lenient:
        # Real terminals send the 2019 header and forget the flag; only the length and the version byte tell.
        edition_2019 |= (head[:, 4] == 1) & (size == stated + _HEADER_2019_BYTES)
    stated += np.where(edition_2019, _HEADER_2019_BYTES, _HEADER_BYTES)
    serial, total, package = (_word(head, 10 + offset) for offset in (0, 2, 4))
    if edition_2019.any():
        serial, total, package = (
            np.where(edition_2019, _word(head, 15 + offset), word)
            for offset, word in ((0, serial), (2, total), (4, package))
        )
    total *= packaged
    package *= packaged
    body_start = starts + stated - body_bytes - _CHECK_BYTES
    error = _faults(
        {
            FrameFault.OVERSIZE: oversize,
            FrameFault.ESCAPE: bad_escape,
            FrameFault.TRUNCATED: size < _HEADER_BYTES + _CHECK_BYTES,
            FrameFault.CHECKSUM: _wrong_check(data, starts),
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
        message_id=_word(head, 0),
        serial=serial,
        edition_2019=edition_2019,
        total=total,
        package=package,
        body_start=body_start,
        body_end=body_end,
        frame_start=starts,
        data=data,
    )


def _word(head: NDArray[np.uint8], offset: int) -> NDArray[np.uint16]:
    return (head[:, offset].astype(np.uint16) << np.uint16(8)) | head[:, offset + 1]


def _faults(found: dict[FrameFault, NDArray[np.bool_]]) -> NDArray[np.uint8]:
    """The first fault of each row in the order given, the order in which a frame is read."""
    error = np.zeros(len(found[FrameFault.OVERSIZE]), np.uint8)
    if np.logical_or.reduce(list(found.values())).any():
        for fault in reversed(found):
            error[found[fault]] = fault
    return error


def decode_positions(batch: FrameBatch, rows: NDArray[np.integer] | Sequence[int]) -> Positions:
    """The 0x0200 bodies of some rows of a batch (indices, any order); a row with a fault gives ok = False."""
    index = np.asarray(rows, np.int64)
    return decode_rows(batch.data, batch.body_start[index], batch.body_end[index])
