"""Alarms: supervision (督办), pre-warning, exchange, handling results (JT/T 809-2011, 4.5.6; 2019).

2019 has no vehicle in the wrapper; alarm messages hold it among their fields, and the platform they come from
and go to. Real platforms send them with two times as well, without that of the warning, and in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.kinds import FixedText, Number
from stream.jt809.header import Edition
from stream.jt809.messages.base import AlarmMessage
from stream.jt809.words import (
    COLOR_CODE,
    NEW,
    OLD,
    PLATE_TEXT,
    DWord,
    LongText,
    NewDWord,
    NewPlatformId,
    NewTime,
    OptionalDWord,
    OptionalPlatformId,
    OptionalText,
    PlatformId,
    Time,
    TypeId,
)

_SOURCES = {1: "vehicle terminal", 2: "company platform", 3: "government platform", 9: "other"}
_WORK_RESULTS = {0: "in work", 1: "done", 2: "ignored", 3: "to be done later"}
_LEVELS = {0: "urgent", 1: "normal"}
WARN_TYPES = {
    1: "overspeed",
    2: "fatigue",
    3: "emergency",
    4: "enters area",
    5: "leaves area",
    6: "congestion",
    7: "dangerous road",
    8: "out of bounds",
    9: "theft",
    0xA: "robbery",
    0xB: "off route",
    0xC: "moved",
    0xD: "driving overtime",
    0xE: "other",
    0x10: "forbidden driving",
    0x11: "forward collision",
    0x12: "lane departure",
    0x13: "tyre pressure",
    0x14: "dynamic data abnormal",
    0xA001: "parking overtime",
    0xA002: "upload interval abnormal",
    0xA003: "upload distance abnormal",
    0xA004: "lower platform offline",
    0xA005: "lower platform data abnormal",
    0xA006: "congestion",
    0xA007: "dangerous road",
    0xA008: "rain or snow",
    0xA009: "driver identity",
    0xA00A: "terminal",
    0xA00B: "platform access",
    0xA00C: "core data",
    0xA0FF: "other",
}


WARN_TYPE = Number(2, names=WARN_TYPES)
SOURCE, WORK_RESULT = Number(1, names=_SOURCES), Number(1, names=_WORK_RESULTS)
WarnType = Annotated[int, WARN_TYPE]
_Source = Annotated[int, SOURCE]
_OldSource = Annotated[int | None, SOURCE, OLD]
_WorkResult = Annotated[int, WORK_RESULT]
_Level = Annotated[int, Number(1, names=_LEVELS)]

_WARN_END = ("start_time", "end_time", "plate", "color", "destination_id", "route_id", "content")
_WARN_VARIANTS: Mapping[Edition, tuple[str, ...]] = {"2011": ("2011",), "2019": ("2019", "2019 two times")}
_WARN_ORDER: Mapping[str, tuple[str, ...]] = {
    "2019": ("platform_id", "warn_type", "warn_time", *_WARN_END),
    "2019 two times": ("platform_id", "warn_type", *_WARN_END),
}
_REPORT_2011 = ("warn_source", "warn_type", "warn_time", "info_id", "content")
_NOTICE_2011 = ("warn_source", "warn_type", "warn_time", "content")
_NewPlate = Annotated[str | None, PLATE_TEXT, NEW]
_NewColor = Annotated[int | None, COLOR_CODE, NEW]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionResponse(AlarmMessage):
    """0x1401, answer to 0x9401."""

    message_id: ClassVar[int] = 0x1400
    sub_type: ClassVar[int] = 0x1401
    supervision_id: DWord
    result: _WorkResult


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningReport(AlarmMessage):
    """0x1402: an alarm of the lower platform. info_id (2011) is its number there."""

    message_id: ClassVar[int] = 0x1400
    sub_type: ClassVar[int] = 0x1402
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = _WARN_VARIANTS
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {"2011": _REPORT_2011, **_WARN_ORDER}
    plate: _NewPlate = None
    color: _NewColor = None
    warn_source: _OldSource = None
    platform_id: OptionalPlatformId = None
    warn_type: WarnType
    warn_time: Time = None
    info_id: OptionalDWord = None
    start_time: Time = None
    end_time: Time = None
    destination_id: OptionalPlatformId = None
    route_id: OptionalDWord = None
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningResult(AlarmMessage):
    """0x1403: what became of an alarm: by its number and result in 2011, laid out as 0x1402 in 2019."""

    message_id: ClassVar[int] = 0x1400
    sub_type: ClassVar[int] = 0x1403
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = _WARN_VARIANTS
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {"2011": ("info_id", "result"), **_WARN_ORDER}
    plate: _NewPlate = None
    color: _NewColor = None
    info_id: OptionalDWord = None
    result: Annotated[int | None, WORK_RESULT] = None
    platform_id: OptionalPlatformId = None
    warn_type: Annotated[int | None, WARN_TYPE] = None
    warn_time: Time = None
    start_time: Time = None
    end_time: Time = None
    destination_id: OptionalPlatformId = None
    route_id: OptionalDWord = None
    content: OptionalText = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionResponse2019(AlarmMessage):
    """0x1411, 2019: answer to 0x9401."""

    message_id: ClassVar[int] = 0x1400
    sub_type: ClassVar[int] = 0x1411
    source_type: TypeId
    source_sequence: DWord
    result: _WorkResult


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningResult2019(AlarmMessage):
    """0x1412, 2019: what became of an alarm."""

    message_id: ClassVar[int] = 0x1400
    sub_type: ClassVar[int] = 0x1412
    source_type: TypeId
    source_sequence: DWord
    result: _WorkResult


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionReport(AlarmMessage):
    """0x1413, 2019: a platform asks the one above to supervise."""

    message_id: ClassVar[int] = 0x1400
    sub_type: ClassVar[int] = 0x1413
    platform_id: PlatformId
    warn_time: Time
    source_type: TypeId
    source_sequence: DWord
    supervision_end_time: Time
    supervision_level: _Level
    supervisor: Annotated[str, FixedText(16)]
    supervisor_tel: Annotated[str, FixedText(20)]
    supervisor_email: Annotated[str, FixedText(32)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionRequest(AlarmMessage):
    """0x9401: the upper platform supervises how an alarm is handled.

    The e-mail has 32 bytes, 30 in one print of the standard.
    """

    message_id: ClassVar[int] = 0x9400
    sub_type: ClassVar[int] = 0x9401
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = {
        "2011": ("2011", "2011 short e-mail"),
        "2019": ("2019", "2019 short e-mail"),
    }
    warn_source: _Source
    warn_type: WarnType
    warn_time: Time
    supervision_id: DWord
    supervision_end_time: Time
    supervision_level: _Level
    supervisor: Annotated[str, FixedText(16)]
    supervisor_tel: Annotated[str, FixedText(20)]
    supervisor_email: Annotated[str, FixedText(lambda scope: 30 if "short" in scope.variant else 32)]


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningNotice(AlarmMessage):
    """0x9402: pre-warning of a vehicle."""

    message_id: ClassVar[int] = 0x9400
    sub_type: ClassVar[int] = 0x9402
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = _WARN_VARIANTS
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {"2011": _NOTICE_2011, **_WARN_ORDER}
    plate: _NewPlate = None
    color: _NewColor = None
    warn_source: _OldSource = None
    platform_id: NewPlatformId = None
    warn_type: WarnType
    warn_time: Time = None
    start_time: NewTime = None
    end_time: NewTime = None
    destination_id: NewPlatformId = None
    route_id: NewDWord = None
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningExchange(AlarmMessage):
    """0x9403: an alarm in real time from another platform."""

    message_id: ClassVar[int] = 0x9400
    sub_type: ClassVar[int] = 0x9403
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = _WARN_VARIANTS
    wire_order: ClassVar[Mapping[str, tuple[str, ...]]] = {"2011": _NOTICE_2011, **_WARN_ORDER}
    plate: _NewPlate = None
    color: _NewColor = None
    warn_source: _OldSource = None
    platform_id: NewPlatformId = None
    warn_type: WarnType
    warn_time: Time = None
    start_time: NewTime = None
    end_time: NewTime = None
    destination_id: NewPlatformId = None
    route_id: NewDWord = None
    content: LongText
