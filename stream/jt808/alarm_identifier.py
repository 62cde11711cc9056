"""The alarm identifier of active safety (T/JSATL 12-2017, table 4-16, and its sisters of other provinces).

The provinces differ in its length and in how many bytes of it are the terminal id; the length tells which.
Together with the vehicle it is the key by which an alarm and its files are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from stream.jt808.bcd import decode_time, encode_time
from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.kinds import Data, hex_bytes, point_in_time, whole_number
from stream.jt808.layout import Json, Scope
from stream.jt808.reader import Reader, pack
from stream.jt808.text import decode_text, encode_fixed_text


class Dialect(IntEnum):
    """Whose active safety standard an item follows."""

    JIANGSU = 0
    GUANGDONG = 1
    HEILONGJIANG = 2
    SICHUAN = 3
    HUNAN = 4
    UNKNOWN = 255


#: Bytes of the terminal id, and the dialect, by bytes of the identifier.
TERMINAL_ID_BYTES = {16: 7, 32: 7, 38: 30, 39: 30, 40: 30}
DIALECTS = {
    **{16: Dialect.JIANGSU, 40: Dialect.GUANGDONG, 38: Dialect.HEILONGJIANG},
    **{39: Dialect.SICHUAN, 32: Dialect.HUNAN},
}
_BYTES_OF = {dialect.name.lower(): size for size, dialect in DIALECTS.items()}


@dataclass(frozen=True, slots=True)
class AlarmIdentifier:
    """What an identifier says. attachments: how many files the terminal has of the alarm."""

    dialect: Dialect
    terminal_id: str
    time: datetime | None
    sequence: int
    attachments: int


def read_identifier(raw: bytes) -> AlarmIdentifier:
    """The parts of an identifier of 16, 32, 38, 39 or 40 bytes. Raises `KeyError` for another length."""
    name_bytes = TERMINAL_ID_BYTES[len(raw)]
    return AlarmIdentifier(
        dialect=DIALECTS[len(raw)],
        terminal_id=decode_text(raw[:name_bytes]),
        time=decode_time(raw[name_bytes : name_bytes + 6]),
        sequence=raw[name_bytes + 6],
        attachments=raw[name_bytes + 7],
    )


def write_identifier(identifier: AlarmIdentifier) -> bytes:
    """The bytes of an identifier, reserved bytes zero. Raises `EncodeError`."""
    size = _BYTES_OF[Dialect(identifier.dialect).name.lower()]
    raw = (
        encode_fixed_text(identifier.terminal_id, TERMINAL_ID_BYTES[size], "terminal_id")
        + encode_time(identifier.time)
        + pack(identifier.sequence, 1, "sequence")
        + pack(identifier.attachments, 1, "attachments")
    )
    return raw.ljust(size, b"\0")


class IdentifierKind(Data):
    """An identifier as a field; its length is the number the record's variant begins with, and decides."""

    def read(self, reader: Reader, name: str, scope: Scope) -> bytes:
        return reader.take(int(scope.variant.split()[0]), name)

    def write(self, value: bytes, name: str, scope: Scope) -> bytes:
        if len(value) not in TERMINAL_ID_BYTES:
            raise EncodeError(f"{name}: {len(value)} bytes are no alarm identifier (16, 32, 38, 39 or 40)")
        return value

    def show(self, value: bytes, edition: Edition) -> Json:
        found = read_identifier(value)
        return {
            "terminal_id": found.terminal_id,
            "time": found.time.isoformat() if found.time else None,
            "sequence": found.sequence,
            "attachments": found.attachments,
            "raw": value.hex(),
        }

    def parse(self, view: Json, name: str, edition: Edition) -> bytes:
        """Hex, an object with `raw`, or one with the parts and a `dialect` (jiangsu where it is not said)."""
        if isinstance(view, str):
            return hex_bytes(view, name)
        if not isinstance(view, dict):
            raise EncodeError(f"{name}: {view!r} is no alarm identifier")
        if "raw" in view:
            return hex_bytes(view["raw"], f"{name}.raw")
        dialect = view.get("dialect", "jiangsu")
        if dialect not in _BYTES_OF:
            raise EncodeError(f"{name}.dialect: {dialect!r} is none of {', '.join(_BYTES_OF)}")
        time = view.get("time")
        return write_identifier(
            AlarmIdentifier(
                Dialect[dialect.upper()],
                str(view.get("terminal_id", "")),
                point_in_time(time, f"{name}.time") if time else None,
                whole_number(view.get("sequence", 0), f"{name}.sequence"),
                whole_number(view.get("attachments", 0), f"{name}.attachments"),
            )
        )

    def meaning(self, value: bytes, edition: Edition) -> str:
        found = read_identifier(value)
        return (
            f"{found.dialect.name.lower()}: terminal {found.terminal_id}, {found.time}, "
            f"sequence {found.sequence}, {found.attachments} files"
        )


IDENTIFIER = IdentifierKind()
