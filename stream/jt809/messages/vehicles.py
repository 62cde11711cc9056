"""Dynamic data of vehicles: registration, positions, drivers, waybills (JT/T 809-2011, 4.5.3-4.5.4).

In 2019 an answer names what it answers: source_type, the sub type of the request, and source_sequence, the
sequence number of its frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.kind_lists import Counted
from stream.jt808.kinds import REST_DATA, WORD_TEXT, FixedText, Number
from stream.jt809.header import Edition
from stream.jt809.messages.base import MaybeVehicleMessage, SourceMessage, VehicleMessage, Wrapper
from stream.jt809.messages.gnss import Gnss, Gnss2019, GnssKind, Position
from stream.jt809.words import (
    NEW,
    DWord,
    LastText,
    LongText,
    NewDWord,
    NewTime,
    NewTypeId,
    PlatformId,
    Time,
    TypeId,
    parse_key_values,
    size,
)

_Positions = Annotated[tuple[Gnss | Gnss2019, ...], Counted(1, GnssKind())]
_MODEL_BYTES = {"2011": 20, "2011 short model": 8, "2019": 30}
MODEL = FixedText(lambda scope: _MODEL_BYTES[scope.variant])
_EXCHANGE_REASONS = {0: "enters the area", 1: "named by hand", 2: "emergency", 3: "other"}
UPLOAD_FLAG = Number(1, names={0: "the newest it has", 1: "ask the terminal"})
_END_REASONS = {
    0: "leaves the area",
    1: "ended by hand",
    2: "emergency over",
    3: "vehicle offline",
    4: "other",
}
_REGISTER_RESULTS = {
    0: "registered, to be checked",
    1: "checked and registered",
    2: "not registered, wrong data",
    3: "not registered, refused",
}
_CANCEL_RESULTS = {0: "ok", 1: "no such application", 2: "other"}
_HISTORY_RESULTS = {
    0: "ok, sent at once",
    1: "ok, sent later",
    2: "no such positions",
    3: "wrong request",
    4: "other",
}
_RESULTS = {0: "ok", 1: "no such vehicle", 2: "wrong time span", 3: "other"}
_ExchangeReason = Annotated[int, Number(1, names=_EXCHANGE_REASONS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterVehicle(VehicleMessage):
    """0x1201. terminal_model has 8 bytes in the print of 2011, 20 by its supplement. sim: the SIM card."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x1201
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = {
        "2011": ("2011", "2011 short model"),
        "2019": ("2019",),
    }
    platform_id: PlatformId
    producer_id: Annotated[str, FixedText(11)]
    terminal_model: Annotated[str, MODEL]
    imei: Annotated[str | None, FixedText(15), NEW] = None
    terminal_id: Annotated[str, FixedText(size(7, 30))]
    sim: Annotated[str, FixedText(size(12, 13))]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterVehicleResponse(MaybeVehicleMessage):
    """0x9201, 2019 only; there it stands without plate and colour, which the source names."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x9201
    WRAPPERS: ClassVar[Mapping[Edition, Wrapper]] = {"2011": Wrapper.VEHICLE, "2019": Wrapper.PLATFORM}
    VARIANTS: ClassVar[Mapping[Edition, tuple[str, ...]]] = {"2011": (), "2019": ("2019",)}
    source_type: TypeId
    source_sequence: DWord
    result: Annotated[int, Number(1, names=_REGISTER_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RealTimePosition(VehicleMessage):
    """0x1202."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x1202
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReupload(VehicleMessage):
    """0x1203: one to five positions in the order of their times, after the links were down."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x1203
    positions: _Positions


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeStartResponse(SourceMessage):
    """0x1205, answer to 0x9205."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x1205


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeEndResponse(SourceMessage):
    """0x1206, answer to 0x9206."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x1206


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRequest(VehicleMessage):
    """0x1207: the lower platform applies for the positions of a vehicle between two times."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x1207
    start_time: Time
    end_time: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeCancel(VehicleMessage):
    """0x1208: takes 0x1207 back."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x1208


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRequest(VehicleMessage):
    """0x1209: the lower platform applies for positions of the past."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x1209
    start_time: Time
    end_time: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverResponse(VehicleMessage):
    """0x120A, answer to 0x920A. licence: number of the qualification certificate; issuer: who issued it."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x120A
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    driver_name: Annotated[str, FixedText(16)]
    driver_id: Annotated[str, FixedText(20)]
    licence: Annotated[str, FixedText(40)]
    issuer: Annotated[str, FixedText(200)]
    valid_until: NewTime = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaybillResponse(VehicleMessage):
    """0x120B, answer to 0x920B."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x120B
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    waybill: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverReport(VehicleMessage):
    """0x120C: as 0x120A, unasked."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x120C
    driver_name: Annotated[str, FixedText(16)]
    driver_id: Annotated[str, FixedText(20)]
    licence: Annotated[str, FixedText(40)]
    issuer: Annotated[str, FixedText(200)]
    valid_until: NewTime = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaybillReport(VehicleMessage):
    """0x120D: as 0x120B, unasked."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x120D
    waybill: LongText


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReport(VehicleMessage):
    """0x120E, 2019: the route of a vehicle, raw; its layout could not be verified."""

    message_id: ClassVar[int] = 0x1200
    sub_type: ClassVar[int] = 0x120E
    data: Annotated[bytes, REST_DATA]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangedPosition(VehicleMessage):
    """0x9202: a position from another platform."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x9202
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangedHistory(VehicleMessage):
    """0x9203: positions of the past from another platform."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x9203
    positions: _Positions


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangedVehicle(VehicleMessage):
    """0x9204: what is known of a vehicle, as `KEY:=value;` text."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x9204
    car_info: LastText

    def values(self) -> dict[str, str]:
        """The text as keys and values."""
        return parse_key_values(self.car_info)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeStart(VehicleMessage):
    """0x9205: from now on the positions of a vehicle come by 0x9202."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x9205
    reason: _ExchangeReason


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeEnd(VehicleMessage):
    """0x9206."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x9206
    reason: Annotated[int, Number(1, names=_END_REASONS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRequestResponse(VehicleMessage):
    """0x9207, answer to 0x1207."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x9207
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    result: Annotated[int, Number(1, names=_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeCancelResponse(VehicleMessage):
    """0x9208, answer to 0x1208."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x9208
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    result: Annotated[int, Number(1, names=_CANCEL_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryResponse(VehicleMessage):
    """0x9209, answer to 0x1209."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x9209
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    result: Annotated[int, Number(1, names=_HISTORY_RESULTS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverRequest(VehicleMessage):
    """0x920A. flag: 2019 only."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x920A
    flag: Annotated[int | None, UPLOAD_FLAG, NEW] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaybillRequest(VehicleMessage):
    """0x920B."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x920B


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRequest(VehicleMessage):
    """0x920C, 2019: asks for the route of a vehicle."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x920C


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteResult(VehicleMessage):
    """0x920D, 2019: what became of a route that was sent; laid out as one implementation has it."""

    message_id: ClassVar[int] = 0x9200
    sub_type: ClassVar[int] = 0x920D
    route_id: DWord
    result: Annotated[int, Number(1, names=_REGISTER_RESULTS)]
    reason: Annotated[str, WORD_TEXT]
