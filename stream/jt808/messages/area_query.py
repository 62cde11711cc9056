"""Which areas and routes a terminal has (JT/T 808-2019, 8.39, 8.40)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.errors import LengthError, ProtocolError
from stream.jt808.header import Edition
from stream.jt808.kind_lists import Counted, Nested
from stream.jt808.kinds import U32, Number
from stream.jt808.layout import Record, Scope, When
from stream.jt808.messages.areas import (
    CircleArea,
    RectangleArea,
    SetCircles,
    SetPolygon,
    SetRectangles,
    SetRoute,
)
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader

_AREA_TYPES = Number(1, names={1: "circle", 2: "rectangle", 3: "polygon", 4: "route"})
_CIRCLES, _RECTANGLES, _POLYGONS, _ROUTES = 1, 2, 3, 4
_BARE, _SETTINGS = "areas", "settings"
_KINDS: dict[tuple[int, str], type[Record]] = {
    (_CIRCLES, _BARE): CircleArea,
    (_CIRCLES, _SETTINGS): SetCircles,
    (_RECTANGLES, _BARE): RectangleArea,
    (_RECTANGLES, _SETTINGS): SetRectangles,
    (_POLYGONS, _BARE): SetPolygon,
    (_ROUTES, _BARE): SetRoute,
}


@dataclass(frozen=True, slots=True)
class AreasQuery(Message):
    """0x8608. area_type: 1 circle, 2 rectangle, 3 polygon, 4 route. ids: none asks for all."""

    message_id: ClassVar[int] = 0x8608
    area_type: Annotated[int, _AREA_TYPES]
    ids: Annotated[tuple[int, ...], Counted(4, U32)] = ()


def _holds(area_type: int, layout: str) -> When:
    return When(lambda scope: scope["area_type"] == area_type and scope.variant == layout)


def _counted(record: type[Record]) -> Counted[Record]:
    return Counted(4, Nested(record))


@dataclass(frozen=True, slots=True)
class AreasQueryResponse(Message):
    """0x0608. The standard leaves open whether each element is an area, or a whole body of 0x8600 or 0x8602
    with its action and number; the length tells. Only the list of the type asked for is used.
    """

    message_id: ClassVar[int] = 0x0608
    area_type: Annotated[int, _AREA_TYPES]
    circles: Annotated[tuple[CircleArea, ...], _counted(CircleArea), _holds(_CIRCLES, _BARE)] = ()
    circle_settings: Annotated[tuple[SetCircles, ...], _counted(SetCircles), _holds(_CIRCLES, _SETTINGS)] = ()
    rectangles: Annotated[tuple[RectangleArea, ...], _counted(RectangleArea), _holds(_RECTANGLES, _BARE)] = ()
    rectangle_settings: Annotated[
        tuple[SetRectangles, ...], _counted(SetRectangles), _holds(_RECTANGLES, _SETTINGS)
    ] = ()
    polygons: Annotated[tuple[SetPolygon, ...], _counted(SetPolygon), _holds(_POLYGONS, _BARE)] = ()
    routes: Annotated[tuple[SetRoute, ...], _counted(SetRoute), _holds(_ROUTES, _BARE)] = ()

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """The layout that ends with the body. Raises `LengthError` if none does."""
        body = reader.ahead()
        for layout in (_BARE, _SETTINGS):
            kind = _KINDS.get((body[0] if body else 0, layout))
            if kind is not None and _fits(body[1:], kind, edition):
                return layout
        raise LengthError(f"{len(body)} bytes are no list of areas of type {body[0] if body else 'unknown'}")

    def variant_for(self, edition: Edition) -> str:
        """As it was read; bare areas where nothing says otherwise."""
        return _SETTINGS if self.circle_settings or self.rectangle_settings else _BARE


def _fits(body: bytes, kind: type[Record], edition: Edition) -> bool:
    reader = Reader(body)
    try:
        _counted(kind).read(reader, "areas", Scope({}, edition, edition))
    except ProtocolError:
        return False
    return not reader.left
