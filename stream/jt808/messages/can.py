"""CAN bus data (JT/T 808-2013, 8.50; 2019, 8.41)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.kind_lists import ListOf, Nested
from stream.jt808.kinds import U32, Digits, FixedData
from stream.jt808.layout import Json, Record, Scope, fields_of
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack

_DATA_BYTES = 8
_FRAME_ID = (1 << 29) - 1


@dataclass(frozen=True, slots=True)
class CanItem(Record):
    """can_id: bit 31 channel (0 CAN1, 1 CAN2), bit 30 extended frame, bit 29 averaged, bits 0-28 the id."""

    shown_only: ClassVar = frozenset({"channel", "extended", "averaged", "frame_id"})
    can_id: Annotated[int, U32]
    data: Annotated[bytes, FixedData(_DATA_BYTES)]

    def show(self, edition: Edition) -> dict[str, Json]:
        """With the parts of `can_id` beside it."""
        return {
            "can_id": self.can_id,
            "channel": f"CAN{(self.can_id >> 31) + 1}",
            "extended": bool(self.can_id >> 30 & 1),
            "averaged": bool(self.can_id >> 29 & 1),
            "frame_id": self.can_id & _FRAME_ID,
            "data": self.data.hex(),
        }


@dataclass(frozen=True, slots=True)
class CanData(Message):
    """0x0705. time_of_day: 10 digits hhmmss and ten-thousandths of a second, as sent."""

    message_id: ClassVar[int] = 0x0705
    time_of_day: Annotated[str, Digits(5)]
    items: Annotated[tuple[CanItem, ...], ListOf(Nested(CanItem))]

    @classmethod
    def read(cls, reader: Reader, edition: Edition, outer: Scope | None = None) -> Self:
        """The number of items stands before the time, which is why this is no plain list of fields."""
        count = reader.count(2, "items count")
        known = fields_of(cls)
        scope = Scope({}, edition, edition, outer)
        time = known["time_of_day"].kind.read(reader, "time_of_day", scope)
        reader.explain(time)
        one = Nested(CanItem)
        return cls(time, tuple(one.read(reader, f"items[{k}]", scope) for k in range(count)))

    def encode(self, edition: Edition = "2013", outer: Scope | None = None) -> bytes:
        """The number of items, then the fields."""
        return pack(len(self.items), 2, "items count") + super(CanData, self).encode(edition, outer)
