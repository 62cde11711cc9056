"""Positions (JT/T 808-2013, 8.18, 8.20, 8.49; 2019, 8.12, 8.14, 8.40)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from stream.jt808.bcd import decode_time, encode_time
from stream.jt808.errors import EncodeError, LengthError
from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack

STATUS_SOUTH = 1 << 2
STATUS_WEST = 1 << 3

_BASE = struct.Struct(">IIIIhHH6s")


@dataclass(frozen=True, slots=True)
class Item:
    """One additional item of a position, not interpreted; `stream.jt808.items` gives it a meaning."""

    id: int
    value: bytes


@dataclass(frozen=True, slots=True)
class PositionReport(Message):
    """0x0200.

    time has the zone +08:00; it is None where the terminal sent no time that exists, then time_bcd holds its
    12 nibbles. Longitude and latitude are signed. items_rest: bytes at the end that are no whole item.
    """

    message_id: ClassVar[int] = 0x0200
    alarm_bits: int
    status_bits: int
    latitude_deg: float
    longitude_deg: float
    altitude_m: int
    speed_kmh: float
    heading_deg: int
    time: datetime | None
    items: tuple[Item, ...] = ()
    items_rest: bytes = b""
    time_bcd: str = ""

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions. Only a base shorter than 28 bytes is an error; items never are."""
        base = reader.take(_BASE.size, "position")
        alarm, status, latitude, longitude, altitude, speed, heading, digits = _BASE.unpack(base)
        items, rest = split_items(reader.rest())
        time = decode_time(digits)
        return cls(
            alarm_bits=alarm,
            status_bits=status,
            latitude_deg=_degrees(latitude, status & STATUS_SOUTH),
            longitude_deg=_degrees(longitude, status & STATUS_WEST),
            altitude_m=altitude,
            speed_kmh=speed / 10,
            heading_deg=heading,
            time=time,
            items=items,
            items_rest=rest,
            time_bcd="" if time else digits.hex(),
        )

    def encode(self, edition: Edition = "2013") -> bytes:
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
        except struct.error as error:
            raise EncodeError(f"a field of the position does not fit: {error}") from None
        return base + b"".join(map(_pack_item, self.items)) + self.items_rest


def _degrees(raw: int, negative: int) -> float:
    """A magnitude with a status bit by the standard, two's complement from some: either makes it negative."""
    signed = raw - (1 << 32) if raw >> 31 else raw
    return 0.0 - abs(signed) / 1e6 if negative else signed / 1e6


def _hemisphere(status: int, bit: int, degrees: float) -> int:
    if degrees == 0:
        return status
    return status | bit if degrees < 0 else status & ~bit


def _pack_item(item: Item) -> bytes:
    return pack(item.id, 1, "item id") + pack(len(item.value), 1, "item length") + item.value


def split_items(data: bytes) -> tuple[tuple[Item, ...], bytes]:
    """Cut raw items into id and value; also returns the end that is no whole item, empty if all is well."""
    items = []
    position = 0
    while position + 2 <= len(data):
        end = position + 2 + data[position + 1]
        if end > len(data):
            break
        items.append(Item(data[position], data[position + 2 : end]))
        position = end
    return tuple(items), data[position:]


@dataclass(frozen=True, slots=True)
class PositionBatch(Message):
    """0x0704. kind: 0 normal batch, 1 re-upload from a blind area."""

    message_id: ClassVar[int] = 0x0704
    kind: int
    positions: tuple[PositionReport, ...]

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Raises `TruncatedError` or `LengthError` if count or lengths disagree with the body."""
        kind, bodies = split_batch(reader.rest())
        return cls(kind, tuple(PositionReport.decode(body, edition) for body in bodies))

    def encode(self, edition: Edition = "2013") -> bytes:
        """Count, kind, then each position behind its length."""
        bodies = [position.encode(edition) for position in self.positions]
        parts = [pack(len(bodies), 2, "count"), pack(self.kind, 1, "kind")]
        parts += [pack(len(body), 2, "position length") + body for body in bodies]
        return b"".join(parts)


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


@dataclass(frozen=True, slots=True)
class PositionAnswer(Message):
    """Fields shared by 0x0201 and 0x0500: the request answered, and a position."""

    reply_serial: int
    position: PositionReport

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        return cls(reader.u16("reply_serial"), PositionReport.read(reader, edition))

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        return pack(self.reply_serial, 2, "reply_serial") + self.position.encode(edition)


@dataclass(frozen=True, slots=True)
class PositionQueryResponse(PositionAnswer):
    """0x0201, position query response."""

    message_id: ClassVar[int] = 0x0201


@dataclass(frozen=True, slots=True)
class VehicleControlResponse(PositionAnswer):
    """0x0500, vehicle control response."""

    message_id: ClassVar[int] = 0x0500
