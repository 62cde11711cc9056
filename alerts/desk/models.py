"""The JSON of the API, as it appears in ``/openapi.json``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from alerts.commands import MAX_TEXT_BYTES

Time = Annotated[
    datetime, Field(description="ISO 8601 with the offset +08:00", examples=["2026-11-22T15:04:05+08:00"])
]
VehicleId = Annotated[str, Field(description="The registry's id of the vehicle", examples=["SIM-00017"])]


class Error(BaseModel):
    """Why a request was refused."""

    code: str = Field(description="For programs", examples=["not_found"])
    message_en: str = Field(description="For people", examples=["there is no vehicle 'X'"])
    message_zh: str = Field(description="For people, in Chinese", examples=["没有车辆“X”"])


class ErrorBody(BaseModel):
    """The body of every answer with a status of 400 and above."""

    error: Error


class Vehicle(BaseModel):
    """A vehicle of the registry."""

    vehicle_id: VehicleId
    plate: str = Field(examples=["苏A12345"])
    plate_colour: int = Field(
        description="JT/T 697.7: 1 blue, 2 yellow, 3 black, 4 white, 5 green, 9 other", examples=[2]
    )
    vehicle_class: str = Field(
        description="heavy_truck, tour_coach, line_coach, hazmat or unknown", examples=["heavy_truck"]
    )
    enterprise: str = Field(examples=["苏运物流"])
    driver_id: str = Field(description="Empty when none is assigned", examples=["D-0017"])
    terminal_phone: str = Field(description="Without leading zeros", examples=["13800138000"])
    total_mass_kg: int = Field(description="0 when not known", examples=[25000])


class VehiclePage(BaseModel):
    """Vehicles in the order of their ids."""

    vehicles: list[Vehicle]
    next: str | None = Field(description="Hand it back as `after` for the next page; null on the last")


class Position(BaseModel):
    """The newest report of a vehicle (WGS-84)."""

    vehicle_id: VehicleId
    plate: str | None = Field(examples=["苏A12345"])
    vehicle_class: str = Field(examples=["heavy_truck"])
    time: Time
    longitude_deg: float = Field(examples=[118.796877])
    latitude_deg: float = Field(examples=[32.060255])
    speed_kmh: float = Field(examples=[72.5])
    heading_deg: int = Field(description="0 is north, clockwise", examples=[90])
    altitude_m: int = Field(examples=[12])
    alarm_bits: int = Field(description="JT/T 808 alarm flags of 0x0200", examples=[0])
    status_bits: int = Field(description="JT/T 808 status flags of 0x0200", examples=[3])


class PositionList(BaseModel):
    """Newest positions; also the data of the stream's `positions` events."""

    positions: list[Position]


class RuleName(BaseModel):
    """What operators read for a rule."""

    zh: str = Field(examples=["超速"])
    en: str = Field(examples=["Speeding"])


class Alert(BaseModel):
    """An episode that a rule found, as it is now."""

    alert_id: str = Field(examples=["6d9b7a52-0c0e-5d0c-9d3f-0a4a3c1b2d3e"])
    vehicle_id: VehicleId
    plate: str | None = Field(description="null when the vehicle is not registered", examples=["苏A12345"])
    vehicle_class: str | None = Field(examples=["hazmat"])
    rule: str = Field(examples=["speeding"])
    rule_name: RuleName
    level: int = Field(description="1 is the gravest, 3 the mildest", examples=[2])
    start: Time
    found: Time = Field(description="When the rule was first broken beyond doubt (event time)")
    end: Time | None = Field(description="null while the episode goes on")
    longitude_deg: float = Field(description="Where it was found (WGS-84)", examples=[118.796877])
    latitude_deg: float = Field(examples=[32.060255])
    evidence: Literal["complete", "bridged", "broken"] | str = Field(
        description="complete; bridged: a gap in the reports was bridged; broken: a gap makes it doubtful",
        examples=["complete"],
    )
    rulebook_version: str = Field(examples=["2026.1"])
    detail: dict[str, Any] = Field(
        description="The rule's own fields", examples=[{"max_speed_kmh": 92.3, "limit_kmh": 80}]
    )
    revision: int = Field(description="Counts the changes of this alert from 1", examples=[3])
    seq: int = Field(description="Orders all changes of all alerts; a cursor", examples=[1042])
    acknowledged_at: Time | None
    acknowledged_by: str | None = Field(description="Who handles it", examples=["王芳"])
    acknowledgement_note: str | None = Field(examples=["已电话提醒"])


