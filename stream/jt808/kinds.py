"""Kinds of single fields: numbers, texts, digits, times, bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from stream.jt808.bcd import GMT8, decode_time, encode_digits, encode_time
from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.layout import Json, Kind, Scope
from stream.jt808.oddities import Oddity
from stream.jt808.reader import Reader, pack
from stream.jt808.text import decode_text, encode_fixed_text, encode_text, is_utf8

Size = int | Callable[[Scope], int]
_TIME_BYTES = 6


class Number(Kind[int]):
    """BYTE, WORD or DWORD, unsigned unless said; shown in hex if it is an id.

    names: meaning of values. bits: meaning of bits, for a field of flags.
    """

    def __init__(
        self,
        size: int,
        *,
        signed: bool = False,
        hexadecimal: bool = False,
        names: Mapping[int, str] | None = None,
        bits: Mapping[int, str] | None = None,
    ) -> None:
        self.size, self.signed, self.hexadecimal = size, signed, hexadecimal
        self.names, self.bits = names or {}, bits or {}

    def read(self, reader: Reader, name: str, scope: Scope) -> int:
        return int.from_bytes(reader.take(self.size, name), signed=self.signed)

    def write(self, value: int, name: str, scope: Scope) -> bytes:
        try:
            return value.to_bytes(self.size, signed=self.signed)
        except (OverflowError, AttributeError):
            raise EncodeError(f"{name}: {value!r} does not fit {self.size} bytes") from None

    def show(self, value: int, edition: Edition) -> Json:
        return f"0x{value:0{min(4, 2 * self.size)}x}" if self.hexadecimal else value

    def parse(self, view: Json, name: str, edition: Edition) -> int:
        return whole_number(view, name)

    def meaning(self, value: int, edition: Edition) -> str:
        if self.hexadecimal:
            return f"0x{value:0{min(4, 2 * self.size)}x}"
        if self.bits:
            found = [self.bits.get(bit, f"bit {bit}") for bit in range(8 * self.size) if value >> bit & 1]
            return f"{value}: {', '.join(found)}" if found else str(value)
        return f"{value} {self.names[value]}" if value in self.names else str(value)


class Scaled(Kind[float]):
    """A number that counts parts of its unit: `Scaled(2, 10)` is a WORD of tenths."""

    def __init__(self, size: int, parts: int, *, signed: bool = False) -> None:
        self.size, self.parts, self.signed = size, parts, signed

    def read(self, reader: Reader, name: str, scope: Scope) -> float:
        return int.from_bytes(reader.take(self.size, name), signed=self.signed) / self.parts

    def write(self, value: float, name: str, scope: Scope) -> bytes:
        try:
            return round(value * self.parts).to_bytes(self.size, signed=self.signed)
        except (OverflowError, ValueError, TypeError):
            raise EncodeError(f"{name}: {value!r} does not fit {self.size} bytes of 1/{self.parts}") from None

    def parse(self, view: Json, name: str, edition: Edition) -> float:
        return real_number(view, name)


class Degrees(Kind[float]):
    """DWORD, millionths of a degree without sign; a bit elsewhere in the record says south or west.

    Without such a bit, and from some senders with it, a negative number is in two's complement.
    """

    def __init__(self, negative: Callable[[Scope], bool] | None = None) -> None:
        self.negative = negative

    def read(self, reader: Reader, name: str, scope: Scope) -> float:
        raw = int.from_bytes(reader.take(4, name), signed=True)
        if raw < 0:
            reader.note(Oddity.TWOS_COMPLEMENT)
            return raw / 1e6
        return -raw / 1e6 if self.negative and self.negative(scope) else raw / 1e6

    def write(self, value: float, name: str, scope: Scope) -> bytes:
        try:
            raw = round(value * 1e6)
            if self.negative is None:
                return raw.to_bytes(4, signed=True)
            if raw and (raw < 0) != self.negative(scope):
                raise EncodeError(f"{name}: the sign of {value} contradicts the south or west bit")
            return abs(raw).to_bytes(4)
        except EncodeError:
            raise
        except (OverflowError, ValueError, TypeError):
            raise EncodeError(f"{name}: {value!r} is no position in degrees") from None

    def parse(self, view: Json, name: str, edition: Edition) -> float:
        return real_number(view, name)


class Text(Kind[str]):
    """GBK text without its padding. `FixedText`, `CountedText` and `REST_TEXT` say where it ends."""

    def parse(self, view: Json, name: str, edition: Edition) -> str:
        if not isinstance(view, str):
            raise EncodeError(f"{name}: {view!r} is no text")
        return view

    def decode(self, data: bytes, reader: Reader) -> str:
        """The text of some bytes; UTF-8 is noted."""
        if is_utf8(data):
            reader.note(Oddity.UTF8_TEXT)
        return decode_text(data)


class FixedText(Text):
    """A text field of fixed size, padded with zeros."""

    def __init__(self, size: Size) -> None:
        self.size = size

    def read(self, reader: Reader, name: str, scope: Scope) -> str:
        return self.decode(reader.take(_size(self.size, scope), name), reader)

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        return encode_fixed_text(value, _size(self.size, scope), name)


class CountedText(Text):
    """A text behind its length."""

    def __init__(self, count_bytes: int = 1) -> None:
        self.count_bytes = count_bytes

    def read(self, reader: Reader, name: str, scope: Scope) -> str:
        return self.decode(reader.take(reader.count(self.count_bytes, f"{name} length"), name), reader)

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        data = encode_text(value, name)
        return pack(len(data), self.count_bytes, f"{name} length") + data


class RestText(Text):
    """A text that ends with the body."""

    def read(self, reader: Reader, name: str, scope: Scope) -> str:
        return self.decode(reader.rest(name), reader)

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        return encode_text(value, name)


class Data(Kind[bytes]):
    """Bytes that are not interpreted; hex in JSON."""

    def show(self, value: bytes, edition: Edition) -> Json:
        return value.hex()

    def parse(self, view: Json, name: str, edition: Edition) -> bytes:
        return hex_bytes(view, name)

    def meaning(self, value: bytes, edition: Edition) -> str:
        return f"{len(value)} bytes"


class FixedData(Data):
    """A fixed number of bytes."""

    def __init__(self, size: Size) -> None:
        self.size = size

    def read(self, reader: Reader, name: str, scope: Scope) -> bytes:
        return reader.take(_size(self.size, scope), name)

    def write(self, value: bytes, name: str, scope: Scope) -> bytes:
        if len(value) != _size(self.size, scope):
            raise EncodeError(f"{name}: {len(value)} bytes, the field has {_size(self.size, scope)}")
        return value


class CountedData(Data):
    """Bytes behind their number."""

    def __init__(self, count_bytes: int) -> None:
        self.count_bytes = count_bytes

    def read(self, reader: Reader, name: str, scope: Scope) -> bytes:
        return reader.take(reader.count(self.count_bytes, f"{name} length"), name)

    def write(self, value: bytes, name: str, scope: Scope) -> bytes:
        return pack(len(value), self.count_bytes, f"{name} length") + value


class RestData(Data):
    """All bytes to the end of the body."""

    def read(self, reader: Reader, name: str, scope: Scope) -> bytes:
        return reader.rest(name)

    def write(self, value: bytes, name: str, scope: Scope) -> bytes:
        return value


class Digits(Kind[str]):
    """BCD[n] as its digits; hex nibbles are kept."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, reader: Reader, name: str, scope: Scope) -> str:
        return reader.take(self.size, name).hex()

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        try:
            return encode_digits(value, self.size)
        except EncodeError as error:
            raise EncodeError(f"{name}: {error}") from None

    def parse(self, view: Json, name: str, edition: Edition) -> str:
        if isinstance(view, int) and not isinstance(view, bool):
            return str(view)
        if not isinstance(view, str):
            raise EncodeError(f"{name}: {view!r} is not made of digits")
        return view


