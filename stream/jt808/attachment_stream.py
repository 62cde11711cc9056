"""The bytes of an attachment connection: frames and chunks of files, mixed (T/JSATL 12-2017, 5.6).

Sans-IO. Control messages are JT/T 808 frames; file data come as chunks of `30 31 63 64`, a name of 50 bytes,
offset and length, with no flag, escape or check code. Which one begins is told by the first byte; inside a
chunk nothing is searched for. Any cut of the stream gives the same events.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from stream.jt808.errors import EncodeError, OversizeError, ProtocolError
from stream.jt808.framing import FLAG, MAX_FRAME_BYTES
from stream.jt808.text import decode_text, encode_text

MAGIC = b"\x30\x31\x63\x64"
NAME_BYTES = 50
_HEAD = struct.Struct(">4s50sII")
HEAD_BYTES = _HEAD.size

# The standard sends 64 KiB a chunk. Four times that is room for those who round up, and still a bound for
# what a connection may keep.
MAX_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a file. raw_name: the name field as sent, without the zeros behind it; never a path."""

    raw_name: bytes
    offset: int
    data: bytes

    @property
    def name(self) -> str:
        """The name as text, as in 0x1211."""
        return decode_text(self.raw_name)


@dataclass(frozen=True, slots=True)
class ControlFrame:
    """The contents between two flags, still escaped, for `decode_frame`."""

    content: bytes


Event = Chunk | ControlFrame


def encode_chunk(name: str, offset: int, data: bytes) -> bytes:
    """One chunk on the wire. Raises `EncodeError` for a name above 50 bytes in GBK."""
    raw = encode_text(name, "name")
    if len(raw) > NAME_BYTES:
        raise EncodeError(f"name: {name!r} takes {len(raw)} bytes, a chunk has {NAME_BYTES}")
    return write_chunk(Chunk(raw, offset, data))


def write_chunk(chunk: Chunk) -> bytes:
    """One chunk on the wire, its name as it came. Raises `EncodeError` for what does not fit."""
    try:
        head = _HEAD.pack(MAGIC, chunk.raw_name, chunk.offset, len(chunk.data))
    except struct.error as error:
        raise EncodeError(f"chunk: {error}") from None
    return head + chunk.data


class AttachmentSplitter:
    """Cuts an attachment stream into its events. Mutable.

    Keeps at most one unfinished frame, or one unfinished chunk of `max_chunk_bytes`. Bytes that begin neither
    are junk and skipped; a chunk that states more than the bound ends the stream: `feed` returns what came
    before, and `fault` says why nothing more can be read.
    """

    __slots__ = ("_kept", "_max_chunk_bytes", "fault", "junk_bytes")

    def __init__(self, max_chunk_bytes: int = MAX_CHUNK_BYTES) -> None:
        self._max_chunk_bytes = max_chunk_bytes
        self._kept = bytearray()
        self.junk_bytes = 0
        self.fault: ProtocolError | None = None

    @property
    def pending_bytes(self) -> int:
        """Bytes of the unfinished frame or chunk held back."""
        return len(self._kept)

    @property
    def pending(self) -> bytes:
        """The unfinished frame or chunk itself."""
        return bytes(self._kept)

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes; return the events they complete, in order."""
        events: list[Event] = []
        if self.fault is None:
            self._kept += data
            at = 0
            while (end := self._next(at, events)) != at:
                at = end
            del self._kept[:at]
        return events

    def _next(self, at: int, events: list[Event]) -> int:
        """Take one event, or some junk, at `at`; where it ends, which is `at` if it is not all there."""
        kept = self._kept
        if self.fault is not None or at >= len(kept):
            return at
        if kept[at] == FLAG[0]:
            return self._frame(at, events)
        if kept.startswith(MAGIC[: len(kept) - at], at):
            return self._chunk(at, events)
        end = self._end_of_junk(at)
        self.junk_bytes += end - at
        return end

    def _end_of_junk(self, at: int) -> int:
        """Where the next frame or chunk may begin."""
        starts = [self._kept.find(first, at + 1) for first in (FLAG, MAGIC[:1])]
        return min((start for start in starts if start >= 0), default=len(self._kept))

    def _frame(self, at: int, events: list[Event]) -> int:
        """One flag may close a frame and open the next, and may be the last byte before a chunk."""
        behind = bytes(self._kept[at + 1 : at + 1 + len(MAGIC)])
        if behind.startswith((FLAG, MAGIC)):
            return at + 1
        if MAGIC.startswith(behind):
            return at  # too few bytes to tell
        end = self._kept.find(FLAG, at + 1)
        if end < 0 and len(self._kept) - at <= MAX_FRAME_BYTES:
            return at
        if end < 0 or end - at - 1 > MAX_FRAME_BYTES:
            self.junk_bytes += 1
            return at + 1
        events.append(ControlFrame(bytes(self._kept[at + 1 : end])))
        return end

    def _chunk(self, at: int, events: list[Event]) -> int:
        if len(self._kept) - at < HEAD_BYTES:
            return at
        _, name, offset, length = _HEAD.unpack_from(self._kept, at)
        if length > self._max_chunk_bytes:
            self.fault = OversizeError(
                f"a chunk of {length} bytes; at most {self._max_chunk_bytes} are taken in one piece"
            )
            return at
        end: int = at + HEAD_BYTES + length
        if len(self._kept) < end:
            return at
        data = bytes(self._kept[at + HEAD_BYTES : end])
        events.append(Chunk(name.rstrip(b"\0"), offset, data))
        return end
