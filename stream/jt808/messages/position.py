"""Positions (JT/T 808-2013, 8.18, 8.20, 8.49; 2019, 8.12, 8.14, 8.40)."""

import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar, Self

from stream.jt808.bcd import decode_time, encode_time
from stream.jt808.errors import EncodeError, LengthError
from stream.jt808.flags import alarm_names, status_names
from stream.jt808.header import Edition
from stream.jt808.item_list import Item, pack_item, split_items
from stream.jt808.item_oddities import item_oddities
from stream.jt808.items import ITEMS
from stream.jt808.kind_lists import ListOf, Nested
from stream.jt808.kinds import REST_DATA, TIME, U16, Degrees, Digits, Number, Scaled
from stream.jt808.layout import Json, Scope, fields_of
from stream.jt808.messages.base import Message
from stream.jt808.oddities import Oddity
from stream.jt808.reader import Reader, pack

STATUS_SOUTH = 1 << 2
STATUS_WEST = 1 << 3
BASE_BYTES = 28
_ALONE = "position alone"

_BASE = struct.Struct(">IIIIhHH6s")


#: Magnitudes whose hemisphere the status bits tell.
LATITUDE = Degrees(lambda scope: bool(scope["status_bits"] & STATUS_SOUTH))
LONGITUDE = Degrees(lambda scope: bool(scope["status_bits"] & STATUS_WEST))


class _AlarmBits(Number):
    def meaning(self, value: int, edition: Edition) -> str:
        return ", ".join([f"0x{value:08x}", *alarm_names(value, edition)])


class _StatusBits(Number):
    def meaning(self, value: int, edition: Edition) -> str:
        return ", ".join([f"0x{value:08x}", *status_names(value, edition)])


@dataclass(frozen=True, slots=True)
class PositionReport(Message):
    """0x0200.

    time has the zone +08:00; it is None where the terminal sent no time that exists, then time_bcd holds its
    12 nibbles. Longitude and latitude are signed. items_rest: bytes at the end that are no whole item.
    """

    message_id: ClassVar[int] = 0x0200
    shown_only: ClassVar = frozenset({"alarms", "status", "items_error"})
    alarm_bits: Annotated[int, _AlarmBits(4)]
    status_bits: Annotated[int, _StatusBits(4)]
    latitude_deg: Annotated[float, LATITUDE]
    longitude_deg: Annotated[float, LONGITUDE]
    altitude_m: Annotated[int, Number(2, signed=True)]
    speed_kmh: Annotated[float, Scaled(2, 10)]
    heading_deg: Annotated[int, U16]
    time: Annotated[datetime | None, TIME] = None
    items: Annotated[tuple[Item, ...], ITEMS] = ()
    items_rest: Annotated[bytes, REST_DATA] = b""
    time_bcd: Annotated[str, Digits(6)] = ""

    @classmethod
    def read(cls, reader: Reader, edition: Edition, outer: Scope | None = None) -> Self:
        """Same in all editions. Only a base shorter than 28 bytes is an error; items never are."""
        if reader.trace is not None:
            explain_position(Reader(reader.ahead()), reader, edition)
        alarm, status, latitude, longitude, altitude, speed, heading, digits = _BASE.unpack(
            reader.skip(BASE_BYTES, "position")
        )
        items, rest = split_items(reader.skip(reader.left, "items"))
        time = decode_time(digits)
        odd = item_oddities(items, rest)
        if time is None:
            odd |= int(Oddity.UNKNOWN_TIME)
        if (latitude | longitude) >> 31:
            odd |= int(Oddity.TWOS_COMPLEMENT)
        reader.note(odd)
        return cls(
            alarm,
            status,
            _degrees(latitude, status & STATUS_SOUTH),
            _degrees(longitude, status & STATUS_WEST),
            altitude,
            speed / 10,
            heading,
            time,
            items,
            rest,
            "" if time else digits.hex(),
        )

    def encode(self, edition: Edition = "2013", outer: Scope | None = None) -> bytes:
        """Same in all editions; the south and west bits follow the signs."""
        status = _hemisphere(self.status_bits, STATUS_SOUTH, self.latitude_deg)
        status = _hemisphere(status, STATUS_WEST, self.longitude_deg)
        digits = bytes.fromhex(self.time_bcd) if self.time_bcd else encode_time(self.time)
        try:
            base = _BASE.pack(
                self.alarm_bits,
                status,
                abs(round(self.latitude_deg * 1e6)),
                abs(round(self.longitude_deg * 1e6)),
                self.altitude_m,
                round(self.speed_kmh * 10),
                self.heading_deg,
                digits,
            )
        except (struct.error, TypeError, ValueError, OverflowError) as error:
            raise EncodeError(f"a field of the position does not fit: {error}") from None
        return base + b"".join(map(pack_item, self.items)) + self.items_rest

    def show(self, edition: Edition) -> dict[str, Json]:
        """With the names of the bits, and items by name."""
        view: dict[str, Json] = {
            "alarm_bits": self.alarm_bits,
            "alarms": alarm_names(self.alarm_bits, edition),
            "status_bits": self.status_bits,
            "status": status_names(self.status_bits, edition),
            "latitude_deg": self.latitude_deg,
            "longitude_deg": self.longitude_deg,
            "altitude_m": self.altitude_m,
            "speed_kmh": self.speed_kmh,
            "heading_deg": self.heading_deg,
            "time": self.time.isoformat() if self.time else None,
        }
        if self.time_bcd:
            view["time_bcd"] = self.time_bcd
        view["items"] = ITEMS.show(self.items, edition)
        if self.items_rest:
            view |= {"items_error": "truncated", "items_rest": self.items_rest.hex()}
        return view


