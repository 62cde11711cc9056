"""What areas and routes are made of (JT/T 808-2013, 8.38-8.44; 2019, 8.31-8.37; 2011, 8.27-8.33).

Attribute bits say which fields follow; a sign of a coordinate must agree with its south or west bit.
"""

from __future__ import annotations

from collections.abc import Callable

from stream.jt808.kinds import Degrees, Number
from stream.jt808.layout import Scope, When
from stream.jt808.reader import Reader

ATTRIBUTES = Number(
    2,
    bits={
        **{0: "time", 1: "speed limit", 2: "entry to driver", 3: "entry to platform", 4: "exit to driver"},
        **{5: "exit to platform", 6: "south", 7: "west", 8: "no door opening", 14: "no radio inside"},
        **{15: "collect GNSS detail inside"},
    },
)
SEGMENT_ATTRIBUTES = Number(1, bits={0: "travel time", 1: "speed limit", 2: "south", 3: "west"})
_SOUTH, _WEST = 6, 7
_SEGMENT_SOUTH, _SEGMENT_WEST = 2, 3


def has_bit(name: str, bit: int) -> Callable[[Scope], bool]:
    """Whether a bit of an attribute field is set."""
    return lambda scope: bool(scope[name] >> bit & 1)


LATITUDE = Degrees(has_bit("attributes", _SOUTH))
LONGITUDE = Degrees(has_bit("attributes", _WEST))


class _PointDegrees(Degrees):
    """A coordinate whose attributes stand `ahead` bytes behind its start."""

    def __init__(self, bit: int, ahead: int) -> None:
        super().__init__(has_bit("segment_attributes", bit))
        self.bit, self.ahead = bit, ahead

    def read(self, reader: Reader, name: str, scope: Scope) -> float:
        attributes = reader.ahead()[self.ahead : self.ahead + 1]
        degrees = Degrees().read(reader, name, scope)
        return -abs(degrees) if attributes and attributes[0] >> self.bit & 1 else degrees


POINT_LATITUDE = _PointDegrees(_SEGMENT_SOUTH, 9)
POINT_LONGITUDE = _PointDegrees(_SEGMENT_WEST, 5)

IF_TIME = When(has_bit("attributes", 0))
IF_SPEED = When(has_bit("attributes", 1))
IF_NIGHT_SPEED = When(lambda scope: scope.variant == "2019" and has_bit("attributes", 1)(scope))
IF_TRAVEL_TIME = When(has_bit("segment_attributes", 0))
IF_TRAVEL_TIME_TWICE = When(lambda scope: scope.variant != "2011" and has_bit("segment_attributes", 0)(scope))
IF_SEGMENT_SPEED = When(has_bit("segment_attributes", 1))
IF_SEGMENT_NIGHT_SPEED = When(
    lambda scope: scope.variant == "2019" and has_bit("segment_attributes", 1)(scope)
)
NO_2011 = When(lambda scope: scope.variant != "2011")
