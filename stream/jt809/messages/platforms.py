"""Messages between platforms: post checks (查岗) and texts (JT/T 809-2011, 4.5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt809.header import Edition
from stream.jt809.kinds import Kind, Text, Unsigned
from stream.jt809.layout import New, Old, Variant
from stream.jt809.messages.base import PlatformMessage
from stream.jt809.words import Byte, DWord, LongText, Time, TypeId

_OBJECT_TYPES = {
    0: "one platform of the lower level",
    1: "all platforms of the lower level",
    2: "one business of the lower level",
    3: "all businesses of the lower level",
    4: "all platforms and businesses of the lower level",
}
_ObjectType = Annotated[int, Unsigned(1, _OBJECT_TYPES)]
_OBJECT = ("object_type", "object_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCheckResponse(PlatformMessage):
    """0x1301: what a person on duty answers.

    2011: info_id is that of the question; some platforms send it without the object. 2019: who answers, and
    the question by source_type and source_sequence.
    """

    message_id: ClassVar[int] = 0x1300
    sub_type: ClassVar[int] = 0x1301
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2011": ((*_OBJECT, "info_id", "content"), ("info_id", "content")),
    }
    object_type: _ObjectType | None = None
    responder: New[Annotated[str, Text(16)]] = None
    responder_tel: New[Annotated[str, Text(20)]] = None
    object_id: Annotated[str | None, Text(12, 20)] = None
    source_type: New[TypeId] = None
    source_sequence: New[DWord] = None
    info_id: Old[DWord] = None
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTextResponse(PlatformMessage):
    """0x1302: a text has come. 2011 names it by info_id."""

    message_id: ClassVar[int] = 0x1300
    sub_type: ClassVar[int] = 0x1302
    info_id: Old[DWord] = None
    source_type: New[TypeId] = None
    source_sequence: New[DWord] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LowerResendRequest(PlatformMessage):
    """0x1303, 2019: send messages of a sub type again, from one sequence number to another."""

    message_id: ClassVar[int] = 0x1300
    sub_type: ClassVar[int] = 0x1303
    data_type: TypeId
    count: Byte
    first_sequence: DWord
    last_sequence: DWord
    time: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCheckRequest(PlatformMessage):
    """0x9301: is somebody on duty? 2019 has a time limit (answer_time, unit not verified)."""

    message_id: ClassVar[int] = 0x9300
    sub_type: ClassVar[int] = 0x9301
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2011": ((*_OBJECT, "info_id", "content"), ("info_id", "content")),
    }
    object_type: _ObjectType | None = None
    object_id: Annotated[str | None, Text(12, 20)] = None
    answer_time: New[Byte] = None
    info_id: DWord
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTextRequest(PlatformMessage):
    """0x9302: a text for the platform; the length of object_id in 2019 was not verified, both are read."""

    message_id: ClassVar[int] = 0x9300
    sub_type: ClassVar[int] = 0x9302
    FORMS: ClassVar[Mapping[str, Kind]] = {"object_id#12": Text(12)}
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2019": (
            (*_OBJECT, "info_id", "content"),
            ("object_type", "object_id#12", "info_id", "content"),
        ),
    }
    object_type: _ObjectType
    object_id: Annotated[str, Text(12, 20)]
    info_id: DWord
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class UpperResendRequest(PlatformMessage):
    """0x9303, 2019: as 0x1303."""

    message_id: ClassVar[int] = 0x9300
    sub_type: ClassVar[int] = 0x9303
    data_type: TypeId
    count: Byte
    first_sequence: DWord
    last_sequence: DWord
    time: Time
