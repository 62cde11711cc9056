"""Active safety items 0x64-0x67 of 0x0200 (T/JSATL 12-2017, 4.5, and its sisters of other provinces).

The provinces differ only in the alarm identifier, 16 bytes in Jiangsu and 32 to 40 elsewhere; the item's
length tells. An item of any other length is another vendor's use of the id and raises `LengthError`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from stream.jt808.alarm_identifier import DIALECTS, IDENTIFIER, TERMINAL_ID_BYTES, Dialect
from stream.jt808.errors import LengthError
from stream.jt808.header import Edition
from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import TIME, U8, U16, U32, Degrees, FixedData, Number, Scaled
from stream.jt808.layout import Json, Record, Scope
from stream.jt808.reader import Reader
from stream.jt808.safety_events import (
    ADAS_EVENTS,
    BSD_EVENTS,
    DSM_EVENTS,
    TYRE_EVENTS,
    event_name,
    platform_level,
)

_TYRE_BYTES = (9, 10)
_FLAG = Number(1, names={0: "not applicable", 1: "start", 2: "end"})
_LEVEL = Number(1, names={1: "first level", 2: "second level, graver"})
_STATUS = Number(
    2,
    bits={
        0: "acc_on",
        1: "left_turn",
        2: "right_turn",
        3: "wiper",
        4: "brake",
        5: "card_inserted",
        10: "fix",
    },
)
_ALTITUDE = Number(2, signed=True)
_DEGREES = Degrees()


def _identifier_bytes(size: int, before: int, name: str) -> str:
    identifier = size - before
    if identifier not in TERMINAL_ID_BYTES:
        raise LengthError(f"{name}: {size} bytes fit no known alarm identifier")
    return str(identifier)


class SafetyItem(Record):
    """What the four items have in common: an event by its code, and a level."""

    __slots__ = ()
    peripheral: ClassVar[int]
    shown_only = frozenset({"event", "platform_level", "dialect"})
    alarm_identifier: bytes

    def show(self, edition: Edition) -> dict[str, Json]:
        """With the event's name behind its code, and the level as the platform grades (1 = graver)."""
        view: dict[str, Json] = {}
        dialect = DIALECTS[len(self.alarm_identifier)]
        for name, value in super().show(edition).items():
            view[name] = value
            if name == "event_type":
                view["event"] = event_name(self.peripheral, value, dialect)
            elif name == "level":
                view["platform_level"] = platform_level(self.peripheral, view["event_type"], value)
        return view | {"dialect": dialect.name.lower()}


@dataclass(frozen=True, slots=True)
class AdasAlarm(SafetyItem):
    """Item 0x64. front_distance_s: time gap to what is in front. departure: 1 left, 2 right."""

    peripheral: ClassVar[int] = 0x64
    alarm_id: Annotated[int, U32]
    flag: Annotated[int, _FLAG]
    event_type: Annotated[int, Number(1, names=ADAS_EVENTS)]
    level: Annotated[int, _LEVEL]
    front_speed_kmh: Annotated[int, U8]
    front_distance_s: Annotated[float, Scaled(1, 10)]
    departure: Annotated[int, Number(1, names={1: "left", 2: "right"})]
    sign_kind: Annotated[int, Number(1, names={1: "speed", 2: "height", 3: "weight"})]
    sign_value: Annotated[int, U8]
    speed_kmh: Annotated[int, U8]
    altitude_m: Annotated[int, _ALTITUDE]
    latitude_deg: Annotated[float, _DEGREES]
    longitude_deg: Annotated[float, _DEGREES]
    time: Annotated[datetime | None, TIME]
    vehicle_status_bits: Annotated[int, _STATUS]
    alarm_identifier: Annotated[bytes, IDENTIFIER]

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """Raises `LengthError` if the length fits no province."""
        return _identifier_bytes(reader.left, 31, "adas")


