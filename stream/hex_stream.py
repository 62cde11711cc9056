"""Frames out of lines of hex: pieces of one line, and frames cut over lines, are put together again.

A line without any flag is one frame without its flags. A frame that a line does not end is joined with the
next lines if the whole is sound; if it is not, each of the lines is judged by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

#: The number of a line, and hex of it (or of several joined) to be read by itself.
Text = tuple[int, str]

# Digits of one line held back while no flag shows what they are: twice what the longest frame of any protocol
# takes (1 MiB of JT/T 809, escaped), so that nothing longer can become a frame.
MAX_HELD_DIGITS = 4 << 20


@dataclass(frozen=True, slots=True)
class Framing:
    """How a protocol cuts its stream.

    begin, end: the flags, the same byte or two. is_sound: whether what stands between them (escaped) is a
    frame. max_bytes: the longest frame on the wire; a longer one is not waited for over lines. unframed: how
    a line begins that is no frame, though it may hold flags; None where there is none.
    """

    begin: bytes
    end: bytes
    is_sound: Callable[[bytes], bool]
    max_bytes: int
    unframed: bytes | None = None

    @property
    def one_flag(self) -> bool:
        """Whether one flag may close a frame and open the next."""
        return self.begin == self.end


@dataclass(frozen=True, slots=True)
class _Part:
    """Digits held back. complaint: an error if nothing continues them. ended: the line has ended."""

    line: int
    digits: str
    complaint: bool
    ended: bool


class HexStream:
    """Takes hex digits of lines, gives texts to be decoded, each with the number of its line. Mutable.

    Without a framing every line is given as it is, in pieces of whole bytes.
    """

    __slots__ = ("_framing", "_held", "_parts")

    def __init__(self, framing: Framing | None) -> None:
        self._framing = framing
        self._parts: list[_Part] = []
        self._held = 0

    def feed(self, line: int, digits: str, *, ended: bool) -> Iterator[Text]:
        """Take digits of a line, lower case and without blanks; ended: they are its last.

        A line may come in any pieces, cut between the two digits of a byte too.
        """
        complaint = True
        if self._parts and not self._parts[-1].ended:
            started = self._parts.pop()
            self._held -= len(started.digits)
            digits, complaint = started.digits + digits, started.complaint
        if not digits:
            return
        if self._framing is None:
            yield from self._plain(line, digits, ended)
        elif not self._parts:
            yield from self._own(self._framing, line, digits, complaint, ended)
        else:
            yield from self._continued(self._framing, line, digits, complaint, ended)

    def end(self) -> Iterator[Text]:
        """What is held back, as nothing continues it."""
        parts, self._parts, self._held = self._parts, [], 0
        for part in parts:
            if part.complaint:
                yield part.line, part.digits

    def _hold(self, part: _Part) -> None:
        self._parts.append(part)
        self._held += len(part.digits)

    def _hold_some(self, part: _Part) -> Iterator[Text]:
        """Hold back what a frame can have; of more, give the whole bytes as they are."""
        if len(part.digits) > MAX_HELD_DIGITS:
            whole = len(part.digits) if part.ended else len(part.digits) & ~1
            yield part.line, part.digits[:whole]
            part = replace(part, digits=part.digits[whole:], complaint=True)
        if part.digits:
            self._hold(part)

    def _plain(self, line: int, digits: str, ended: bool) -> Iterator[Text]:
        whole = len(digits) if ended else len(digits) & ~1
        if whole:
            yield line, digits[:whole]
        if digits[whole:]:
            self._hold(_Part(line, digits[whole:], True, False))

    def _continued(
        self, framing: Framing, line: int, digits: str, complaint: bool, ended: bool
    ) -> Iterator[Text]:
        """Digits behind the unfinished frame of lines before."""
        # The last digits held decide how these pair up; joining all of them at every line would take long.
        odd = self._parts[-1].digits[-1:] if self._held % 2 else ""
        new = _whole_bytes(odd + digits)
        if framing.begin in new or framing.end in new or self._held <= 2:
            joined = "".join(part.digits for part in self._parts) + digits
            found = _first_frame(framing, _whole_bytes(joined))
        else:
            joined, found = "", "open"
        if found == "open" and self._may_go_on(framing, digits, ended):
            self._hold(_Part(line, digits, complaint, ended))
            return
        if isinstance(found, int):
            self._parts, self._held = [], 0
            yield line, joined[: 2 * found + 2]
            digits, complaint = joined[2 * found + (0 if framing.one_flag else 2) :], False
        else:
            yield from self.end()
        yield from self._own(framing, line, digits, complaint, ended)

    def _may_go_on(self, framing: Framing, digits: str, ended: bool) -> bool:
        """Whether to wait for more of an unfinished frame, rather than to read the line by itself."""
        if self._held + len(digits) > 2 * framing.max_bytes:
            return False
        if not ended or len(digits) % 2:
            return True
        data = bytes.fromhex(digits)
        return not framing.is_sound(data) and not isinstance(_first_frame(framing, data), int)

    def _own(self, framing: Framing, line: int, digits: str, complaint: bool, ended: bool) -> Iterator[Text]:
        """Give the whole frames of a line, hold back what may go on. complaint: say so if there is none."""
        data = _whole_bytes(digits)
        unframed = framing.unframed is not None and data.startswith(framing.unframed)
        tail = None if unframed else _tail(framing, data, digits)
        if tail is not None:
            yield from self._own_tail(framing, _Part(line, digits, complaint, ended), tail)
            return
        cut = 0 if unframed else 2 * (data.rfind(framing.end) + 1)
        if cut:
            yield line, digits[:cut]
        rest = digits[cut:]
        if not ended:
            yield from self._hold_some(_Part(line, rest, True, False))
        elif rest:
            yield line, rest

    def _own_tail(self, framing: Framing, part: _Part, tail: int) -> Iterator[Text]:
        """Digits from `tail` on are an unfinished frame."""
        digits = part.digits
        if not framing.one_flag:
            if tail:
                yield part.line, digits[:tail]
            yield from self._hold_some(replace(part, digits=digits[tail:], complaint=True))
            return
        data = bytes.fromhex(digits[: tail & ~1])
        first = data.find(framing.begin)
        if first >= 0 and data[first:].strip(framing.begin):
            yield part.line, digits[: tail + 2]
            rest, complaint = digits[tail:], False
        else:
            # No frame yet. A run of flags says no more than two of them.
            rest = framing.begin.hex() + digits[tail:] if first == 0 else digits
            complaint = part.complaint
        complaint = complaint or len(digits) - tail > 2
        yield from self._hold_some(replace(part, digits=rest, complaint=complaint))


def _whole_bytes(digits: str) -> bytes:
    return bytes.fromhex(digits[: len(digits) & ~1])


def _tail(framing: Framing, data: bytes, digits: str) -> int | None:
    """The digit at which an unfinished frame begins, its flag included; None where there is none."""
    at = data.rfind(framing.begin)
    if at >= 0 and (framing.one_flag or at > data.rfind(framing.end)):
        return 2 * at
    half_flag = len(digits) % 2 and digits[-1] == framing.begin.hex()[0]
    return len(digits) - 1 if half_flag and (not data or framing.end in data) else None


def _first_frame(framing: Framing, data: bytes) -> int | Literal["open", "no"]:
    """Where the closing flag of the first frame stands, if that is sound; or whether it may still come."""
    start = data.find(framing.begin)
    if start < 0:
        return "no" if data else "open"
    if framing.one_flag:
        # Of a run of flags the last opens the frame.
        while data[start + 1 : start + 2] == framing.begin:
            start += 1
    close = data.find(framing.end, start + 1)
    if not framing.one_flag and framing.begin in data[start + 1 : close if close >= 0 else len(data)]:
        return "no"
    if close < 0:
        return "open"
    return close if framing.is_sound(data[start + 1 : close]) else "no"
