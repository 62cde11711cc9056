"""The boundaries of zones as columns of vertices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.circle import box_of
from geo.zone import Zone


class Outlines(NamedTuple):
    """n zones. The vertices (v, 2) of zone z are those from `first[z]` to `first[z + 1]`; from vertex v an
    edge goes to the next where `joined[v]` (not at the end of a ring). A circle has none: `circle[z]` is its
    row of `circles` (c, 3: degrees, radius in metres), -1 for others. `box` (n, 4: west, south, east, north)
    is where a zone lies, NaN for one without area.
    """

    vertices: NDArray[np.float64]
    joined: NDArray[np.bool_]
    first: NDArray[np.int64]
    circle: NDArray[np.int32]
    circles: NDArray[np.float64]
    box: NDArray[np.float64]


def make_outlines(zones: Sequence[Zone]) -> Outlines:
    """The boundaries of zones."""
    polygons = np.array([None if zone.circle else zone.polygon for zone in zones], object)
    parts, zone_of = shapely.get_parts(polygons, return_index=True)
    rings, part_of = shapely.get_rings(parts, return_index=True)
    vertices, ring_of = shapely.get_coordinates(rings, return_index=True)
    joined = np.append(ring_of[1:] == ring_of[:-1], False)[: len(vertices)]
    counts = np.bincount(zone_of[part_of[ring_of]], minlength=len(zones))
    circles = [zone.circle for zone in zones if zone.circle is not None]
    is_round = np.array([zone.circle is not None for zone in zones], bool)
    box = np.array(shapely.bounds(polygons), np.float64).reshape(-1, 4)
    if circles:
        box[is_round] = [box_of(circle) for circle in circles]
    return Outlines(
        np.ascontiguousarray(vertices),
        joined,
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        np.where(is_round, np.cumsum(is_round) - 1, -1).astype(np.int32),
        np.array(circles, np.float64).reshape(-1, 3),
        box,
    )