class Moment(Digits):
    """BCD[6] YYMMDDhhmmss as 12 digits, where zeros mean something: any time, or every day.

    A view may also give "hh:mm:ss" (every day) or a time in ISO 8601 (GMT+8 unless it says otherwise).
    """

    def __init__(self) -> None:
        super().__init__(_TIME_BYTES)

    def parse(self, view: Json, name: str, edition: Edition) -> str:
        if isinstance(view, str) and ":" in view:
            if len(view) in (5, 8) and "-" not in view:
                return ("000000" + view.replace(":", "")).ljust(12, "0")
            return encode_time(point_in_time(view, name)).hex()
        return super().parse(view, name, edition)


class Time(Kind[datetime | None]):
    """BCD[6] in GMT+8 (`utc`: in UTC); None for what is no time."""

    may_be_none = True

    def __init__(self, *, utc: bool = False) -> None:
        self.utc = utc

    def read(self, reader: Reader, name: str, scope: Scope) -> datetime | None:
        time = decode_time(reader.take(_TIME_BYTES, name))
        if time is None:
            reader.note(Oddity.UNKNOWN_TIME)
        return time.replace(tzinfo=UTC) if self.utc and time else time

    def write(self, value: datetime | None, name: str, scope: Scope) -> bytes:
        shifted = value.astimezone(UTC) - timedelta(hours=8) if self.utc and value else value
        return encode_time(shifted)

    def show(self, value: datetime | None, edition: Edition) -> Json:
        return value.isoformat() if value else None

    def parse(self, view: Json, name: str, edition: Edition) -> datetime | None:
        if view is None:
            return None
        return point_in_time(view, name, UTC if self.utc else GMT8)

    def meaning(self, value: datetime | None, edition: Edition) -> str:
        return value.isoformat() if value else "no time that exists"


