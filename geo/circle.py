"""Circles on the sphere: a centre and a radius, as JT/T 808 0x8600 has them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.distance import EARTH_RADIUS_M, metres_between
from geo.kernel import kernel

MAX_RADIUS_M = 500_000
"""Larger than any province: beyond it a radius is a mistake of units."""

EDGE_M = 1e-6
"""How far beyond the radius still counts as on the circle. Ways to compute one distance differ by nanometres:
a position that one of them puts on the circle is inside for all."""

OUTLINE_CORNERS = 180
"""Corners of the polygon that maps draw: it lies inside the circle by at most 0.02 % of the radius."""


class Circle(NamedTuple):
    """All positions whose great-circle distance from a place (degrees, WGS-84) is at most `radius_m`."""

    longitude_deg: float
    latitude_deg: float
    radius_m: float


@kernel
def circle_holds(x: float, y: float, longitude_deg: float, latitude_deg: float, radius_m: float) -> bool:
    """Whether a position in degrees is in a circle; the circle itself belongs to it."""
    return bool(metres_between(longitude_deg, latitude_deg, x, y) <= radius_m + EDGE_M)


def box_of(circle: Circle) -> tuple[float, float, float, float]:
    """West, south, east and north of a rectangle around a circle; all longitudes at the 180th meridian.

    Raises
    ------
    ValueError
        The circle reaches over a pole.
    """
    x, y, radius_m = circle
    arc = (radius_m + 1.0) / EARTH_RADIUS_M  # a metre of room for rounding
    high = float(np.degrees(arc))
    if abs(y) + high >= 90.0:
        raise ValueError("the circle is not valid: it reaches over a pole")
    wide = float(np.degrees(np.arcsin(np.sin(arc) / np.cos(np.radians(y)))))
    if x - wide < -180.0 or x + wide > 180.0:
        return -180.0, y - high, 180.0, y + high
    return x - wide, y - high, x + wide, y + high


def outline(circle: Circle) -> shapely.Geometry:
    """The polygon that stands for a circle on maps; two polygons at the 180th meridian.

    Raises
    ------
    ValueError
        The circle reaches over a pole.
    """
    west, _, east, _ = box_of(circle)
    ring = corners(circle)
    if west > -180.0 or east < 180.0:
        return shapely.Polygon(ring)
    turns = [shapely.Polygon(np.add(ring, (turn, 0.0))) for turn in (-360.0, 0.0, 360.0)]
    return shapely.intersection(shapely.union_all(turns), shapely.box(-180.0, -90.0, 180.0, 90.0))


def corners(circle: Circle) -> NDArray[np.float64]:
    """Places on a circle, (n, 2) degrees; longitudes go beyond 180 degrees rather than jump."""
    turn = np.linspace(0.0, 2 * np.pi, OUTLINE_CORNERS, endpoint=False)
    arc, north = circle.radius_m / EARTH_RADIUS_M, np.radians(circle.latitude_deg)
    # The point at a distance and direction on the sphere.
    latitude = np.arcsin(np.sin(north) * np.cos(arc) + np.cos(north) * np.sin(arc) * np.cos(turn))
    longitude = np.arctan2(
        np.sin(turn) * np.sin(arc) * np.cos(north), np.cos(arc) - np.sin(north) * np.sin(latitude)
    )
    return np.column_stack([circle.longitude_deg + np.degrees(longitude), np.degrees(latitude)])
