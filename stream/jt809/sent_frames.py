"""The newest frames sent to another platform, for its requests to send again (0x1303, 0x9303 of 2019)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

MAX_FRAMES = 1000
"""Kept for one peer. Who lost something asks when the link is back or at the next gap in the sequence
numbers, so minutes have to be covered; a busy link carries some hundred an hour beside positions."""
MAX_BYTES = 4 << 20
"""Kept for one peer: a thousand ordinary frames take a twentieth of it, the rest has room for some pictures.
A process with a hundred links is kept below 400 MiB by it."""

POSITIONS = frozenset({0x1202, 0x1203, 0x9202, 0x9203})
"""Sub types that are not kept: they are most of all that is sent and would push out everything else within
seconds. The log has the newest of them, from which a link goes on after a break."""


@dataclass(frozen=True, slots=True)
class SentFrame:
    """One frame as it was written, flags and escapes included."""

    message_id: int
    sub_type: int
    sequence: int
    data: bytes


class SentFrames:
    """Mutable; the oldest frames give way to new ones."""

    def __init__(self, max_frames: int = MAX_FRAMES, max_bytes: int = MAX_BYTES) -> None:
        self._frames: deque[SentFrame] = deque()
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._bytes = 0

    def keep(self, message_id: int, sub_type: int, sequence: int, data: bytes) -> None:
        """Keep a frame as it was written, but for positions."""
        if sub_type in POSITIONS:
            return
        self._frames.append(SentFrame(message_id, sub_type, sequence, data))
        self._bytes += len(data)
        while len(self._frames) > self._max_frames or self._bytes > self._max_bytes:
            self._bytes -= len(self._frames.popleft().data)

    def find(self, data_type: int, first: int, last: int) -> Iterator[SentFrame]:
        """Those of a sub type, or of all of a type (0x1300), from one sequence number to another, in the
        order in which they were sent. `last` below `first`: the numbers have begun anew between them."""
        for frame in tuple(self._frames):
            if data_type not in (frame.message_id, frame.sub_type):
                continue
            after, before = frame.sequence >= first, frame.sequence <= last
            if (after and before) if first <= last else (after or before):
                yield frame
