"""Messages between platforms: post checks (查岗) and texts (JT/T 809-2011, 4.5.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.kinds import ID16, FixedData, FixedText, Number
from stream.jt809.header import Edition
from stream.jt809.messages.base import PlatformMessage
from stream.jt809.words import (
    NEW,
    Byte,
    DWord,
    LongText,
    NewByte,
    NewDWord,
    NewTypeId,
    OldDWord,
    OptionalByte,
    OptionalDWord,
    Time,
    TypeId,
    size,
)

_OBJECT_TYPES = {
    0: "one platform of the lower level",
    1: "the lower platform of this link",
    2: "one business of the lower platform",
    3: "all businesses of the lower platform",
    4: "all platforms of the lower platform",
    5: "all platforms and businesses of the lower platform",
    6: "all government platforms of the lower platform",
    7: "all company platforms of the lower platform",
    8: "all commercial company platforms of the lower platform",
    9: "all other company platforms of the lower platform",
}
OBJECT_TYPE = Number(1, names=_OBJECT_TYPES)
_OptionalObject = Annotated[int | None, OBJECT_TYPE]
_RESEND = ("data_type", "count", "first_sequence", "last_sequence", "time")
_BARE: Mapping[Edition, tuple[str, ...]] = {"2011": ("2011", "2011 bare"), "2019": ("2019",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCheckResponse(PlatformMessage):
    """0x1301: what a person on duty answers.

    2011: info_id is that of the question; some platforms send it without the object. 2019: who answers, and
    the question by source_type and source_sequence.
    """

    message_id: ClassVar[int] = 0x1300
    sub_type: ClassVar[int] = 0x1301
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = _BARE
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {"2011 bare": ("info_id", "content")}
    object_type: _OptionalObject = None
    responder: Annotated[str | None, FixedText(16), NEW] = None
    responder_tel: Annotated[str | None, FixedText(20), NEW] = None
    object_id: Annotated[str | None, FixedText(size(12, 20))] = None
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    info_id: OldDWord = None
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTextResponse(PlatformMessage):
    """0x1302: a text has come. 2011 names it by info_id."""

    message_id: ClassVar[int] = 0x1300
    sub_type: ClassVar[int] = 0x1302
    info_id: OldDWord = None
    source_type: NewTypeId = None
    source_sequence: NewDWord = None


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
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = _BARE
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {"2011 bare": ("info_id", "content")}
    object_type: _OptionalObject = None
    object_id: Annotated[str | None, FixedText(size(12, 20))] = None
    answer_time: NewByte = None
    info_id: DWord
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTextRequest(PlatformMessage):
    """0x9302: a text for the platform; the length of object_id in 2019 was not verified, both are read."""

    message_id: ClassVar[int] = 0x9300
    sub_type: ClassVar[int] = 0x9302
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = {
        "2011": ("2011",),
        "2019": ("2019", "2019 short object"),
    }
    object_type: Annotated[int, OBJECT_TYPE]
    object_id: Annotated[str, FixedText(lambda scope: 20 if scope.variant == "2019" else 12)]
    info_id: DWord
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class UpperResendRequest(PlatformMessage):
    """0x9303, 2019: as 0x1303; one implementation sends a list of 8 bytes instead of the four fields."""

    message_id: ClassVar[int] = 0x9300
    sub_type: ClassVar[int] = 0x9303
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = {
        "2011": ("2011", "2011 list"),
        "2019": ("2019", "2019 list"),
    }
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "2011": _RESEND,
        "2019": _RESEND,
        "2011 list": ("serial_list", "time"),
        "2019 list": ("serial_list", "time"),
    }
    data_type: Annotated[int | None, ID16] = None
    count: OptionalByte = None
    first_sequence: OptionalDWord = None
    last_sequence: OptionalDWord = None
    serial_list: Annotated[bytes | None, FixedData(8)] = None
    time: Time
