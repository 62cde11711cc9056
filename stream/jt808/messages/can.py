"""CAN bus data (JT/T 808-2013, 8.50; 2019, 8.41)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from stream.jt808.bcd import encode_digits
from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack

_DATA_BYTES = 8


@dataclass(frozen=True, slots=True)
class CanItem:
    """can_id: bit 31 channel (0 CAN1, 1 CAN2), bit 30 extended frame, bit 29 averaged, bits 0-28 the id."""

    can_id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class CanData(Message):
    """0x0705. time_of_day: 10 digits hhmmss and ten-thousandths of a second, as sent."""

    message_id: ClassVar[int] = 0x0705
    time_of_day: str
    items: tuple[CanItem, ...]

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2013 and 2019."""
        count = reader.u16("count")
        time = reader.take(5, "time_of_day").hex()
        items = (CanItem(reader.u32("can_id"), reader.take(_DATA_BYTES, "data")) for _ in range(count))
        return cls(time, tuple(items))

    def encode(self, edition: Edition = "2013") -> bytes:
        """2013 and 2019."""
        head = pack(len(self.items), 2, "count") + encode_digits(self.time_of_day, 5)
        return head + b"".join(pack(item.can_id, 4, "can_id") + item.data for item in self.items)
