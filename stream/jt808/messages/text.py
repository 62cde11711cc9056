"""Text, events, questions and information for the driver (JT/T 808-2013, 8.31-8.40; 2019, 8.26)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.errors import EncodeError
from stream.jt808.kind_lists import Counted, ListOf, Nested
from stream.jt808.kinds import SHORT_TEXT, U8, U16, WORD_TEXT, Number, RestText
from stream.jt808.layout import SINCE_2019, Record, Scope
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack

FLAG_URGENT = 1 << 0
FLAG_DISPLAY = 1 << 2
FLAG_SPOKEN = 1 << 3
FLAG_AD_SCREEN = 1 << 4
FLAG_CAN_FAULT_CODE = 1 << 5

_FLAGS = {0: "urgent", 2: "display", 3: "spoken", 4: "ad screen", 5: "CAN fault code"}
_ACTIONS = {0: "delete all", 1: "update", 2: "append", 3: "modify", 4: "delete these"}
_DELETE_THESE = 4


# JT/T 808-2013, table 38.
_MAX_TEXT_BYTES = 1024


class _SpokenText(RestText):
    """Terminals need not take more than the standard says."""

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        data = super().write(value, name, scope)
        if len(data) > _MAX_TEXT_BYTES:
            raise EncodeError(f"{name}: {len(data)} bytes in GBK, a terminal takes {_MAX_TEXT_BYTES}")
        return data


class _TextType(Number):
    """A type of 0 is written as 1, notice: the standard has no 0."""

    def write(self, value: int, name: str, scope: Scope) -> bytes:
        return pack(value or 1, 1, name)


@dataclass(frozen=True, slots=True)
class TextMessage(Message):
    """0x8300. flags: bits as the `FLAG_` constants (2019: bits 0-1 are 01 service, 10 urgent, 11 notice).
    text_type: 2019 only, 1 notice, 2 service; 0 before.
    """

    message_id: ClassVar[int] = 0x8300
    wire_order: ClassVar = {"2019": ("flags", "text_type", "text")}
    flags: Annotated[int, Number(1, bits=_FLAGS)]
    text: Annotated[str, _SpokenText()]
    text_type: Annotated[int, _TextType(1, names={1: "notice", 2: "service"}), SINCE_2019] = 0


@dataclass(frozen=True, slots=True)
class DriverEvent(Record):
    """An event the driver can report by its id."""

    event_id: Annotated[int, U8]
    text: Annotated[str, SHORT_TEXT]


class _Events(Counted[DriverEvent]):
    """To delete some, their ids may stand alone: "the items need no content" (JT/T 808-2013, 0x8301)."""

    def read(self, reader: Reader, name: str, scope: Scope) -> tuple[DriverEvent, ...]:
        ahead = reader.ahead()
        if scope["action"] != _DELETE_THESE or not ahead or len(ahead) != 1 + ahead[0]:
            return super().read(reader, name, scope)
        count = reader.count(self.count_bytes, f"{name} count")
        return tuple(DriverEvent(reader.count(1, f"{name}[{k}].event_id"), "") for k in range(count))


@dataclass(frozen=True, slots=True)
class EventSetting(Message):
    """0x8301, before 2019. action: 0 delete all, 1 update, 2 append, 3 modify, 4 delete these."""

    message_id: ClassVar[int] = 0x8301
    action: Annotated[int, Number(1, names=_ACTIONS)]
    events: Annotated[tuple[DriverEvent, ...], _Events(1, Nested(DriverEvent), omit_empty=True)] = ()


@dataclass(frozen=True, slots=True)
class EventReport(Message):
    """0x0301, before 2019: the driver reports an event set by 0x8301."""

    message_id: ClassVar[int] = 0x0301
    event_id: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class Answer(Record):
    """One answer to choose from."""

    answer_id: Annotated[int, U8]
    text: Annotated[str, WORD_TEXT]


@dataclass(frozen=True, slots=True)
class Question(Message):
    """0x8302, before 2019. flags: bit 0 urgent, bit 3 spoken, bit 4 ad screen."""

    message_id: ClassVar[int] = 0x8302
    flags: Annotated[int, Number(1, bits=_FLAGS)]
    question: Annotated[str, SHORT_TEXT]
    answers: Annotated[tuple[Answer, ...], ListOf(Nested(Answer))]


@dataclass(frozen=True, slots=True)
class QuestionAnswer(Message):
    """0x0302, before 2019: the answer the driver chose."""

    message_id: ClassVar[int] = 0x0302
    reply_serial: Annotated[int, U16]
    answer_id: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class InformationEntry(Record):
    """One kind of information the driver can order."""

    information_type: Annotated[int, U8]
    name: Annotated[str, WORD_TEXT]


_ENTRIES = Counted(1, Nested(InformationEntry), omit_empty=True)


@dataclass(frozen=True, slots=True)
class InformationMenu(Message):
    """0x8303, before 2019. action: 0 delete all, 1 update, 2 append, 3 modify."""

    message_id: ClassVar[int] = 0x8303
    action: Annotated[int, Number(1, names=_ACTIONS)]
    entries: Annotated[
        tuple[InformationEntry, ...], Counted(1, Nested(InformationEntry), omit_empty=True)
    ] = ()


@dataclass(frozen=True, slots=True)
class InformationOrder(Message):
    """0x0303, before 2019. flag: 0 cancel, 1 order."""

    message_id: ClassVar[int] = 0x0303
    information_type: Annotated[int, U8]
    flag: Annotated[int, Number(1, names={0: "cancel", 1: "order"})]


@dataclass(frozen=True, slots=True)
class InformationService(Message):
    """0x8304, before 2019: information the driver has ordered."""

    message_id: ClassVar[int] = 0x8304
    information_type: Annotated[int, U8]
    text: Annotated[str, WORD_TEXT]
