"""Asking for lost packages again (JT/T 808-2013, 8.4; 2019, 8.4 and 8.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.header import Edition
from stream.jt808.kind_lists import ListOf
from stream.jt808.kinds import U16
from stream.jt808.layout import Scope
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack


class _Numbers(ListOf[int]):
    """Package numbers behind their count, a BYTE before 2019 and a WORD since."""

    def read(self, reader: Reader, name: str, scope: Scope) -> tuple[int, ...]:
        count = reader.count(2 if scope.variant == "2019" else 1, f"{name} count")
        return tuple(self.read_one(reader, f"{name}[{k}]", scope) for k in range(count))

    def write(self, value: Sequence[int], name: str, scope: Scope) -> bytes:
        count = pack(len(value), 2 if scope.variant == "2019" else 1, f"{name} count")
        return count + super().write(value, name, scope)


@dataclass(frozen=True, slots=True)
class ResendRequest(Message):
    """Fields shared by 0x8003 and 0x0005. first_serial: the serial of package 1 of the message."""

    first_serial: Annotated[int, U16]
    packages: Annotated[tuple[int, ...], _Numbers(U16)]

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """An odd or even length tells the size of the count, whatever the header."""
        return "2013" if reader.left % 2 else "2019"


@dataclass(frozen=True, slots=True)
class PlatformResendRequest(ResendRequest):
    """0x8003, to the terminal."""

    message_id: ClassVar[int] = 0x8003


@dataclass(frozen=True, slots=True)
class TerminalResendRequest(ResendRequest):
    """0x0005, to the platform; 2019."""

    message_id: ClassVar[int] = 0x0005
