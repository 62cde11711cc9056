"""Areas and routes as an operator states them (JT/T 808, 0x8600-0x8608).

The attribute bits for times (0), speeds (1), south (6) and west (7) follow from the fields; an operator
states the others. What comes out has the fields of the message, attributes complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from alerts.desk.command_fields import AreaId, Body, Byte, DWord, Latitude, Longitude, Moment, Word, gbk_up_to

MAX_AREAS = 100
MAX_VERTICES = 1000
MAX_POINTS = 500
"""Bounds of one message: 12 KiB in packages, which terminals put together and gateways may repeat."""

MAX_IDS = 125
"""JT/T 808-2013, table 40: more are deleted by several messages."""

_TIME, _SPEED, _SOUTH, _WEST = 1 << 0, 1 << 1, 1 << 6, 1 << 7
_DERIVED = _TIME | _SPEED | _SOUTH | _WEST
_SEGMENT_TIME, _SEGMENT_SPEED, _SEGMENT_SOUTH, _SEGMENT_WEST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_SEGMENT_DERIVED = _SEGMENT_TIME | _SEGMENT_SPEED | _SEGMENT_SOUTH | _SEGMENT_WEST

Shape = Literal["circle", "rectangle", "polygon", "route"]
_ATTRIBUTES = (
    "Bits 2 and 3: tell driver, platform on entry; 4 and 5: on exit; 8: no door opening; 14: no radio "
    "inside; 15: collect GNSS detail inside. Bits 0, 1, 6 and 7 follow from the other fields."
)


class Timed(Body):
    """When an area or a route holds."""

    attributes: Word = Field(0, description=_ATTRIBUTES)
    start: Moment | None = Field(None, description="With `end`; both absent: always")
    end: Moment | None = None
    name: Annotated[str, gbk_up_to(255)] = Field("", description="2019", examples=["长江大桥"])

    @model_validator(mode="after")
    def _check_times(self) -> Timed:
        if (self.start is None) != (self.end is None):
            raise ValueError("start and end belong together")
        return self

    def derive(self, latitudes: Iterable[float], longitudes: Iterable[float], speed: bool) -> None:
        """Complete the attributes. Raises ``ValueError`` for coordinates of two hemispheres."""
        bits = self.attributes & ~_DERIVED
        bits |= _TIME if self.start is not None else 0
        bits |= _SPEED if speed else 0
        bits |= _SOUTH if _negative("latitude", latitudes) else 0
        bits |= _WEST if _negative("longitude", longitudes) else 0
        self.attributes = bits


def _negative(what: str, degrees: Iterable[float]) -> bool:
    signs = {degree < 0 for degree in degrees if degree}
    if len(signs) > 1:
        raise ValueError(f"an area can't lie on both sides of {what} 0")
    return signs == {True}


class Limited(Timed):
    """An area with a speed limit, or without."""

    area_id: AreaId = Field(description="The same id replaces the area of that shape")
    max_speed_kmh: Word | None = Field(None, examples=[60])
    overspeed_s: Byte | None = Field(None, description="Seconds above it until it counts")
    night_max_speed_kmh: Word | None = Field(None, description="2019")

    @model_validator(mode="after")
    def _check_speed(self) -> Limited:
        if self.max_speed_kmh is None and (self.overspeed_s, self.night_max_speed_kmh) != (None, None):
            raise ValueError("max_speed_kmh is missing")
        if self.max_speed_kmh is not None:
            self.overspeed_s = self.overspeed_s or 0
            # A terminal of 2019 must be told something, and the limit of the day surprises nobody.
            if self.night_max_speed_kmh is None:
                self.night_max_speed_kmh = self.max_speed_kmh
        return self


class Circle(Limited):
    """By its centre (WGS-84 as stated to the terminal) and radius."""

    latitude_deg: Latitude
    longitude_deg: Longitude
    radius_m: Annotated[DWord, Field(ge=1)]

    @model_validator(mode="after")
    def _derive(self) -> Circle:
        self.derive([self.latitude_deg], [self.longitude_deg], self.max_speed_kmh is not None)
        return self


class Rectangle(Limited):
    """By its north-west and south-east corners."""

    top_latitude_deg: Latitude
    left_longitude_deg: Longitude
    bottom_latitude_deg: Latitude
    right_longitude_deg: Longitude

    @model_validator(mode="after")
    def _derive(self) -> Rectangle:
        latitudes = [self.bottom_latitude_deg, self.top_latitude_deg]
        longitudes = [self.left_longitude_deg, self.right_longitude_deg]
        if latitudes != sorted(latitudes) or longitudes != sorted(longitudes):
            raise ValueError("the top is north of the bottom, the left west of the right")
        self.derive(latitudes, longitudes, self.max_speed_kmh is not None)
        return self


class Vertex(Body):
    """One corner."""

    latitude_deg: Latitude
    longitude_deg: Longitude


class Point(Vertex):
    """A turning point of a route and the segment that begins there."""

    point_id: DWord
    segment_id: DWord
    width_m: Byte
    segment_attributes: Byte = Field(0, description="Bits 0 to 3 follow from the other fields")
    too_long_s: Word | None = Field(None, description="Longest time on the segment; with `too_short_s`")
    too_short_s: Word | None = None
    max_speed_kmh: Word | None = None
    overspeed_s: Byte | None = None
    night_max_speed_kmh: Word | None = Field(None, description="2019")

    @model_validator(mode="after")
    def _derive(self) -> Point:
        if (self.too_long_s is None) != (self.too_short_s is None):
            raise ValueError("too_long_s and too_short_s belong together")
        if self.max_speed_kmh is None and (self.overspeed_s, self.night_max_speed_kmh) != (None, None):
            raise ValueError("max_speed_kmh is missing")
        bits = self.segment_attributes & ~_SEGMENT_DERIVED
        bits |= _SEGMENT_TIME if self.too_long_s is not None else 0
        bits |= _SEGMENT_SOUTH if self.latitude_deg < 0 else 0
        bits |= _SEGMENT_WEST if self.longitude_deg < 0 else 0
        if self.max_speed_kmh is not None:
            bits |= _SEGMENT_SPEED
            self.overspeed_s = self.overspeed_s or 0
            if self.night_max_speed_kmh is None:
                self.night_max_speed_kmh = self.max_speed_kmh
        self.segment_attributes = bits
        return self


class CircleSet(Body):
    """0x8600."""

    shape: Literal["circle"]
    action: Literal[0, 1, 2] = Field(1, description="0 replace all circles, 1 append, 2 modify")
    areas: list[Circle] = Field(min_length=1, max_length=MAX_AREAS)


class RectangleSet(Body):
    """0x8602."""

    shape: Literal["rectangle"]
    action: Literal[0, 1, 2] = Field(1, description="0 replace all rectangles, 1 append, 2 modify")
    areas: list[Rectangle] = Field(min_length=1, max_length=MAX_AREAS)


class PolygonSet(Limited):
    """0x8604: one polygon."""

    shape: Literal["polygon"]
    vertices: list[Vertex] = Field(min_length=3, max_length=MAX_VERTICES)

    @model_validator(mode="after")
    def _derive(self) -> PolygonSet:
        latitudes = [vertex.latitude_deg for vertex in self.vertices]
        longitudes = [vertex.longitude_deg for vertex in self.vertices]
        self.derive(latitudes, longitudes, self.max_speed_kmh is not None)
        return self


class RouteSet(Timed):
    """0x8606: one route."""

    shape: Literal["route"]
    route_id: AreaId = Field(description="The same id replaces the route")
    points: list[Point] = Field(min_length=2, max_length=MAX_POINTS)

    @model_validator(mode="after")
    def _derive(self) -> RouteSet:
        self.derive((), (), speed=False)
        return self


AreaSet = Annotated[CircleSet | RectangleSet | PolygonSet | RouteSet, Field(discriminator="shape")]


class AreaDelete(Body):
    """0x8601, 0x8603, 0x8605, 0x8607."""

    shape: Shape
    ids: list[AreaId] = Field(max_length=MAX_IDS, description="Empty: all of this shape")


class AreaQuery(Body):
    """0x8608, 2019."""

    shape: Shape
    ids: list[AreaId] = Field([], max_length=MAX_IDS, description="Empty: all of this shape")
