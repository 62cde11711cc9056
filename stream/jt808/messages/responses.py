"""General responses (JT/T 808-2013, 8.1 and 8.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack


class Result(IntEnum):
    """Results of a general response; terminals send others, so the field itself is a plain integer."""

    OK = 0
    FAILURE = 1
    BAD_MESSAGE = 2
    NOT_SUPPORTED = 3
    ALARM_HANDLED = 4


@dataclass(frozen=True, slots=True)
class GeneralResponse(Message):
    """Fields shared by 0x0001 and 0x8001: what is answered, and how it went."""

    reply_serial: int
    reply_id: int
    result: int

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        return cls(reader.u16("reply_serial"), reader.u16("reply_id"), reader.u8("result"))

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        return (
            pack(self.reply_serial, 2, "reply_serial")
            + pack(self.reply_id, 2, "reply_id")
            + pack(self.result, 1, "result")
        )


@dataclass(frozen=True, slots=True)
class TerminalGeneralResponse(GeneralResponse):
    """0x0001, terminal general response."""

    message_id: ClassVar[int] = 0x0001


@dataclass(frozen=True, slots=True)
class PlatformGeneralResponse(GeneralResponse):
    """0x8001, platform general response."""

    message_id: ClassVar[int] = 0x8001
