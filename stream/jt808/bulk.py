"""Many frames at once: unescape, check code and header of a whole tick.

The same rules as `stream.jt808.frame`, frame by frame; a test holds both to the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.jt808 import kernels as columns
from stream.jt808.columns import WINDOW_BYTES
from stream.jt808.errors import FrameFault
from stream.jt808.kernels import read_frames
from stream.jt808.positions import Positions, decode_position_bodies, decode_rows

__all__ = ["FrameBatch", "Positions", "decode_frames", "decode_position_bodies", "decode_positions"]

_SPARE = bytes(WINDOW_BYTES)


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """Columns over the frames given to `decode_frames`, in their order.

    error: uint8, `FrameFault`; 0 = sound. A row with an error has an empty body, and its other columns hold
    what could be read (all of the header if ENCRYPTED). package and total are 0 where not sub-packaged.
    oddities: bits of `Oddity` that the frame itself shows; those of positions are in `Positions.oddities`.
    """

    error: NDArray[np.uint8]
    message_id: NDArray[np.uint16]
    serial: NDArray[np.uint16]
    edition_2019: NDArray[np.bool_]
    total: NDArray[np.uint16]
    package: NDArray[np.uint16]
    oddities: NDArray[np.uint32]
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
    rows = len(frames)
    wire = np.frombuffer(bytearray().join([*frames, _SPARE]), np.uint8)
    data = np.empty_like(wire)
    data[-WINDOW_BYTES:] = 0
    words = np.zeros((4, rows), np.uint16)
    places = np.empty((3, rows), np.int64)
    flags = np.zeros((2, rows), np.uint8)
    oddities = np.zeros(rows, np.uint32)
    read_frames(
        wire, np.fromiter(map(len, frames), np.int64, rows), lenient, data, words, places, flags, oddities
    )
    return FrameBatch(
        error=flags[columns.ERROR],
        message_id=words[columns.MESSAGE_ID],
        serial=words[columns.SERIAL],
        edition_2019=flags[columns.EDITION_2019].view(np.bool_),
        total=words[columns.TOTAL],
        package=words[columns.PACKAGE],
        oddities=oddities,
        body_start=places[columns.BODY_START],
        body_end=places[columns.BODY_END],
        frame_start=places[columns.FRAME_START],
        data=data,
    )


def decode_positions(batch: FrameBatch, rows: NDArray[np.integer] | Sequence[int]) -> Positions:
    """The 0x0200 bodies of some rows of a batch (indices, any order); a row with a fault gives ok = False."""
    index = np.asarray(rows, np.int64)
    return decode_rows(batch.data, batch.body_start[index], batch.body_end[index])