def _size(size: Size, scope: Scope) -> int:
    return size if isinstance(size, int) else size(scope)


def whole_number(view: Json, name: str) -> int:
    """An integer of a JSON view; ids may be given as "0x8300". Raises `EncodeError`."""
    if isinstance(view, str):
        try:
            return int(view, 0)
        except ValueError:
            pass
    elif isinstance(view, int | float) and view == view // 1:
        return int(view)
    raise EncodeError(f"{name}: {view!r} is no whole number")


def real_number(view: Json, name: str) -> float:
    """A number of a JSON view. Raises `EncodeError`."""
    if isinstance(view, int | float) and not isinstance(view, bool):
        return float(view)
    raise EncodeError(f"{name}: {view!r} is no number")


def hex_bytes(view: Json, name: str) -> bytes:
    """Bytes of a JSON view, given in hex. Raises `EncodeError`."""
    try:
        return bytes.fromhex(view)
    except (TypeError, ValueError):
        raise EncodeError(f"{name}: {view!r} is no hex") from None


def point_in_time(view: Json, name: str, zone: Any = GMT8) -> datetime:
    """A time of a JSON view, ISO 8601, GMT+8 unless it says otherwise. Raises `EncodeError`."""
    try:
        time = datetime.fromisoformat(view)
    except (TypeError, ValueError):
        raise EncodeError(f"{name}: {view!r} is no time such as 2026-03-15T14:25:30+08:00") from None
    return time if time.tzinfo else time.replace(tzinfo=zone)


U8, U16, U32 = Number(1), Number(2), Number(4)
ID16, ID32 = Number(2, hexadecimal=True), Number(4, hexadecimal=True)
SHORT_TEXT, WORD_TEXT, REST_TEXT = CountedText(1), CountedText(2), RestText()
REST_DATA = RestData()
TIME, UTC_TIME, MOMENT = Time(), Time(utc=True), Moment()
