"""Commands of the platform with short bodies (JT/T 808-2013, 8.13, 8.21-8.24, 8.33; 2019, 8.13-8.20)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.flags import ALARMS
from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import REST_TEXT, SHORT_TEXT, U16, U32, Number
from stream.jt808.layout import IfLeft, Record, Scope, When
from stream.jt808.messages.base import Message

_CONTROLS = {
    **{1: "wireless upgrade", 2: "connect to a server", 3: "off", 4: "reset", 5: "factory settings"},
    **{6: "close data", 7: "close all radio"},
}
_CALLS = {0: "call", 1: "monitor"}
_CONTACT_ACTIONS = {0: "delete all", 1: "update", 2: "append", 3: "modify"}
_CONTACT_FLAGS = {1: "incoming", 2: "outgoing", 3: "both"}


@dataclass(frozen=True, slots=True)
class TerminalControl(Message):
    """0x8105. command: 1 upgrade, 2 connect to a server, 3 off, 4 reset, 5 factory settings, 6 close data,
    7 close all radio. arguments: separated by ";".
    """

    message_id: ClassVar[int] = 0x8105
    command: Annotated[int, Number(1, names=_CONTROLS)]
    arguments: Annotated[str, REST_TEXT] = ""


def _has_validity(scope: Scope) -> bool:
    """With an interval; some platforms send one to stop too, which is read."""
    return scope["interval_s"] != 0 or scope.values.get("validity_s") != 0


@dataclass(frozen=True, slots=True)
class TemporaryTracking(Message):
    """0x8202. interval_s: 0 stops, then there need be no validity."""

    message_id: ClassVar[int] = 0x8202
    interval_s: Annotated[int, U16]
    validity_s: Annotated[int, U32, When(_has_validity), IfLeft()] = 0


@dataclass(frozen=True, slots=True)
class AlarmConfirmation(Message):
    """0x8203, manual confirmation. alarm_serial: 0 = all. alarm_bits: of 0, 3, 20, 21, 22, 27, 28."""

    message_id: ClassVar[int] = 0x8203
    alarm_serial: Annotated[int, U16]
    alarm_bits: Annotated[int, Number(4, bits=ALARMS)]


@dataclass(frozen=True, slots=True)
class CallBack(Message):
    """0x8400. flag: 0 normal call, 1 monitoring."""

    message_id: ClassVar[int] = 0x8400
    flag: Annotated[int, Number(1, names=_CALLS)]
    phone_number: Annotated[str, REST_TEXT]


@dataclass(frozen=True, slots=True)
class Contact(Record):
    """flag: 1 incoming, 2 outgoing, 3 both."""

    flag: Annotated[int, Number(1, names=_CONTACT_FLAGS)]
    phone_number: Annotated[str, SHORT_TEXT]
    name: Annotated[str, SHORT_TEXT]


@dataclass(frozen=True, slots=True)
class PhoneBook(Message):
    """0x8401. action: 0 delete all, 1 update, 2 append, 3 modify."""

    message_id: ClassVar[int] = 0x8401
    action: Annotated[int, Number(1, names=_CONTACT_ACTIONS)]
    contacts: Annotated[tuple[Contact, ...], Counted(1, Nested(Contact), omit_empty=True)] = ()


@dataclass(frozen=True, slots=True)
class ParameterQueryAll(Message):
    """0x8104; no body."""

    message_id: ClassVar[int] = 0x8104


@dataclass(frozen=True, slots=True)
class AttributesQuery(Message):
    """0x8107, 2013 and 2019; no body."""

    message_id: ClassVar[int] = 0x8107


@dataclass(frozen=True, slots=True)
class PositionQuery(Message):
    """0x8201; no body."""

    message_id: ClassVar[int] = 0x8201


@dataclass(frozen=True, slots=True)
class LinkCheck(Message):
    """0x8204, 2019; no body."""

    message_id: ClassVar[int] = 0x8204


@dataclass(frozen=True, slots=True)
class DriverQuery(Message):
    """0x8702, 2013 and 2019: asks for 0x0702; no body."""

    message_id: ClassVar[int] = 0x8702
