"""Kinds of fields: how a value is read, written and shown. The layouts of messages are made of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stream.jt808.bcd import decode_time, encode_time
from stream.jt808.reader import Reader, pack
from stream.jt808.text import decode_text, encode_text
from stream.jt809.header import Edition
from stream.jt809.times import GMT8, from_seconds, to_seconds
from stream.protocol_errors import EncodeError


class Kind:
    """Base of the kinds. `name` is the field's, for errors; `edition` selects sizes where they differ."""

    def read(self, reader: Reader, name: str, edition: Edition) -> Any:
        """The value. Raises `ProtocolError` only."""
        raise NotImplementedError

    def write(self, value: Any, name: str, edition: Edition) -> bytes:
        """Its bytes. Raises `EncodeError` for a value that does not fit."""
        raise NotImplementedError

    def show(self, value: Any) -> Any:
        """The value as JSON has it."""
        return value

    def parse(self, shown: Any, name: str) -> Any:
        """The inverse of `show`, for what people write. Raises `EncodeError`."""
        return shown

    def meaning(self, value: Any) -> str:
        """What the value stands for, for people; empty if it speaks for itself."""
        return ""


def _expect(shown: Any, kind: type, name: str) -> Any:
    if not isinstance(shown, kind) or isinstance(shown, bool):
        raise EncodeError(f"{name}: {shown!r} is no {kind.__name__}")
    return shown


@dataclass(frozen=True, eq=False)
class Unsigned(Kind):
    """An unsigned big-endian integer; `names` are the meanings of its codes."""

    size: int
    names: Mapping[int, str] | None = None

    def read(self, reader: Reader, name: str, edition: Edition) -> int:
        return int.from_bytes(reader.take(self.size, name))

    def write(self, value: int, name: str, edition: Edition) -> bytes:
        return pack(value, self.size, name)

    def parse(self, shown: Any, name: str) -> int:
        try:
            return int(shown, 0) if isinstance(shown, str) else int(_expect(shown, int, name))
        except ValueError:
            raise EncodeError(f"{name}: {shown!r} is no whole number") from None

    def meaning(self, value: int) -> str:
        return (self.names or {}).get(value, "")


class Identifier(Unsigned):
    """A business type, sub type or alarm type, shown as the standard writes it."""

    def show(self, value: int) -> str:
        return f"0x{value:0{2 * self.size}x}"


@dataclass(frozen=True, eq=False)
class Text(Kind):
    """GBK text in a field of fixed size, zeros behind it. `newest`: the size in 2019 if another."""

    size: int
    newest: int = 0

    def _size(self, edition: Edition) -> int:
        return self.newest if self.newest and edition == "2019" else self.size

    def read(self, reader: Reader, name: str, edition: Edition) -> str:
        return reader.text(self._size(edition), name)

    def write(self, value: str, name: str, edition: Edition) -> bytes:
        data, size = encode_text(value, name), self._size(edition)
        if len(data) > size:
            raise EncodeError(f"{name}: {value!r} takes {len(data)} bytes, the field has {size}")
        return data.ljust(size, b"\x00")

    def parse(self, shown: Any, name: str) -> str:
        return str(_expect(shown, str, name))


class SizedText(Kind):
    """A text behind its length, a DWORD."""

    def read(self, reader: Reader, name: str, edition: Edition) -> str:
        return reader.text(reader.u32(f"{name} length"), name)

    def write(self, value: str, name: str, edition: Edition) -> bytes:
        data = encode_text(value, name)
        return pack(len(data), 4, f"{name} length") + data

    def parse(self, shown: Any, name: str) -> str:
        return str(_expect(shown, str, name))


class RestText(Kind):
    """A text that fills the rest of the body."""

    def read(self, reader: Reader, name: str, edition: Edition) -> str:
        return decode_text(reader.rest())

    def write(self, value: str, name: str, edition: Edition) -> bytes:
        return encode_text(value, name)

    def parse(self, shown: Any, name: str) -> str:
        return str(_expect(shown, str, name))


@dataclass(frozen=True, eq=False)
class Octets(Kind):
    """Bytes that are not text, shown in hex: `size` of them, or behind a DWORD of length, or to the end."""

    size: int | None = None
    sized: bool = False

    def read(self, reader: Reader, name: str, edition: Edition) -> bytes:
        if self.sized:
            return reader.take(reader.u32(f"{name} length"), name)
        return reader.rest() if self.size is None else reader.take(self.size, name)

    def write(self, value: bytes, name: str, edition: Edition) -> bytes:
        if self.size is not None and len(value) != self.size:
            raise EncodeError(f"{name}: {len(value)} bytes, the field has {self.size}")
        return pack(len(value), 4, f"{name} length") + value if self.sized else value

    def show(self, value: bytes) -> str:
        return value.hex()

    def parse(self, shown: Any, name: str) -> bytes:
        try:
            return bytes.fromhex(_expect(shown, str, name))
        except ValueError:
            raise EncodeError(f"{name}: {shown!r} is not in hex") from None


class TimeKind(Kind):
    """Base of the times: shown in ISO 8601 with +08:00, None where it is not set or no time that exists."""

    def show(self, value: datetime | None) -> str | None:
        return value.isoformat() if value else None

    def parse(self, shown: Any, name: str) -> datetime | None:
        if shown is None:
            return None
        if isinstance(shown, int) and not isinstance(shown, bool):
            return from_seconds(shown)
        try:
            time = datetime.fromisoformat(_expect(shown, str, name))
        except ValueError:
            raise EncodeError(f"{name}: {shown!r} is no time as 2026-03-15T08:00:00+08:00") from None
        return time if time.tzinfo else time.replace(tzinfo=GMT8)


class Seconds(TimeKind):
    """Time_t: seconds since 1970 UTC in 64 bits; milliseconds are understood."""

    def read(self, reader: Reader, name: str, edition: Edition) -> datetime | None:
        return from_seconds(int.from_bytes(reader.take(8, name)))

    def write(self, value: datetime | None, name: str, edition: Edition) -> bytes:
        return to_seconds(value, name).to_bytes(8)


class BcdTime(TimeKind):
    """BCD[6] `YYMMDDhhmmss`, GMT+8, as JT/T 808 has it."""

    def read(self, reader: Reader, name: str, edition: Edition) -> datetime | None:
        return decode_time(reader.take(6, name))

    def write(self, value: datetime | None, name: str, edition: Edition) -> bytes:
        return encode_time(value)
