"""Asking for lost packages again (JT/T 808-2013, 8.4; 2019, 8.4 and 8.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack


@dataclass(frozen=True, slots=True)
class ResendRequest(Message):
    """Fields shared by 0x8003 and 0x0005. first_serial: the serial of package 1 of the message."""

    first_serial: int
    packages: tuple[int, ...]

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """The count is a BYTE before 2019, a WORD since; an odd or even length tells, whatever the header."""
        serial = reader.u16("first_serial")
        count = reader.u8("count") if reader.left % 2 else reader.u16("count")
        return cls(serial, tuple(reader.u16("package") for _ in range(count)))

    def encode(self, edition: Edition = "2013") -> bytes:
        """The layout of the edition."""
        count = pack(len(self.packages), 2 if edition == "2019" else 1, "count")
        numbers = b"".join(pack(number, 2, "package") for number in self.packages)
        return pack(self.first_serial, 2, "first_serial") + count + numbers


@dataclass(frozen=True, slots=True)
class PlatformResendRequest(ResendRequest):
    """0x8003, to the terminal."""

    message_id: ClassVar[int] = 0x8003


@dataclass(frozen=True, slots=True)
class TerminalResendRequest(ResendRequest):
    """0x0005, to the platform; 2019."""

    message_id: ClassVar[int] = 0x0005