class AlertPage(BaseModel):
    """Alerts, and where to go on."""

    alerts: list[Alert]
    cursor: str = Field(
        description="Hand it back as `after`, here or at /api/stream, to get what changed since",
        examples=["1042"],
    )
    next: str | None = Field(
        description="With order=newest: hand it back as `before` for older alerts; null when there are none"
    )


class AlertChange(Alert):
    """An alert as it was after one change; the data of the stream's `alert` events."""

    kind: Literal["open", "update", "close", "acknowledge"]
    at: Time = Field(description="When the change was stored")
    actor: str = Field(description="`worker`, or the operator who made the change", examples=["worker"])


class RevisionList(BaseModel):
    """The history of one alert, oldest first."""

    revisions: list[AlertChange]


class TrackPoint(BaseModel):
    """One stored report (WGS-84)."""

    time: Time
    longitude_deg: float = Field(examples=[118.796877])
    latitude_deg: float = Field(examples=[32.060255])
    speed_kmh: float = Field(examples=[72.5])
    heading_deg: int = Field(examples=[90])
    altitude_m: int = Field(examples=[12])


class Track(BaseModel):
    """Stored reports of a vehicle by ascending time."""

    points: list[TrackPoint]
    next: str | None = Field(description="Hand it back as `after` for the next page; null on the last")


def _storable(text: str) -> str:
    if any(ord(character) < 32 and character not in "\n\t" for character in text):
        raise ValueError("must not hold control characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return text


def _speakable(text: str) -> str:
    try:
        size = len(text.encode("gbk"))
    except UnicodeEncodeError as error:
        raise ValueError(f"{text[error.start]!r} can't be sent to a terminal (GBK)") from None
    if size > MAX_TEXT_BYTES:
        raise ValueError(f"is {size} bytes long in GBK, more than the {MAX_TEXT_BYTES} of JT/T 808 0x8300")
    return text


Name = Annotated[str, AfterValidator(_storable)]


class Acknowledgement(BaseModel):
    """Who takes an alert in hand."""

    model_config = ConfigDict(str_strip_whitespace=True)

    operator: Name = Field(min_length=1, max_length=100, examples=["王芳"])
    note: Name = Field("", max_length=2000, examples=["已电话提醒"])


class Text(BaseModel):
    """What is shown on, and read out by, a vehicle's terminal (JT/T 808 0x8300)."""

    model_config = ConfigDict(str_strip_whitespace=True)

    text: Annotated[Name, AfterValidator(_speakable)] = Field(min_length=1, examples=["您已超速，请减速慢行"])
    operator: Name = Field(min_length=1, max_length=100, examples=["王芳"])


class Config(BaseModel):
    """What the page needs to know about this installation."""

    tile_url: str = Field(description="Raster tiles with {z}/{x}/{y}; empty: the built-in outlines alone")
    languages: list[str] = Field(examples=[["zh", "en"]])
    version: str = Field(examples=["0.1.0"])


class PartHealth(BaseModel):
    """How one thing is that the desk depends on."""

    ok: bool
    message_en: str = Field(description="Empty when ok")
    message_zh: str = Field(description="Empty when ok")


class PositionsHealth(BaseModel):
    """How complete and fresh the map is."""

    vehicles: int = Field(description="Vehicles with a known position")
    loaded: bool = Field(description="The newest stored position of every vehicle has been read")
    lag_records: int | None = Field(description="Blocks on the broker not read yet; null when not known")
    refused_blocks: int = Field(description="Blocks that could not be read since the start")


class Health(BaseModel):
    """Whether the desk can do its work; the status is 200 as long as it can answer at all."""

    ok: bool
    version: str
    database: PartHealth
    broker: PartHealth
    positions: PositionsHealth
    alert_cursor: str | None = Field(description="The newest change that the stream has sent")
    stream_clients: int
