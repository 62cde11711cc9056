"""Distances and directions on the sphere, for arrays of positions.

Numbers, arrays of any shape and empty arrays are taken; what a NaN or an infinity goes into is NaN. A way
over the 180th meridian is taken as short as it is, and longitudes may be given beyond 180 degrees.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel

EARTH_RADIUS_M = 6_371_008.8  # mean radius R1 of WGS-84 (IUGG)


@np.errstate(invalid="ignore")
def haversine_m(
    longitude_deg: Any, latitude_deg: Any, other_longitude_deg: Any, other_latitude_deg: Any
) -> NDArray[np.float64]:
    """Great-circle distance between positions and other positions, by the haversine formula (Sinnott 1984).

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like, degrees
        The positions.
    other_longitude_deg, other_latitude_deg : array_like, degrees
        The other positions; anything that broadcasts with the first.

    Returns
    -------
    ndarray of float64, metres
        Of the shape that the arguments broadcast to. Rounding is under 10 nanometres for neighbours and
        under a metre for antipodes; that the earth is no sphere makes up to 0.6 %.

    Examples
    --------
    >>> haversine_m([118.78], [32.04], [118.79], [32.04]).round(1).tolist()
    [942.6]
    >>> float(haversine_m(179.9, 0.0, -179.9, 0.0).round()), haversine_m([], [], [], []).tolist()
    (22239.0, [])
    """
    latitude = np.radians(np.asarray(latitude_deg, np.float64))
    other_latitude = np.radians(np.asarray(other_latitude_deg, np.float64))
    half_north = np.sin((other_latitude - latitude) * 0.5)
    half_east = np.sin(np.radians(np.subtract(other_longitude_deg, longitude_deg)) * 0.5)
    chord = half_north * half_north + np.cos(latitude) * np.cos(other_latitude) * (half_east * half_east)
    distance: NDArray[np.float64] = (2.0 * EARTH_RADIUS_M) * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))
    return distance


@kernel
def metres_between(x: float, y: float, other_x: float, other_y: float) -> float:
    """`haversine_m` of two positions in degrees, for kernels."""
    p, q = np.radians(y), np.radians(other_y)
    north, east = np.sin((q - p) * 0.5), np.sin(np.radians(other_x - x) * 0.5)
    chord = north * north + np.cos(p) * np.cos(q) * (east * east)
    return 2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(min(chord, 1.0)))  # type: ignore[no-any-return]


@np.errstate(invalid="ignore")
def bearing_deg(
    longitude_deg: Any, latitude_deg: Any, other_longitude_deg: Any, other_latitude_deg: Any
) -> NDArray[np.float64]:
    """Initial direction from positions towards other positions.

    Parameters are those of `haversine_m`.

    Returns
    -------
    ndarray of float64, degrees clockwise from north
        From 0 to below 360; 0 where both positions are the same. From the north pole every direction is
        south: 180 less the difference of longitudes; from the south pole the difference of longitudes.

    Examples
    --------
    >>> bearing_deg([118.0], [32.0], [118.0, 118.1, 117.9], [33.0, 32.0, 32.0]).round(1).tolist()
    [0.0, 90.0, 270.0]
    """
    latitude = np.radians(np.asarray(latitude_deg, np.float64))
    other_latitude = np.radians(np.asarray(other_latitude_deg, np.float64))
    east = np.radians(np.subtract(other_longitude_deg, longitude_deg))
    along = np.sin(east) * np.cos(other_latitude)
    across = np.cos(latitude) * np.sin(other_latitude)
    across = across - np.sin(latitude) * np.cos(other_latitude) * np.cos(east)
    bearing: NDArray[np.float64] = np.degrees(np.arctan2(along, across)) % 360.0
    return np.where(bearing == 360.0, 0.0, bearing)
