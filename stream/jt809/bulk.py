"""Many frames at once: unescape, check, decrypt and head of all frames of a tick in one pass.

The same rules as `stream.jt809.frame`, frame by frame; a test holds both to the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stream.jt809.cipher import Cipher
from stream.jt809.framing import MAX_FRAME_BYTES, max_content_bytes
from stream.jt809.header import HEADER_BYTES, Edition
from stream.jt809.kernels import scan
from stream.protocol_errors import FrameFault

# Windows of a fixed size may start anywhere in the buffer: the longest is that of three platform records, 45,
# and 808 wants 32.
SPARE_BYTES = 64
_NO_CIPHER = np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """The frames given to `decode_frames`, in their order.

    head: int64[n, 8], a row a frame: fault (`FrameFault`, 0 = sound), business type, sequence, centre id,
    encrypt flag, whether the length counts escapes, where the body starts and ends in `data`. data has
    `SPARE_BYTES` to spare at its end.
    """

    edition: Edition
    data: NDArray[np.uint8]
    head: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.head)

    @property
    def error(self) -> NDArray[np.int64]:
        """`FrameFault` of each frame."""
        return self.head[:, 0]

    @property
    def message_id(self) -> NDArray[np.int64]:
        """Business type of each frame, 0 where it could not be read."""
        return self.head[:, 1]

    @property
    def sequence(self) -> NDArray[np.int64]:
        """Sequence number of each frame."""
        return self.head[:, 2]

    @property
    def gnss_center_id(self) -> NDArray[np.int64]:
        """Access code of each frame."""
        return self.head[:, 3]

    def oddities(self, rows: NDArray[np.int64], gnss_center_id: int) -> dict[str, int]:
        """How many of some frames (rows may repeat) have what `MessageReceived.oddities` names."""
        head = self.head[np.unique(rows)]
        return {
            "escaped_length": int(np.count_nonzero(head[:, 5])),
            "gnss_center_id": int(np.count_nonzero(head[:, 3] != gnss_center_id)),
        }

    def body(self, row: int) -> bytes:
        """The clear body of one frame, empty if the frame has a fault."""
        if self.head[row, 0]:
            return b""
        return self.data[self.head[row, 6] : self.head[row, 7]].tobytes()


def decode_frames(
    contents: Sequence[bytes],
    edition: Edition = "2011",
    cipher: Cipher | None = None,
    *,
    lenient: bool = True,
) -> FrameBatch:
    """Decode contents between flags, still escaped, as `FrameSplitter.feed` gives them. No input raises."""
    wire = np.frombuffer(b"".join([*contents, bytes(SPARE_BYTES)]), np.uint8)
    sizes = np.fromiter(map(len, contents), np.int64, len(contents))
    ends = np.cumsum(sizes)
    numbers = np.array((cipher.m1, cipher.ia1, cipher.ic1), np.uint64) if cipher else _NO_CIPHER
    data, head = scan(wire, ends - sizes, ends, HEADER_BYTES[edition], numbers, lenient=lenient)
    for row in np.flatnonzero(sizes > MAX_FRAME_BYTES).tolist():
        if len(contents[row]) > max_content_bytes(contents[row]):
            head[row, 0] = FrameFault.OVERSIZE
    return FrameBatch(edition, data, head)
