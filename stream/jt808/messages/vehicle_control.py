"""Controlling the vehicle (JT/T 808-2013, 8.37; 2019, 8.30)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.header import Edition
from stream.jt808.kind_lists import Counted, ListOf, Nested
from stream.jt808.kinds import ID16, U8, Number
from stream.jt808.layout import Record, Scope
from stream.jt808.messages.base import Message
from stream.jt808.oddities import Oddity
from stream.jt808.reader import Reader

_CONTROL_BYTES, _COUNT_BYTES = 3, 2
_UNCOUNTED = "2019 without count"


@dataclass(frozen=True, slots=True)
class Control(Record):
    """control_type: 0x0001 door, with parameter 0 lock, 1 open (the opposite of the flag of 2013)."""

    control_type: Annotated[int, ID16]
    parameter: Annotated[int, U8]


class _Controls(Counted[Control]):
    """Behind their number, which some leave out."""

    def read(self, reader: Reader, name: str, scope: Scope) -> tuple[Control, ...]:
        if scope.variant == _UNCOUNTED:
            reader.note(Oddity.WRONG_COUNT)
            return ListOf.read(self, reader, name, scope)
        return super().read(reader, name, scope)


@dataclass(frozen=True, slots=True)
class VehicleControl(Message):
    """0x8500. flags: before 2019, bit 0: 0 unlock, 1 lock. controls: 2019."""

    message_id: ClassVar[int] = 0x8500
    wire_order: ClassVar = {
        "2011": ("flags",),
        "2013": ("flags",),
        "2019": ("controls",),
        _UNCOUNTED: ("controls",),
    }
    flags: Annotated[int, Number(1, bits={0: "lock the door"})] = 0
    controls: Annotated[tuple[Control, ...], _Controls(_COUNT_BYTES, Nested(Control))] = ()

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """One byte is the flag of 2013 under any header; the count of 2019 may be left out."""
        body = reader.ahead()
        if len(body) < _COUNT_BYTES:
            return "2013"
        counted = len(body) - _COUNT_BYTES == _CONTROL_BYTES * int.from_bytes(body[:_COUNT_BYTES])
        return "2019" if counted or len(body) % _CONTROL_BYTES else _UNCOUNTED
