"""General responses (JT/T 808-2013, 8.1 and 8.2)."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from stream.jt808.kinds import ID16, U16, Number
from stream.jt808.messages.base import Message


class Result(IntEnum):
    """Results of a general response; terminals send others, so the field itself is a plain integer."""

    OK = 0
    FAILURE = 1
    BAD_MESSAGE = 2
    NOT_SUPPORTED = 3
    ALARM_HANDLED = 4


_RESULT = Number(1, names={value: value.name.lower() for value in Result})


@dataclass(frozen=True, slots=True)
class GeneralResponse(Message):
    """Fields shared by 0x0001 and 0x8001: what is answered, and how it went."""

    reply_serial: Annotated[int, U16]
    reply_id: Annotated[int, ID16]
    result: Annotated[int, _RESULT]


@dataclass(frozen=True, slots=True)
class TerminalGeneralResponse(GeneralResponse):
    """0x0001, terminal general response."""

    message_id: ClassVar[int] = 0x0001


@dataclass(frozen=True, slots=True)
class PlatformGeneralResponse(GeneralResponse):
    """0x8001, platform general response."""

    message_id: ClassVar[int] = 0x8001
