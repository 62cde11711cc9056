"""WGS-84 and GCJ-02, both ways.

Chinese maps show positions in GCJ-02, which shifts WGS-84 by some hundred metres inside China. The shift has
no published definition; the formula is the one all open implementations share (evil transform, 2013). Outside
the rectangle 72.004-137.8347 E, 0.8293-55.8271 N both datums are taken as equal, as these implementations do.
Numbers, arrays of any shape and empty arrays are taken; NaN stays NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_A = 6_378_245.0  # semi-major axis of the Krasovsky 1940 ellipsoid, m
_EE = 0.00669342162296594323  # its squared eccentricity
_ROUNDS = 12  # each round of the inverse shrinks the error about 100-fold; 6 reach 1e-10 degrees

Coordinates = tuple[NDArray[np.float64], NDArray[np.float64]]


def wgs84_to_gcj02(longitude_deg: Any, latitude_deg: Any) -> Coordinates:
    """GCJ-02 coordinates of WGS-84 positions.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like of one shape, degrees, WGS-84

    Returns
    -------
    tuple of two ndarrays of that shape, degrees, GCJ-02

    Examples
    --------
    >>> east, north = wgs84_to_gcj02([116.404], [39.915])
    >>> east.round(5).tolist(), north.round(5).tolist()
    ([116.41024], [39.9164])
    """
    longitude = np.asarray(longitude_deg, np.float64)
    latitude = np.asarray(latitude_deg, np.float64)
    east, north = _shift(longitude, latitude)
    return longitude + east, latitude + north


def gcj02_to_wgs84(longitude_deg: Any, latitude_deg: Any) -> Coordinates:
    """WGS-84 coordinates of GCJ-02 positions, by iteration.

    There and back again errs by less than a micrometre, but within two kilometres of the rectangle's border,
    where the shift begins at once: there a place may have two origins or none, and the answer is off by up to
    the shift.

    Parameters
    ----------
    longitude_deg, latitude_deg : array_like of one shape, degrees, GCJ-02

    Returns
    -------
    tuple of two ndarrays of that shape, degrees, WGS-84

    Examples
    --------
    >>> east, north = gcj02_to_wgs84(*wgs84_to_gcj02([118.78], [32.04]))
    >>> east.round(8).tolist(), north.round(8).tolist()
    ([118.78], [32.04])
    """
    wanted_longitude = np.asarray(longitude_deg, np.float64)
    wanted_latitude = np.asarray(latitude_deg, np.float64)
    longitude, latitude = wanted_longitude, wanted_latitude
    for _ in range(_ROUNDS):
        east, north = _shift(longitude, latitude)
        longitude, latitude = wanted_longitude - east, wanted_latitude - north
    return longitude, latitude


@np.errstate(invalid="ignore")
def _shift(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> Coordinates:
    x, y = longitude - 105.0, latitude - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north = north + (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2.0 / 3.0
    north = north + (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east = east + (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2.0 / 3.0
    east = east + (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2.0 / 3.0
    radians = np.radians(latitude)
    magic = 1.0 - _EE * np.sin(radians) ** 2
    root_magic = np.sqrt(magic)
    north_deg = np.degrees(north * magic * root_magic / (_A * (1.0 - _EE)))
    east_deg = np.degrees(east * root_magic / (_A * np.cos(radians)))
    inside = (longitude >= 72.004) & (longitude <= 137.8347) & (latitude >= 0.8293) & (latitude <= 55.8271)
    return np.where(inside, east_deg, 0.0), np.where(inside, north_deg, 0.0)
