"""Alarms: supervision (督办), pre-warning, exchange, handling results (JT/T 809-2011, 4.5.6; 2019).

2019 has no vehicle in the wrapper; alarm messages hold it among their fields, and the platform they come from
and go to. Real platforms send them with two times as well, without that of the warning, and in milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt809.header import Edition
from stream.jt809.kinds import Identifier, Kind, Text, Unsigned
from stream.jt809.layout import New, Old, Variant
from stream.jt809.messages.base import AlarmMessage
from stream.jt809.words import DWord, LongText, PlatformId, Time, TypeId

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
    0xA003: "upload interval abnormal",
    0xA004: "lower platform offline",
    0xA005: "lower platform data abnormal",
    0xA009: "driver identity",
    0xA00A: "terminal",
    0xA00B: "platform access",
    0xA00C: "core data",
}


class WarnTypeKind(Identifier):
    """The type of an alarm, shown as a number."""

    def show(self, value: int) -> int:  # type: ignore[override]
        return value


WarnType = Annotated[int, WarnTypeKind(2, WARN_TYPES)]
_Source = Annotated[int, Unsigned(1, _SOURCES)]
_WorkResult = Annotated[int, Unsigned(1, _WORK_RESULTS)]
_Level = Annotated[int, Unsigned(1, _LEVELS)]

_WARN_END = ("start_time", "end_time", "plate", "color", "destination_id", "route_id", "content")
_WARN_2019 = (
    ("platform_id", "warn_type", "warn_time", *_WARN_END),
    ("platform_id", "warn_type", *_WARN_END),
)


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
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2011": (("warn_source", "warn_type", "warn_time", "info_id", "content"),),
        "2019": _WARN_2019,
    }
    warn_source: _Source | None = None
    platform_id: PlatformId | None = None
    warn_type: WarnType
    warn_time: Time = None
    info_id: DWord | None = None
    start_time: Time = None
    end_time: Time = None
    destination_id: PlatformId | None = None
    route_id: DWord | None = None
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningResult(AlarmMessage):
    """0x1403: what became of an alarm: by its number and result in 2011, laid out as 0x1402 in 2019."""

    message_id: ClassVar[int] = 0x1400
    sub_type: ClassVar[int] = 0x1403
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2011": (("info_id", "result"),),
        "2019": _WARN_2019,
    }
    info_id: DWord | None = None
    result: _WorkResult | None = None
    platform_id: PlatformId | None = None
    warn_type: WarnType | None = None
    warn_time: Time = None
    start_time: Time = None
    end_time: Time = None
    destination_id: PlatformId | None = None
    route_id: DWord | None = None
    content: LongText | None = None


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
    supervisor: Annotated[str, Text(16)]
    supervisor_tel: Annotated[str, Text(20)]
    supervisor_email: Annotated[str, Text(32)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionRequest(AlarmMessage):
    """0x9401: the upper platform supervises how an alarm is handled.

    The e-mail has 32 bytes, 30 in one print of the standard.
    """

    message_id: ClassVar[int] = 0x9400
    sub_type: ClassVar[int] = 0x9401
    FORMS: ClassVar[Mapping[str, Kind]] = {"supervisor_email#30": Text(30)}
    warn_source: _Source
    warn_type: WarnType
    warn_time: Time
    supervision_id: DWord
    supervision_end_time: Time
    supervision_level: _Level
    supervisor: Annotated[str, Text(16)]
    supervisor_tel: Annotated[str, Text(20)]
    supervisor_email: Annotated[str, Text(32)]

    _USUAL: ClassVar[Variant] = (
        "warn_source", "warn_type", "warn_time", "supervision_id", "supervision_end_time",
        "supervision_level", "supervisor", "supervisor_tel",
    )  # fmt: skip
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2011": ((*_USUAL, "supervisor_email"), (*_USUAL, "supervisor_email#30")),
        "2019": ((*_USUAL, "supervisor_email"), (*_USUAL, "supervisor_email#30")),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningNotice(AlarmMessage):
    """0x9402: pre-warning of a vehicle."""

    message_id: ClassVar[int] = 0x9400
    sub_type: ClassVar[int] = 0x9402
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2011": (("warn_source", "warn_type", "warn_time", "content"),),
        "2019": _WARN_2019,
    }
    warn_source: Old[_Source] = None
    platform_id: New[PlatformId] = None
    warn_type: WarnType
    warn_time: Time = None
    start_time: New[Time] = None
    end_time: New[Time] = None
    destination_id: New[PlatformId] = None
    route_id: New[DWord] = None
    content: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningExchange(AlarmMessage):
    """0x9403: an alarm in real time from another platform."""

    message_id: ClassVar[int] = 0x9400
    sub_type: ClassVar[int] = 0x9403
    VARIANTS: ClassVar[Mapping[Edition, tuple[Variant, ...]]] = {
        "2011": (("warn_source", "warn_type", "warn_time", "content"),),
        "2019": _WARN_2019,
    }
    warn_source: Old[_Source] = None
    platform_id: New[PlatformId] = None
    warn_type: WarnType
    warn_time: Time = None
    start_time: New[Time] = None
    end_time: New[Time] = None
    destination_id: New[PlatformId] = None
    route_id: New[DWord] = None
    content: LongText
