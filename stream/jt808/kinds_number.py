"""Kinds of fields that are numbers: BYTE, WORD, DWORD, parts of a unit, degrees."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.layout import Json, Kind, Scope
from stream.jt808.oddities import Oddity
from stream.jt808.reader import Reader
from stream.jt808.view_values import real_number, whole_number


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
