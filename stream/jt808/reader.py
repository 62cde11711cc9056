"""Reading and writing the fields of a body, each by its name so that an error can say which one.

A reader may keep a trace: offset, bytes and path of every field read, for `haulwatch decode --explain`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from stream.jt808.bcd import decode_time
from stream.jt808.errors import EncodeError, TruncatedError
from stream.jt808.text import decode_text


@dataclass(slots=True)
class Step:
    """One field as it was read. `offset` counts from the start of what the reader was given."""

    offset: int
    data: bytes
    field: str
    meaning: str = ""


class Reader:
    """A place in a body. Every method takes the field's name and raises `TruncatedError` beyond the end.

    oddities: what was harmless and not by the standard, as bits of `Oddity`. trace: steps in order, or None.
    """

    __slots__ = ("_data", "_path", "_position", "oddities", "trace")

    def __init__(self, data: bytes, *, traced: bool = False) -> None:
        self._data = data
        self._position = 0
        self._path: list[str] = []
        self.oddities = 0
        self.trace: list[Step] | None = [] if traced else None

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._position

    @property
    def position(self) -> int:
        """Offset of the next byte."""
        return self._position

    def ahead(self) -> bytes:
        """What is not read yet, without reading it."""
        return self._data[self._position :]

    def take(self, size: int, field: str) -> bytes:
        """The next `size` bytes."""
        start = self._position
        end = start + size
        if end > len(self._data):
            raise TruncatedError(f"{field} needs {size} bytes at offset {start}, {self.left} are left")
        self._position = end
        data = self._data[start:end]
        if self.trace is not None and size:
            self.trace.append(Step(start, data, ".".join([*self._path, field])))
        return data

    def skip(self, size: int, field: str) -> bytes:
        """The next `size` bytes, not traced: their parts are, by who reads them (`adopt`)."""
        trace, self.trace = self.trace, None
        try:
            return self.take(size, field)
        finally:
            self.trace = trace

    def adopt(self, steps: list[Step], offset: int | None = None, part: str = "") -> None:
        """Add the trace of a reader of a part that begins at `offset` (here, if not said)."""
        assert self.trace is not None
        start = self._position if offset is None else offset
        path = [*self._path, part] if part else self._path
        for step in steps:
            named = ".".join([*path, step.field])
            self.trace.append(Step(start + step.offset, step.data, named, step.meaning))

    def note(self, oddity: int) -> None:
        """Remember that something was not by the standard and is accepted (bits of `Oddity`)."""
        self.oddities |= oddity

    def enter(self, part: str) -> None:
        """What is read from here belongs to `part`, for the trace."""
        self._path.append(part)

    def leave(self) -> None:
        """The part last entered is over."""
        self._path.pop()

    def explain(self, meaning: str) -> None:
        """Say what the field read last means, unless that is said already."""
        if self.trace and not self.trace[-1].meaning:
            self.trace[-1].meaning = meaning

    def rest(self, field: str = "rest") -> bytes:
        """All that is left, maybe nothing."""
        return self.take(self.left, field)

    def u8(self, field: str) -> int:
        """BYTE."""
        return self.take(1, field)[0]

    def u16(self, field: str) -> int:
        """WORD."""
        return int.from_bytes(self.take(2, field))

    def u32(self, field: str) -> int:
        """DWORD."""
        return int.from_bytes(self.take(4, field))

    def count(self, size: int, field: str) -> int:
        """A number of things that follow; the trace says so."""
        number = int.from_bytes(self.take(size, field))
        if self.trace is not None:
            self.explain(str(number))
        return number

    def text(self, size: int, field: str) -> str:
        """A text field of `size` bytes, padding removed."""
        return decode_text(self.take(size, field))

    def time(self, field: str) -> datetime | None:
        """BCD[6]; None for what is no time."""
        return decode_time(self.take(6, field))


def pack(value: int, size: int, field: str) -> bytes:
    """An unsigned big-endian integer. Raises `EncodeError` if it does not fit."""
    if not 0 <= value < 1 << 8 * size:
        raise EncodeError(f"{field}: {value} does not fit {size} bytes")
    return value.to_bytes(size)
