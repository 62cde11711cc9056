"""Areas and routes (JT/T 808-2013, 8.38-8.45; 2019, 8.31-8.38; 2011, 8.27-8.34).

Ids are unique within a type; the same id replaces the old area. start and end: 12 digits YYMMDDhhmmss, with a
date of zeros for every day. Night hours are not in any message: the platform must know them.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.area_fields import (
    ATTRIBUTES,
    IF_NIGHT_SPEED,
    IF_SEGMENT_NIGHT_SPEED,
    IF_SEGMENT_SPEED,
    IF_SPEED,
    IF_TIME,
    IF_TRAVEL_TIME,
    IF_TRAVEL_TIME_TWICE,
    LATITUDE,
    LONGITUDE,
    NO_2011,
    POINT_LATITUDE,
    POINT_LONGITUDE,
    SEGMENT_ATTRIBUTES,
)
from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import MOMENT, U8, U16, U32, WORD_TEXT, Number
from stream.jt808.layout import SINCE_2019, IfLeft, Record
from stream.jt808.messages.base import Message

_ACTION = Number(1, names={0: "replace all", 1: "append", 2: "modify"})
_EVERY_DAY = "000000000000"


@dataclass(frozen=True, slots=True)
class CircleArea(Record):
    """attributes: bits as in `area_fields.ATTRIBUTES`; bit 0 asks for start and end, bit 1 for the speeds."""

    area_id: Annotated[int, U32]
    attributes: Annotated[int, ATTRIBUTES]
    latitude_deg: Annotated[float, LATITUDE]
    longitude_deg: Annotated[float, LONGITUDE]
    radius_m: Annotated[int, U32]
    start: Annotated[str, MOMENT, IF_TIME] = _EVERY_DAY
    end: Annotated[str, MOMENT, IF_TIME] = _EVERY_DAY
    max_speed_kmh: Annotated[int, U16, IF_SPEED] = 0
    overspeed_s: Annotated[int, U8, IF_SPEED] = 0
    night_max_speed_kmh: Annotated[int, U16, IF_NIGHT_SPEED] = 0
    name: Annotated[str, WORD_TEXT, SINCE_2019] = ""


@dataclass(frozen=True, slots=True)
class RectangleArea(Record):
    """By its north-west and south-east corners; the rest as in `CircleArea`."""

    area_id: Annotated[int, U32]
    attributes: Annotated[int, ATTRIBUTES]
    top_latitude_deg: Annotated[float, LATITUDE]
    left_longitude_deg: Annotated[float, LONGITUDE]
    bottom_latitude_deg: Annotated[float, LATITUDE]
    right_longitude_deg: Annotated[float, LONGITUDE]
    start: Annotated[str, MOMENT, IF_TIME] = _EVERY_DAY
    end: Annotated[str, MOMENT, IF_TIME] = _EVERY_DAY
    max_speed_kmh: Annotated[int, U16, IF_SPEED] = 0
    overspeed_s: Annotated[int, U8, IF_SPEED] = 0
    night_max_speed_kmh: Annotated[int, U16, IF_NIGHT_SPEED] = 0
    name: Annotated[str, WORD_TEXT, SINCE_2019] = ""


@dataclass(frozen=True, slots=True)
class Vertex(Record):
    """One corner; its hemisphere is that of its polygon."""

    latitude_deg: Annotated[float, LATITUDE]
    longitude_deg: Annotated[float, LONGITUDE]


@dataclass(frozen=True, slots=True)
class SetCircles(Message):
    """0x8600. action: 0 replace all, 1 append, 2 modify."""

    message_id: ClassVar[int] = 0x8600
    action: Annotated[int, _ACTION]
    areas: Annotated[tuple[CircleArea, ...], Counted(1, Nested(CircleArea), again_2011=1)]


@dataclass(frozen=True, slots=True)
class SetRectangles(Message):
    """0x8602. action: 0 replace all, 1 append, 2 modify."""

    message_id: ClassVar[int] = 0x8602
    action: Annotated[int, _ACTION]
    areas: Annotated[tuple[RectangleArea, ...], Counted(1, Nested(RectangleArea), again_2011=1)]


@dataclass(frozen=True, slots=True)
class SetPolygon(Message):
    """0x8604: one area; the night speed and the name stand behind the vertices."""

    message_id: ClassVar[int] = 0x8604
    area_id: Annotated[int, U32]
    attributes: Annotated[int, ATTRIBUTES]
    start: Annotated[str, MOMENT, IF_TIME] = _EVERY_DAY
    end: Annotated[str, MOMENT, IF_TIME] = _EVERY_DAY
    max_speed_kmh: Annotated[int, U16, IF_SPEED] = 0
    overspeed_s: Annotated[int, U8, IF_SPEED] = 0
    vertices: Annotated[tuple[Vertex, ...], Counted(2, Nested(Vertex), again_2011=1)] = ()
    night_max_speed_kmh: Annotated[int, U16, IF_NIGHT_SPEED, IfLeft()] = 0
    name: Annotated[str, WORD_TEXT, SINCE_2019, IfLeft()] = ""


class _PointId(Number):
    """None in 2011."""

    may_be_none = True


@dataclass(frozen=True, slots=True)
class RoutePoint(Record):
    """A turning point and the segment that begins there. segment_attributes: bit 0 asks for the travel times,
    bit 1 for the speeds, bits 2 and 3 are south and west. In 2011 there is no point_id, and one travel time.
    """

    point_id: Annotated[int, _PointId(4), NO_2011]
    segment_id: Annotated[int, U32]
    latitude_deg: Annotated[float, POINT_LATITUDE]
    longitude_deg: Annotated[float, POINT_LONGITUDE]
    width_m: Annotated[int, U8]
    segment_attributes: Annotated[int, SEGMENT_ATTRIBUTES]
    too_long_s: Annotated[int, U16, IF_TRAVEL_TIME] = 0
    too_short_s: Annotated[int, U16, IF_TRAVEL_TIME_TWICE] = 0
    max_speed_kmh: Annotated[int, U16, IF_SEGMENT_SPEED] = 0
    overspeed_s: Annotated[int, U8, IF_SEGMENT_SPEED] = 0
    night_max_speed_kmh: Annotated[int, U16, IF_SEGMENT_NIGHT_SPEED] = 0


@dataclass(frozen=True, slots=True)
class SetRoute(Message):
    """0x8606: one route. attributes: bit 0 asks for start and end."""

    message_id: ClassVar[int] = 0x8606
    route_id: Annotated[int, U32]
    attributes: Annotated[int, ATTRIBUTES]
    start: Annotated[str, MOMENT, IF_TIME] = _EVERY_DAY
    end: Annotated[str, MOMENT, IF_TIME] = _EVERY_DAY
    points: Annotated[tuple[RoutePoint, ...], Counted(2, Nested(RoutePoint), again_2011=1)] = ()
    name: Annotated[str, WORD_TEXT, SINCE_2019, IfLeft()] = ""


@dataclass(frozen=True, slots=True)
class Deletion(Message):
    """Fields shared by 0x8601, 0x8603, 0x8605 and 0x8607. ids: at most 125; none deletes all of the type."""

    ids: Annotated[tuple[int, ...], Counted(1, U32)] = ()


@dataclass(frozen=True, slots=True)
class DeleteCircles(Deletion):
    """0x8601."""

    message_id: ClassVar[int] = 0x8601


@dataclass(frozen=True, slots=True)
class DeleteRectangles(Deletion):
    """0x8603."""

    message_id: ClassVar[int] = 0x8603


@dataclass(frozen=True, slots=True)
class DeletePolygons(Deletion):
    """0x8605."""

    message_id: ClassVar[int] = 0x8605


@dataclass(frozen=True, slots=True)
class DeleteRoutes(Deletion):
    """0x8607."""

    message_id: ClassVar[int] = 0x8607