@dataclass(frozen=True, slots=True)
class DsmAlarm(SafetyItem):
    """Item 0x65. fatigue_degree: 1-10, the graver the higher."""

    peripheral: ClassVar[int] = 0x65
    alarm_id: Annotated[int, U32]
    flag: Annotated[int, _FLAG]
    event_type: Annotated[int, Number(1, names=DSM_EVENTS)]
    level: Annotated[int, _LEVEL]
    fatigue_degree: Annotated[int, U8]
    reserved: Annotated[bytes, FixedData(4)]
    speed_kmh: Annotated[int, U8]
    altitude_m: Annotated[int, _ALTITUDE]
    latitude_deg: Annotated[float, _DEGREES]
    longitude_deg: Annotated[float, _DEGREES]
    time: Annotated[datetime | None, TIME]
    vehicle_status_bits: Annotated[int, _STATUS]
    alarm_identifier: Annotated[bytes, IDENTIFIER]

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """Raises `LengthError` if the length fits no province."""
        return _identifier_bytes(reader.left, 31, "dsm")


@dataclass(frozen=True, slots=True)
class BsdAlarm(SafetyItem):
    """Item 0x67."""

    peripheral: ClassVar[int] = 0x67
    alarm_id: Annotated[int, U32]
    flag: Annotated[int, _FLAG]
    event_type: Annotated[int, Number(1, names=BSD_EVENTS)]
    speed_kmh: Annotated[int, U8]
    altitude_m: Annotated[int, _ALTITUDE]
    latitude_deg: Annotated[float, _DEGREES]
    longitude_deg: Annotated[float, _DEGREES]
    time: Annotated[datetime | None, TIME]
    vehicle_status_bits: Annotated[int, _STATUS]
    alarm_identifier: Annotated[bytes, IDENTIFIER]

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """Raises `LengthError` if the length fits no province."""
        return _identifier_bytes(reader.left, 25, "bsd")


class _WheelPosition(Number):
    """A BYTE, in entries of 10 bytes a WORD."""

    def read(self, reader: Reader, name: str, scope: Scope) -> int:
        return int.from_bytes(reader.take(_position_bytes(scope), name))

    def write(self, value: int, name: str, scope: Scope) -> bytes:
        return Number(_position_bytes(scope)).write(value, name, scope)


def _position_bytes(scope: Scope) -> int:
    return 2 if scope.outer and scope.outer.variant.endswith("10") else 1


@dataclass(frozen=True, slots=True)
class Tyre(Record):
    """One wheel. position: 0 = front left, in Z order."""

    position: Annotated[int, _WheelPosition(1)]
    event_bits: Annotated[int, Number(2, bits=TYRE_EVENTS)]
    pressure_kpa: Annotated[int, U16]
    temperature_c: Annotated[int, U16]
    battery_percent: Annotated[int, U16]


@dataclass(frozen=True, slots=True)
class TpmsAlarm(SafetyItem):
    """Item 0x66. Entries have 9 bytes, in Guangdong 10; the length tells which."""

    peripheral: ClassVar[int] = 0x66
    alarm_id: Annotated[int, U32]
    flag: Annotated[int, _FLAG]
    speed_kmh: Annotated[int, U8]
    altitude_m: Annotated[int, _ALTITUDE]
    latitude_deg: Annotated[float, _DEGREES]
    longitude_deg: Annotated[float, _DEGREES]
    time: Annotated[datetime | None, TIME]
    vehicle_status_bits: Annotated[int, _STATUS]
    alarm_identifier: Annotated[bytes, IDENTIFIER]
    tyres: Annotated[tuple[Tyre, ...], Counted(1, Nested(Tyre))]

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """Bytes of the identifier and of an entry. Raises `LengthError` if none give the length."""
        value = reader.ahead()
        for identifier in TERMINAL_ID_BYTES:
            start = 24 + identifier + 1
            if len(value) < start:
                continue
            for tyre_bytes in _TYRE_BYTES:
                if len(value) == start + value[start - 1] * tyre_bytes:
                    return f"{identifier} {tyre_bytes}"
        raise LengthError(f"tpms: {len(value)} bytes fit no known layout")

    def variant_for(self, edition: Edition) -> str:
        """Guangdong has entries of 10 bytes."""
        size = len(self.alarm_identifier)
        return f"{size} {10 if DIALECTS.get(size) is Dialect.GUANGDONG else 9}"


#: Name and layout of each item by id.
SAFETY_ITEMS: dict[int, tuple[str, type[SafetyItem]]] = {
    0x64: ("adas", AdasAlarm),
    0x65: ("dsm", DsmAlarm),
    0x66: ("tpms", TpmsAlarm),
    0x67: ("bsd", BsdAlarm),
}
