"""The items of 0x0200 that the standards define, by id: name, layout, lengths (JT/T 808-2013, table 27; 2019,
table 27; JT/T 1078-2016, table 13; T/GDRTA 002-2020).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.kind_lists import Nested
from stream.jt808.kinds import U8, U16, U32, Number, Scaled
from stream.jt808.layout import IfLeft, Json, Kind, Record, Scope
from stream.jt808.reader import Reader

_UNUSED_TYRE = 0xFF
_TYRES = 30
# A carriage is never colder or hotter than this, which tells the two readings of item 06 apart.
_PLAUSIBLE_TEMPERATURE_C = 300

_AREA_TYPES = {0: "no particular area", 1: "circle", 2: "rectangle", 3: "polygon", 4: "route or segment"}
_VIDEO_ALARMS = {
    **{0: "signal lost", 1: "covered", 2: "storage fault", 3: "other device fault", 4: "overload"},
    **{5: "abnormal driving", 6: "recording threshold"},
}
_SIGNALS = {
    **{0: "low_beam", 1: "high_beam", 2: "right_turn", 3: "left_turn", 4: "brake", 5: "reverse", 6: "fog"},
    **{7: "marker", 8: "horn", 9: "air_conditioning", 10: "neutral", 11: "retarder", 12: "abs"},
    **{13: "heater", 14: "clutch"},
}


class _Wheels(Kind[tuple[int | None, ...]]):
    """Item 05: one byte a wheel, None where there is none."""

    def read(self, reader: Reader, name: str, scope: Scope) -> tuple[int | None, ...]:
        return tuple(None if wheel == _UNUSED_TYRE else wheel for wheel in reader.take(_TYRES, name))

    def write(self, value: Sequence[int | None], name: str, scope: Scope) -> bytes:
        try:
            return bytes(_UNUSED_TYRE if wheel is None else wheel for wheel in value).ljust(_TYRES, b"\xff")
        except (TypeError, ValueError):
            raise EncodeError(f"{name}: a list of up to 30 pressures of 0-254 is wanted") from None

    def show(self, value: Sequence[int | None], edition: Edition) -> Json:
        return list(value)

    def parse(self, view: Json, name: str, edition: Edition) -> tuple[int | None, ...]:
        if not isinstance(view, list):
            raise EncodeError(f"{name}: a list of pressures is wanted, not {view!r}")
        return tuple(view)


class _Temperature(Number):
    """Item 06: the standard says "top bit 1 = negative", terminals also send two's complement: the plausible
    one is read, the standard's is written.
    """

    def read(self, reader: Reader, name: str, scope: Scope) -> int:
        raw = reader.u16(name)
        if not raw & 0x8000:
            return raw
        magnitude = raw & 0x7FFF
        return -magnitude if magnitude <= _PLAUSIBLE_TEMPERATURE_C else raw - 0x10000

    def write(self, value: int, name: str, scope: Scope) -> bytes:
        if value < -_PLAUSIBLE_TEMPERATURE_C:
            return Number(2, signed=True).write(value, name, scope)
        return super().write(-value | 0x8000 if value < 0 else value, name, scope)


class _Sparse(Record):
    """A record whose view leaves out what is not there."""

    __slots__ = ()

    def show(self, edition: Edition) -> dict[str, Json]:
        """Without the fields that are None."""
        return {name: value for name, value in super().show(edition).items() if value is not None}


@dataclass(frozen=True, slots=True)
class OverspeedArea(_Sparse):
    """Item 11. area_id: None for area type 0."""

    area_type: Annotated[int, Number(1, names=_AREA_TYPES)]
    area_id: Annotated[int | None, U32, IfLeft()] = None


@dataclass(frozen=True, slots=True)
class AreaCrossing(Record):
    """Item 12. direction: 0 in, 1 out."""

    area_type: Annotated[int, Number(1, names=_AREA_TYPES)]
    area_id: Annotated[int, U32]
    direction: Annotated[int, Number(1, names={0: "in", 1: "out"})]


@dataclass(frozen=True, slots=True)
class SegmentTime(Record):
    """Item 13. result: 0 too short, 1 too long."""

    segment_id: Annotated[int, U32]
    driving_s: Annotated[int, U16]
    result: Annotated[int, Number(1, names={0: "too short", 1: "too long"})]


@dataclass(frozen=True, slots=True)
class AbnormalDriving(_Sparse):
    """Item 18 of JT/T 1078: its table says 2 bytes, its detail table 3; both occur."""

    behaviour_bits: Annotated[int, Number(2, bits={0: "fatigue", 1: "phone", 2: "smoking"})]
    fatigue_degree: Annotated[int | None, U8, IfLeft()] = None


@dataclass(frozen=True, slots=True)
class Analog(Record):
    """Item 2B."""

    ad1: Annotated[int, U16]
    ad0: Annotated[int, U16]


ITEM_KINDS: dict[int, tuple[str, Kind[Json], tuple[int, ...]]] = {
    0x01: ("mileage_km", Scaled(4, 10), (4,)),
    0x02: ("fuel_l", Scaled(2, 10), (2,)),
    0x03: ("recorder_speed_kmh", Scaled(2, 10), (2,)),
    0x04: ("manual_confirmation_event_id", U16, (2,)),
    0x05: ("tyre_pressures", _Wheels(), (_TYRES,)),
    0x06: ("carriage_temperature_c", _Temperature(2), (2,)),
    0x11: ("overspeed_area", Nested(OverspeedArea), (1, 5)),
    0x12: ("area_crossing", Nested(AreaCrossing), (6,)),
    0x13: ("segment_time", Nested(SegmentTime), (7,)),
    0x14: ("video_alarm_bits", Number(4, bits=_VIDEO_ALARMS), (4,)),
    0x15: ("video_signal_loss_bits", U32, (4,)),
    0x16: ("video_occlusion_bits", U32, (4,)),
    0x17: ("storage_fault_bits", U16, (2,)),
    0x18: ("abnormal_driving", Nested(AbnormalDriving), (2, 3)),
    0x25: ("vehicle_signal_bits", Number(4, bits=_SIGNALS), (4,)),
    0x2A: ("io_status_bits", Number(2, bits={0: "deep sleep", 1: "sleep"}), (2,)),
    0x2B: ("analog", Nested(Analog), (4,)),
    0x30: ("signal_strength", U8, (1,)),
    0x31: ("satellites", U8, (1,)),
    # T/GDRTA 002-2020
    0xF1: ("installation_fault_bits", U32, (4,)),
    0xF2: ("algorithm_fault_bits", U32, (4,)),
}
