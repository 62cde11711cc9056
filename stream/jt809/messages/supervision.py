"""Supervision of vehicles: listening, pictures, texts, recorder, emergency (JT/T 809-2011, 4.5.7; 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from stream.jt808.header import Edition as AnyEdition
from stream.jt808.kinds import TIME, FixedData, FixedText, Number
from stream.jt808.kinds import Time as TimeKind
from stream.jt808.layout import Json, Kind, Scope
from stream.jt808.reader import Reader, pack
from stream.jt809.header import Edition
from stream.jt809.messages.base import VehicleMessage
from stream.jt809.messages.gnss import OLD_POSITION, Gnss, Position
from stream.jt809.words import (
    SECONDS,
    Byte,
    DWord,
    LongData,
    LongText,
    NewDWord,
    NewTypeId,
    OldDWord,
    OptionalByte,
    OptionalWord,
    Seconds,
    Time,
    Word,
)
from stream.protocol_errors import EncodeError

_LISTEN_RESULTS = {0: "listening", 1: "failed"}
_PHOTO_RESULTS = {
    0: "lens not supported",
    1: "taken",
    2: "taken, to be sent later",
    3: "not taken, offline",
    4: "not taken, no such lens",
    5: "not taken, other",
    9: "wrong plate",
}
_PHOTO_FORMATS = {1: "JPEG", 2: "GIF", 3: "TIFF", 4: "PNG"}
_TEXT_RESULTS = {0: "received", 1: "failed"}
_EMERGENCY_RESULTS = {0: "received", 1: "no such vehicle", 2: "other"}
_PRIORITIES = {0: "urgent", 1: "normal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture: size code, format code (1 JPEG, 2 GIF, 3 TIFF, 4 PNG) and its bytes."""

    size_type: int = 0
    format: int = 1
    data: bytes = b""


class PhotoKind(Kind[Photo]):
    """Length, size, format, data: the length stands before what it does not count."""

    def read(self, reader: Reader, name: str, scope: Scope) -> Photo:
        length = reader.u32(f"{name} length")
        size_type, kind = reader.u8(f"{name} size_type"), reader.u8(f"{name} format")
        return Photo(size_type=size_type, format=kind, data=reader.take(length, name))

    def write(self, value: Photo, name: str, scope: Scope) -> bytes:
        head = pack(len(value.data), 4, f"{name} length") + pack(value.size_type, 1, f"{name} size_type")
        return head + pack(value.format, 1, f"{name} format") + value.data

    def show(self, value: Photo, edition: AnyEdition) -> Json:
        return {
            "size_type": value.size_type,
            "format": value.format,
            "length": len(value.data),
            "data": value.data.hex(),
        }

    def parse(self, view: Json, name: str, edition: AnyEdition) -> Photo:
        try:
            return Photo(
                size_type=int(view.get("size_type", 0)),
                format=int(view.get("format", 1)),
                data=bytes.fromhex(view.get("data", "")),
            )
        except (AttributeError, TypeError, ValueError):
            raise EncodeError(f"{name}: {view!r} has no size_type, format and data in hex") from None

    def meaning(self, value: Photo, edition: AnyEdition) -> str:
        return _PHOTO_FORMATS.get(value.format, "")


class RecorderTime(Seconds):
    """In BCD in the form with a command before it, Time_t in the others."""

    def read(self, reader: Reader, name: str, scope: Scope) -> datetime | None:
        return _time_of(scope).read(reader, name, scope)

    def write(self, value: datetime | None, name: str, scope: Scope) -> bytes:
        return _time_of(scope).write(value, name, scope)


def _time_of(scope: Scope) -> TimeKind:
    return TIME if scope.variant == "2011" else SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenResponse(VehicleMessage):
    """0x1501, answer to 0x9501."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1501
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    result: Annotated[int, Number(1, names=_LISTEN_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoResponse(VehicleMessage):
    """0x1502, answer to 0x9502: whether it was taken, where, by which lens, and the picture."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1502
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = {
        "2011": ("2011",),
        "2019": ("2019", f"2019 {OLD_POSITION}"),
    }
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    result: Annotated[int, Number(1, names=_PHOTO_RESULTS)]
    position: Position
    lens_id: Byte
    photo: Annotated[Photo, PhotoKind()]

    def variant_for(self, edition: AnyEdition) -> str:
        """A position of 2011 tells that the old form is meant."""
        return "2011" if edition != "2019" else self.VARIANTS["2019"][isinstance(self.position, Gnss)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextResponse(VehicleMessage):
    """0x1503: a text has come to the vehicle, named by its sequence in 2011."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1503
    msg_sequence: OldDWord = None
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    result: Annotated[int, Number(1, names=_TEXT_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderResponse(VehicleMessage):
    """0x1504: data of the driving recorder. Some senders put the command before, others do not."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1504
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = {
        "2011": ("2011", "2011 bare"),
        "2019": ("2019", "2019 bare"),
    }
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "2011 bare": ("data",),
        "2019 bare": ("source_type", "source_sequence", "data"),
    }
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    command: OptionalByte = None
    data: LongData


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyResponse(VehicleMessage):
    """0x1505, answer to 0x9505."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1505
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    result: Annotated[int, Number(1, names=_EMERGENCY_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenRequest(VehicleMessage):
    """0x9501: the vehicle shall call this number, so that one hears what goes on."""

    message_id: ClassVar[int] = 0x9500
    sub_type: ClassVar[int] = 0x9501
    monitor_tel: Annotated[str, FixedText(20)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoRequest(VehicleMessage):
    """0x9502."""

    message_id: ClassVar[int] = 0x9500
    sub_type: ClassVar[int] = 0x9502
    lens_id: Byte
    size_type: Byte


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRequest(VehicleMessage):
    """0x9503: a text for the vehicle."""

    message_id: ClassVar[int] = 0x9500
    sub_type: ClassVar[int] = 0x9503
    msg_sequence: DWord
    priority: Annotated[int, Number(1, names=_PRIORITIES)]
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderRequest(VehicleMessage):
    """0x9504: data of the driving recorder. The sources differ on its layout; all are read.

    command: of GB/T 19056. max_blocks: only with the times in BCD.
    """

    message_id: ClassVar[int] = 0x9500
    sub_type: ClassVar[int] = 0x9504
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = {
        "2011": ("2011", "2011 times", "2011 command"),
        "2019": ("2019", "2019 times"),
    }
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "2011 times": ("start_time", "end_time"),
        "2011 command": ("command",),
        "2019": ("start_time", "end_time", "command"),
        "2019 times": ("start_time", "end_time"),
    }
    command: OptionalByte = None
    start_time: Annotated[datetime | None, RecorderTime()] = None
    end_time: Annotated[datetime | None, RecorderTime()] = None
    max_blocks: OptionalWord = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyRequest(VehicleMessage):
    """0x9505: the vehicle shall report to this server as well, until end_time.

    authentication_code: 10 bytes as digits. access_point, user, password: how it dials in.
    """

    message_id: ClassVar[int] = 0x9500
    sub_type: ClassVar[int] = 0x9505
    authentication_code: Annotated[bytes, FixedData(10)]
    access_point: Annotated[str, FixedText(20)]
    user: Annotated[str, FixedText(49)]
    password: Annotated[str, FixedText(22)]
    server_ip: Annotated[str, FixedText(32)]
    tcp_port: Word
    udp_port: Word
    end_time: Time
