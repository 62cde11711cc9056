"""What platforms count of the messages between them (JT/T 809-2011, 4.5.2; 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.layout import Record
from stream.jt809.messages.base import Message, PlatformMessage
from stream.jt809.words import Byte, DWord, PlatformId, Time, TypeId


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsReceived(Message):
    """0x9101: how many positions have come between two times."""

    message_id: ClassVar[int] = 0x9101
    total: DWord
    start_time: Time
    end_time: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatistics(PlatformMessage):
    """0x1102, 2019: lost dynamic data, interruptions of the link and how long they took in all."""

    message_id: ClassVar[int] = 0x1102
    sub_type: ClassVar[int] = 0x1102
    platform_id: PlatformId
    start_time: Time
    end_time: Time
    lost: DWord
    disconnects: Byte
    disconnected_s: DWord


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatisticsRequest(PlatformMessage):
    """0x9102, 2019."""

    message_id: ClassVar[int] = 0x9102
    sub_type: ClassVar[int] = 0x9102
    platform_id: PlatformId
    start_time: Time
    end_time: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceRecord(Record):
    """The newest sequence number of one sub type and when it was sent."""

    data_type: TypeId
    sequence: DWord
    time: Time


_Records = Annotated[tuple[SequenceRecord, ...], Counted(1, Nested(SequenceRecord))]


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceStatistics(PlatformMessage):
    """0x1103, 2019."""

    message_id: ClassVar[int] = 0x1103
    sub_type: ClassVar[int] = 0x1103
    records: _Records


@dataclass(frozen=True, slots=True, kw_only=True)
class UpperSequenceStatistics(PlatformMessage):
    """0x9103, 2019."""

    message_id: ClassVar[int] = 0x9103
    sub_type: ClassVar[int] = 0x9103
    records: _Records
