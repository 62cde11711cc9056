"""Supervision of vehicles: listening, pictures, texts, recorder, emergency (JT/T 809-2011, 4.5.7; 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from stream.jt808.reader import Reader, pack
from stream.jt809.header import Edition
from stream.jt809.kinds import BcdTime, Kind, Octets, Text, Unsigned
from stream.jt809.layout import New, Old, Variant
from stream.jt809.messages.base import VehicleMessage
from stream.jt809.messages.gnss import GnssKind, Position
from stream.jt809.words import Byte, DWord, LongData, LongText, Time, TypeId, Word
from stream.protocol_errors import EncodeError

_LISTEN_RESULTS = {0: "listening", 1: "failed"}
_PHOTO_RESULTS = {
    0: "lens not supported",
    1: "taken",
    2: "taken, to be sent later",
    3: "not taken, cannot be reached",
    4: "not taken, other",
    9: "vehicle not registered",
}
_PHOTO_FORMATS = {1: "JPEG", 2: "GIF", 3: "TIFF", 4: "PNG"}
_TEXT_RESULTS = {0: "received", 1: "failed"}
_EMERGENCY_RESULTS = {0: "received", 1: "no such vehicle", 2: "other"}
_PRIORITIES = {0: "urgent", 1: "normal"}
_SOURCE = ("source_type", "source_sequence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture: size code, format code (1 JPEG, 2 GIF, 3 TIFF, 4 PNG) and its bytes."""

    size_type: int = 0
    format: int = 1
    data: bytes = b""


class PhotoKind(Kind):
    """Length, size, format, data: the length stands before what it does not count."""

    def read(self, reader: Reader, name: str, edition: Edition) -> Photo:
        length = reader.u32(f"{name} length")
        size_type, kind = reader.u8(f"{name} size_type"), reader.u8(f"{name} format")
        return Photo(size_type=size_type, format=kind, data=reader.take(length, name))

    def write(self, value: Photo, name: str, edition: Edition) -> bytes:
        head = pack(len(value.data), 4, f"{name} length") + pack(value.size_type, 1, f"{name} size_type")
        return head + pack(value.format, 1, f"{name} format") + value.data

    def show(self, value: Photo) -> dict[str, Any]:
        return {
            "size_type": value.size_type,
            "format": value.format,
            "length": len(value.data),
            "data": value.data.hex(),
        }

    def parse(self, shown: Any, name: str) -> Photo:
        try:
            return Photo(
                size_type=int(shown.get("size_type", 0)),
                format=int(shown.get("format", 1)),
                data=bytes.fromhex(shown.get("data", "")),
            )
        except (AttributeError, TypeError, ValueError):
            raise EncodeError(f"{name}: {shown!r} has no size_type, format and data in hex") from None

    def meaning(self, value: Photo) -> str:
        return _PHOTO_FORMATS.get(value.format, "")


class OldGnssKind(GnssKind):
    """A position of 2011 where 2019 should be: seen from a platform under test by the ministry."""

    def read(self, reader: Reader, name: str, edition: Edition) -> Any:
        return GnssKind.read(self, reader, name, "2011")

    def write(self, value: Any, name: str, edition: Edition) -> bytes:
        return GnssKind.write(self, value, name, "2011")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenResponse(VehicleMessage):
    """0x1501, answer to 0x9501."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1501
    source_type: New[TypeId] = None
    source_sequence: New[DWord] = None
    result: Annotated[int, Unsigned(1, _LISTEN_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoResponse(VehicleMessage):
    """0x1502, answer to 0x9502: whether it was taken, where, by which lens, and the picture."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1502
    FORMS: ClassVar[Mapping[str, Kind]] = {"position#2011": OldGnssKind()}
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2019": (
            (*_SOURCE, "result", "position", "lens_id", "photo"),
            (*_SOURCE, "result", "position#2011", "lens_id", "photo"),
        ),
    }
    source_type: New[TypeId] = None
    source_sequence: New[DWord] = None
    result: Annotated[int, Unsigned(1, _PHOTO_RESULTS)]
    position: Position
    lens_id: Byte
    photo: Annotated[Photo, PhotoKind()]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextResponse(VehicleMessage):
    """0x1503: a text has come to the vehicle, named by its sequence in 2011."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1503
    msg_sequence: Old[DWord] = None
    source_type: New[TypeId] = None
    source_sequence: New[DWord] = None
    result: Annotated[int, Unsigned(1, _TEXT_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderResponse(VehicleMessage):
    """0x1504: data of the driving recorder. Some senders put the command before, others do not."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1504
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2011": (("command", "data"), ("data",)),
        "2019": ((*_SOURCE, "command", "data"), (*_SOURCE, "data")),
    }
    source_type: New[TypeId] = None
    source_sequence: New[DWord] = None
    command: Byte | None = None
    data: LongData


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyResponse(VehicleMessage):
    """0x1505, answer to 0x9505."""

    message_id: ClassVar[int] = 0x1500
    sub_type: ClassVar[int] = 0x1505
    source_type: New[TypeId] = None
    source_sequence: New[DWord] = None
    result: Annotated[int, Unsigned(1, _EMERGENCY_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenRequest(VehicleMessage):
    """0x9501: the vehicle shall call this number, so that one hears what goes on."""

    message_id: ClassVar[int] = 0x9500
    sub_type: ClassVar[int] = 0x9501
    monitor_tel: Annotated[str, Text(20)]


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
    priority: Annotated[int, Unsigned(1, _PRIORITIES)]
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderRequest(VehicleMessage):
    """0x9504: data of the driving recorder. The sources differ on its layout; all are read.

    command: of GB/T 19056. max_blocks: only with the times in BCD.
    """

    message_id: ClassVar[int] = 0x9500
    sub_type: ClassVar[int] = 0x9504
    FORMS: ClassVar[Mapping[str, Kind]] = {"start_time#bcd": BcdTime(), "end_time#bcd": BcdTime()}
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2011": (
            ("command", "start_time#bcd", "end_time#bcd", "max_blocks"),
            ("start_time", "end_time"),
            ("command",),
        ),
        "2019": (("start_time", "end_time", "command"), ("start_time", "end_time")),
    }
    command: Byte | None = None
    start_time: Time = None
    end_time: Time = None
    max_blocks: Word | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyRequest(VehicleMessage):
    """0x9505: the vehicle shall report to this server as well, until end_time.

    authentication_code: 10 bytes as digits. access_point, user, password: how it dials in.
    """

    message_id: ClassVar[int] = 0x9500
    sub_type: ClassVar[int] = 0x9505
    authentication_code: Annotated[bytes, Octets(10)]
    access_point: Annotated[str, Text(20)]
    user: Annotated[str, Text(49)]
    password: Annotated[str, Text(22)]
    server_ip: Annotated[str, Text(32)]
    tcp_port: Word
    udp_port: Word
    end_time: Time
