"""Reading and writing the fields of a body, each by its name so that an error can say which one."""

from __future__ import annotations

from datetime import datetime

from stream.jt808.bcd import decode_time
from stream.jt808.errors import EncodeError, TruncatedError
from stream.jt808.text import decode_text, encode_text


class Reader:
    """A place in a body. Every method takes the field's name and raises `TruncatedError` beyond the end."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._position

    def take(self, size: int, field: str) -> bytes:
        """The next `size` bytes."""
        if size > self.left:
            raise TruncatedError(
                f"{field} needs {size} bytes at offset {self._position}, {self.left} are left"
            )
        start = self._position
        self._position += size
        return self._data[start : self._position]

    def rest(self) -> bytes:
        """All that is left, maybe nothing."""
        return self.take(self.left, "rest")

    def u8(self, field: str) -> int:
        """BYTE."""
        return self.take(1, field)[0]

    def u16(self, field: str) -> int:
        """WORD."""
        return int.from_bytes(self.take(2, field))

    def u32(self, field: str) -> int:
        """DWORD."""
        return int.from_bytes(self.take(4, field))

    def text(self, size: int, field: str) -> str:
        """A text field of `size` bytes, padding removed."""
        return decode_text(self.take(size, field))

    def short_text(self, field: str) -> str:
        """A text with its length in a BYTE before it."""
        return self.text(self.u8(f"{field} length"), field)

    def rest_text(self) -> str:
        """A text that fills the rest of the body."""
        return decode_text(self.rest())

    def time(self, field: str) -> datetime | None:
        """BCD[6]; None for what is no time."""
        return decode_time(self.take(6, field))


def pack(value: int, size: int, field: str) -> bytes:
    """An unsigned big-endian integer. Raises `EncodeError` if it does not fit."""
    if not 0 <= value < 1 << 8 * size:
        raise EncodeError(f"{field}: {value} does not fit {size} bytes")
    return value.to_bytes(size)


def pack_short_text(text: str, field: str) -> bytes:
    """A text with its length in a BYTE before it."""
    data = encode_text(text, field)
    return pack(len(data), 1, f"{field} length") + data
