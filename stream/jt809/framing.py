"""Flags and escapes of JT/T 809 (2011, 4.3): a byte stream in, frame contents out.

Sans-IO: nothing here reads, waits or looks at a clock.
"""

from __future__ import annotations

import re

from stream.protocol_errors import EscapeError

BEGIN = b"\x5b"
END = b"\x5d"

# Bytes on the wire between two flags. The largest ordinary message is a platform text or a route of some
# hundred points; 16 KiB holds them.
MAX_FRAME_BYTES = 16 << 10
# A picture or the data of a driving recorder travels in one frame, for JT/T 809 knows no packages; cameras of
# terminals make 20 to 200 KB, and an escape may double a byte. Lists of video files are long as well.
MAX_LARGE_FRAME_BYTES = 1 << 20
LARGE_TYPES = frozenset({0x1500, 0x1900})

_BAD_ESCAPE = re.compile(rb"\x5a(?![\x01\x02])|\x5e(?![\x01\x02])")
# Length, sequence and business type: what tells which bound holds. Escaped, they take at most twice as much.
_TYPE_OFFSET, _TYPE_END = 8, 10


def escape(data: bytes) -> bytes:
    """Replace 5b by 5a 01, 5a by 5a 02, 5d by 5e 01 and 5e by 5e 02."""
    data = data.replace(b"\x5a", b"\x5a\x02").replace(b"\x5b", b"\x5a\x01")
    return data.replace(b"\x5e", b"\x5e\x02").replace(b"\x5d", b"\x5e\x01")


def unescape(data: bytes) -> bytes:
    """Undo `escape`. Raises `EscapeError` for a 5a or 5e that is not followed by 01 or 02."""
    if b"\x5a" not in data and b"\x5e" not in data:
        return data
    bad = _BAD_ESCAPE.search(data)
    if bad:
        position = bad.start()
        found = data[position + 1 : position + 2].hex() or "the end"
        raise EscapeError(f"byte {position}: {data[position]:02x} is followed by {found}, not by 01 or 02")
    # This order is safe: behind a 5a that is data stands 02, and the pair is replaced last.
    data = data.replace(b"\x5e\x01", b"\x5d").replace(b"\x5e\x02", b"\x5e")
    return data.replace(b"\x5a\x01", b"\x5b").replace(b"\x5a\x02", b"\x5a")


def max_content_bytes(content: bytes | bytearray) -> int:
    """The bound that holds for a frame that begins with `content` (escaped), by its business type."""
    try:
        head = unescape(bytes(content[: 2 * _TYPE_END]).rstrip(b"\x5a\x5e"))
    except EscapeError:
        return MAX_FRAME_BYTES
    large = int.from_bytes(head[_TYPE_OFFSET:_TYPE_END]) in LARGE_TYPES
    return MAX_LARGE_FRAME_BYTES if large else MAX_FRAME_BYTES


class FrameSplitter:
    """Cut a stream into the contents between 5b and 5d, still escaped; any cut gives the same frames.

    What stands outside of flags, and a frame in which another begins, is junk. Keeps at most as much of
    an unfinished frame as its business type may have (`max_content_bytes`), or `max_frame_bytes` if that is
    given (before a login, say); a longer one is dropped up to the next flag.

    `junk_bytes` and `oversize_frames` count what was dropped.
    """

    __slots__ = ("_kept", "_open", "junk_bytes", "max_frame_bytes", "oversize_frames")

    def __init__(self, max_frame_bytes: int | None = None) -> None:
        self.max_frame_bytes = max_frame_bytes
        self._kept = bytearray()
        self._open = False
        self.junk_bytes = 0
        self.oversize_frames = 0

    @property
    def pending_bytes(self) -> int:
        """Bytes of the unfinished frame held back."""
        return len(self._kept)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return the contents they complete, in order."""
        frames: list[bytes] = []
        *parts, tail = data.split(END)
        usual = MAX_FRAME_BYTES if self.max_frame_bytes is None else self.max_frame_bytes
        for part in parts:
            if not self._open and part.rfind(BEGIN) == 0 and len(part) <= usual:
                frames.append(part[1:])
                continue
            self._open_and_keep(part)
            if self._open:
                frames.append(bytes(self._kept))
                self._kept.clear()
                self._open = False
            else:
                self.junk_bytes += 1
        self._open_and_keep(tail)
        return frames

    def _open_and_keep(self, part: bytes) -> None:
        """Take bytes without END: begin a frame at each BEGIN, keep what belongs to the last one."""
        first, *others = part.split(BEGIN)
        self._keep(first)
        for piece in others:
            self.junk_bytes += len(self._kept) + self._open
            self._kept.clear()
            self._open = True
            self._keep(piece)

    def _keep(self, piece: bytes) -> None:
        if not self._open:
            self.junk_bytes += len(piece)
            return
        self._kept += piece
        if self._is_oversize():
            self.oversize_frames += 1
            self.junk_bytes += len(self._kept)
            self._kept.clear()
            self._open = False

    def _is_oversize(self) -> bool:
        size = len(self._kept)
        if self.max_frame_bytes is not None:
            return size > self.max_frame_bytes
        return size > MAX_FRAME_BYTES and size > max_content_bytes(self._kept)
