"""Commands of the platform with short bodies (JT/T 808-2013, 8.13, 8.21-8.24, 8.33; 2019, 8.13-8.20)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Self

from stream.jt808.bcd import encode_time
from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack
from stream.jt808.text import encode_text


@dataclass(frozen=True, slots=True)
class TerminalControl(Message):
    """0x8105. command: 1 upgrade, 2 connect to a server, 3 off, 4 reset, 5 factory settings, 6 close data,
    7 close all radio. arguments: separated by ";".
    """

    message_id: ClassVar[int] = 0x8105
    command: int
    arguments: str = ""

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        return cls(reader.u8("command"), reader.rest_text())

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        return pack(self.command, 1, "command") + encode_text(self.arguments, "arguments")


@dataclass(frozen=True, slots=True)
class TemporaryTracking(Message):
    """0x8202. interval_s: 0 stops, then there is no validity."""

    message_id: ClassVar[int] = 0x8202
    interval_s: int
    validity_s: int = 0

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        interval = reader.u16("interval_s")
        return cls(interval, reader.u32("validity_s") if interval and reader.left else 0)

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        head = pack(self.interval_s, 2, "interval_s")
        return head + pack(self.validity_s, 4, "validity_s") if self.interval_s else head


@dataclass(frozen=True, slots=True)
class AlarmConfirmation(Message):
    """0x8203, manual confirmation. alarm_serial: 0 = all. alarm_bits: of 0, 3, 20, 21, 22, 27, 28."""

    message_id: ClassVar[int] = 0x8203
    alarm_serial: int
    alarm_bits: int

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2013 and 2019."""
        return cls(reader.u16("alarm_serial"), reader.u32("alarm_bits"))

    def encode(self, edition: Edition = "2013") -> bytes:
        """2013 and 2019."""
        return pack(self.alarm_serial, 2, "alarm_serial") + pack(self.alarm_bits, 4, "alarm_bits")


@dataclass(frozen=True, slots=True)
class CallBack(Message):
    """0x8400. flag: 0 normal call, 1 monitoring."""

    message_id: ClassVar[int] = 0x8400
    flag: int
    phone_number: str

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        return cls(reader.u8("flag"), reader.rest_text())

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        return pack(self.flag, 1, "flag") + encode_text(self.phone_number, "phone_number")


@dataclass(frozen=True, slots=True)
class ServerTime(Message):
    """0x8004, answer to 0x0004; 2019. The only time of the protocol that is UTC by the text."""

    message_id: ClassVar[int] = 0x8004
    time: datetime | None

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2019."""
        digits = reader.time("time")
        return cls(digits.replace(tzinfo=UTC) if digits else None)

    def encode(self, edition: Edition = "2013") -> bytes:
        """2019."""
        if self.time is None:
            raise EncodeError("time: the answer to a query for the time needs one")
        return encode_time(self.time.astimezone(UTC) - timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class _Empty(Message):
    """A message without a body."""

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Takes any body."""
        return cls()

    def encode(self, edition: Edition = "2013") -> bytes:
        """Nothing."""
        return b""


class ServerTimeQuery(_Empty):
    """0x0004, 2019."""

    __slots__ = ()
    message_id: ClassVar[int] = 0x0004


class ParameterQueryAll(_Empty):
    """0x8104."""

    __slots__ = ()
    message_id: ClassVar[int] = 0x8104


class AttributesQuery(_Empty):
    """0x8107, 2013 and 2019."""

    __slots__ = ()
    message_id: ClassVar[int] = 0x8107


class PositionQuery(_Empty):
    """0x8201."""

    __slots__ = ()
    message_id: ClassVar[int] = 0x8201


class LinkCheck(_Empty):
    """0x8204, 2019."""

    __slots__ = ()
    message_id: ClassVar[int] = 0x8204