def explain_position(copy: Reader, reader: Reader, edition: Edition) -> None:
    """Add the fields of the position that `reader` stands before to its trace, one by one.

    `copy` reads the same bytes; `reader` is left where it was.
    """
    assert reader.trace is not None
    copy.trace = []
    values: dict[str, Json] = {}
    scope = Scope(values, edition, edition)
    known = fields_of(PositionReport)
    for name in tuple(known)[:8]:
        values[name] = known[name].kind.read(copy, name, scope)
        copy.explain(known[name].kind.meaning(values[name], edition))
    ITEMS.trace(copy, edition)
    reader.adopt(copy.trace)


def _degrees(raw: int, negative: int) -> float:
    """A magnitude with a status bit by the standard, two's complement from some: either makes it negative."""
    signed = raw - (1 << 32) if raw >> 31 else raw
    return 0.0 - abs(signed) / 1e6 if negative else signed / 1e6


def _hemisphere(status: int, bit: int, degrees: float) -> int:
    if degrees == 0:
        return status
    return status | bit if degrees < 0 else status & ~bit


class _Base(Nested[PositionReport]):
    """The 28 fixed bytes of a position, without items."""

    may_be_none = True

    def read(self, reader: Reader, name: str, scope: Scope) -> PositionReport:
        start = reader.position
        part = Reader(reader.skip(BASE_BYTES, name), traced=reader.trace is not None)
        value = PositionReport.read(part, scope.edition)
        if part.trace is not None:
            reader.adopt(part.trace, start, name)
        reader.note(part.oddities)
        return value

    def write(self, value: PositionReport, name: str, scope: Scope) -> bytes:
        return value.encode(scope.edition)[:BASE_BYTES]


#: A position without its items, as a field of another message.
POSITION_BASE = _Base(PositionReport)


class _Measured(_Base):
    """A position behind its length, as in 0x0704."""

    def read(self, reader: Reader, name: str, scope: Scope) -> PositionReport:
        size = reader.count(2, f"{name} length")
        start = reader.position
        part = Reader(reader.skip(size, name), traced=reader.trace is not None)
        value = PositionReport.read(part, scope.edition)
        if part.trace is not None:
            reader.adopt(part.trace, start, name)
        reader.note(part.oddities)
        return value

    def write(self, value: PositionReport, name: str, scope: Scope) -> bytes:
        body = value.encode(scope.edition)
        return pack(len(body), 2, f"{name} length") + body


@dataclass(frozen=True, slots=True)
class PositionBatch(Message):
    """0x0704. kind: 0 normal batch, 1 re-upload from a blind area."""

    message_id: ClassVar[int] = 0x0704
    kind: Annotated[int, Number(1, names={0: "normal batch", 1: "blind area"})]
    positions: Annotated[tuple[PositionReport, ...], ListOf(_Measured(PositionReport))]

    @classmethod
    def read(cls, reader: Reader, edition: Edition, outer: Scope | None = None) -> Self:
        """The number of positions stands before the kind. Raises `TruncatedError` or `LengthError` if number
        or lengths disagree with the body.
        """
        count = reader.count(2, "positions count")
        kind = reader.u8("kind")
        reader.explain(fields_of(cls)["kind"].kind.meaning(kind, edition))
        one, scope = _Measured(PositionReport), Scope({}, edition, edition, outer)
        positions = tuple(one.read(reader, f"positions[{k}]", scope) for k in range(count))
        if reader.left:
            raise LengthError(f"{reader.left} bytes behind the {count} positions counted")
        return cls(kind, positions)

    def encode(self, edition: Edition = "2013", outer: Scope | None = None) -> bytes:
        """The number of positions, then the fields."""
        return pack(len(self.positions), 2, "count") + super(PositionBatch, self).encode(edition, outer)


def split_batch(body: bytes) -> tuple[int, list[bytes]]:
    """Kind and raw 0x0200 bodies of a 0x0704 body, for `stream.jt808.bulk.decode_position_bodies`.

    Raises `TruncatedError` if a body is cut short, `LengthError` if bytes are left behind the counted bodies.
    """
    reader = Reader(body)
    count, kind = reader.u16("count"), reader.u8("kind")
    bodies = [
        reader.take(reader.u16("position length"), f"position {k + 1} of {count}") for k in range(count)
    ]
    if reader.left:
        raise LengthError(f"{reader.left} bytes behind the {count} positions counted")
    return kind, bodies


class _OldSerial(Number):
    """None where the position stands alone."""

    may_be_none = True


@dataclass(frozen=True, slots=True)
class PositionQueryResponse(Message):
    """0x0201, position query response. reply_serial: None where it is left out, as by
    terminals of 2011."""

    message_id: ClassVar[int] = 0x0201
    wire_order: ClassVar = {_ALONE: ("position",)}
    reply_serial: Annotated[int | None, _OldSerial(2)]
    position: Annotated[PositionReport, Nested[PositionReport](PositionReport)]

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """28 bytes are a position and no serial."""
        return _ALONE if reader.left == BASE_BYTES else edition

    def variant_for(self, edition: Edition) -> str:
        """Without the serial where there is none."""
        return _ALONE if self.reply_serial is None else edition


@dataclass(frozen=True, slots=True)
class VehicleControlResponse(Message):
    """0x0500, vehicle control response."""

    message_id: ClassVar[int] = 0x0500
    reply_serial: Annotated[int, U16]
    position: Annotated[PositionReport, Nested[PositionReport](PositionReport)]
