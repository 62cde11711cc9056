"""Flags and escapes of JT/T 808 (2013, 4.4.1-4.4.2): a byte stream in, frame contents out.

Sans-IO: nothing here reads, waits or looks at a clock.
"""

from __future__ import annotations

import re

from stream.jt808.errors import EscapeError

FLAG = b"\x7e"
ESCAPE = 0x7D

# Longest 2019 header with package fields (21), longest body (ten length bits, 1023) and the check code, each
# byte escaped. Nothing longer can be a frame, so nothing longer is kept.
MAX_FRAME_BYTES = 2 * (21 + 1023 + 1)

_BAD_ESCAPE = re.compile(rb"\x7d(?![\x01\x02])")


def escape(data: bytes) -> bytes:
    """Replace 0x7d by 7d 01 and 0x7e by 7d 02."""
    return data.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def unescape(data: bytes, *, lenient: bool = True) -> bytes:
    """Undo `escape`. `lenient` takes a lone 0x7d at the very end as data: some terminals forget to escape the
    check code. Raises `EscapeError` for any other 0x7d that is not followed by 01 or 02.
    """
    if b"\x7d" not in data:
        return data
    bad = _BAD_ESCAPE.search(data)
    if bad and not (lenient and bad.end() == len(data)):
        position = bad.start()
        found = data[position + 1 : position + 2].hex() or "the end"
        raise EscapeError(f"byte {position}: 7d is followed by {found}, not by 01 or 02")
    # This order is safe: "7d 01 02" is data 7d 02 and holds no "7d 02" before the second step.
    return data.replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")


class FrameSplitter:
    """Cut a stream into the contents between 0x7e flags, still escaped; any cut gives the same frames.

    One flag may close a frame and open the next; runs of flags are nothing; bytes before the first flag are
    junk. Keeps at most `max_frame_bytes` of an unfinished frame; a longer one is dropped to its closing flag.

    `junk_bytes` and `oversize_frames` count what was dropped.
    """

    __slots__ = ("_kept", "_max", "_skipping", "_synchronised", "junk_bytes", "oversize_frames")

    def __init__(self, max_frame_bytes: int = MAX_FRAME_BYTES) -> None:
        self._max = max_frame_bytes
        self._kept = b""
        self._synchronised = False
        self._skipping = False
        self.junk_bytes = 0
        self.oversize_frames = 0

    @property
    def pending_bytes(self) -> int:
        """Bytes of the unfinished frame held back."""
        return len(self._kept)

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return the frames they complete, in order."""
        # A terminal that reports sends one frame at a time, and most arrive whole.
        whole = not self._kept and data[:1] == FLAG and data.find(FLAG, 1) == len(data) - 1 > 1
        if whole and not self._skipping and len(data) - 2 <= self._max:
            self._synchronised = True
            return [data[1:-1]]
        parts = data.split(FLAG)
        tail = parts.pop()
        frames: list[bytes] = []
        if parts:
            self._close_first(parts[0], frames)
            for part in parts[1:]:
                self._take(part, frames)
        self._keep(tail)
        return frames

    def _close_first(self, part: bytes, frames: list[bytes]) -> None:
        if not self._synchronised:
            self.junk_bytes += len(part)
            self._synchronised = True
        elif self._skipping:
            self._skipping = False
        else:
            self._take(self._kept + part, frames)
        self._kept = b""

    def _take(self, part: bytes, frames: list[bytes]) -> None:
        if len(part) > self._max:
            self.oversize_frames += 1
        elif part:
            frames.append(part)

    def _keep(self, tail: bytes) -> None:
        if not self._synchronised:
            self.junk_bytes += len(tail)
        elif self._skipping or not tail:
            return
        elif len(self._kept) + len(tail) > self._max:
            self.oversize_frames += 1
            self._skipping = True
            self._kept = b""
        else:
            self._kept += tail
