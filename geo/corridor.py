"""Corridors: how far off a line, and how far along it, positions are.

Lines are taken as straight in the plane touching the earth at each edge; for edges of up to 50 km the error
is under 0.1 % of the distance from the edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.distance import EARTH_RADIUS_M, haversine_m
from geo.kernel import kernel

METRES_A_DEGREE = math.radians(1.0) * EARTH_RADIUS_M

_BEHIND, _AHEAD = 8, 64  # edges looked at around the last known one before the whole line


class Lines(NamedTuple):
    """k lines in one set of columns: those of line i are vertices `start[i]` to `start[i + 1]`.

    `along_m` is the way from the line's begin to each vertex. Edge j goes from vertex j to the next.
    """

    start: NDArray[np.int64]
    x_deg: NDArray[np.float64]
    y_deg: NDArray[np.float64]
    along_m: NDArray[np.float64]


def make_lines(lines: Sequence[NDArray[np.float64]]) -> Lines:
    """Columns of lines, each (n, 2) degrees."""
    start = np.cumsum([0, *(len(line) for line in lines)]).astype(np.int64)
    points = np.concatenate([np.empty((0, 2)), *lines])
    along = []
    for line in lines:
        steps = haversine_m(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
        along.append(np.append(0.0, np.cumsum(steps)))
    x_deg, y_deg = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
    return Lines(start, x_deg, y_deg, np.concatenate([np.empty(0), *along]))


@kernel
def edge_place(lines: Any, edge: int, x: float, y: float) -> tuple[float, float]:
    """Distance of a position from an edge in metres, and where on the edge it is nearest, 0 to 1."""
    ax, ay = lines.x_deg[edge], lines.y_deg[edge]
    scale = np.cos(np.radians((ay + lines.y_deg[edge + 1]) * 0.5))
    bx, by = (lines.x_deg[edge + 1] - ax) * scale, lines.y_deg[edge + 1] - ay
    px, py = (x - ax) * scale, y - ay
    square = bx * bx + by * by
    part = 0.0
    if square > 0.0:
        part = min(max((px * bx + py * by) / square, 0.0), 1.0)
    return METRES_A_DEGREE * np.hypot(px - part * bx, py - part * by), part


@kernel
def _nearest(lines: Any, begin: int, end: int, x: float, y: float) -> tuple[int, float, float]:
    best, best_m, best_part = -1, np.inf, 0.0
    for edge in range(begin, end):
        distance_m, part = edge_place(lines, edge, x, y)
        if distance_m < best_m:
            best, best_m, best_part = edge, distance_m, part
    return best, best_m, best_part


@kernel
def locate(lines: Any, line: int, hint: int, near_m: float, x: float, y: float) -> tuple[int, float, float]:
    """Nearest edge of a line, distance from it and way along the line, in metres.

    Edges around `hint` (an edge, -1 for none) are looked at first: where one is within `near_m` it is taken,
    so that on a line that crosses or follows itself a vehicle stays on the part it was on.
    """
    begin, end = lines.start[line], lines.start[line + 1] - 1
    if hint >= 0:
        low, high = max(begin, hint - _BEHIND), min(end, hint + _AHEAD)
        edge, distance_m, part = _nearest(lines, low, high, x, y)
        if edge >= 0 and distance_m <= near_m:
            length_m = lines.along_m[edge + 1] - lines.along_m[edge]
            return edge, distance_m, lines.along_m[edge] + part * length_m
    edge, distance_m, part = _nearest(lines, begin, end, x, y)
    length_m = lines.along_m[edge + 1] - lines.along_m[edge]
    return edge, distance_m, lines.along_m[edge] + part * length_m


@kernel
def _locate_all(lines: Any, line: Any, x: Any, y: Any, offset_m: Any, along_m: Any) -> None:
    for one in range(len(x)):
        _, offset_m[one], along_m[one] = locate(lines, line[one], -1, 0.0, x[one], y[one])


def corridor_place(
    lines: Lines, line: Any, longitude_deg: Any, latitude_deg: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance of each of n positions from a line, and the way along it to the nearest place on it.

    Parameters
    ----------
    lines : Lines
        None of them over the 180th meridian.
    line : array_like of int
        Which line each position is compared with.
    longitude_deg, latitude_deg : array_like, degrees, WGS-84
        They and `line` broadcast with one another.

    Returns
    -------
    tuple of two ndarrays, metres
        Of the shape that the arguments broadcast to. NaN for positions that are no numbers, and for lines
        of fewer than two vertices.

    Raises
    ------
    IndexError
        There is no such line.

    Examples
    --------
    >>> lines = make_lines([np.array([[118.0, 32.0], [118.1, 32.0]])])
    >>> offset, along = corridor_place(lines, [0, 0], [118.05, 118.0], [32.001, 32.0])
    >>> offset.round().tolist(), along.round().tolist()
    ([111.0, 0.0], [4715.0, 0.0])
    """
    which = np.asarray(line, np.int64)
    if which.size and not (which.min() >= 0 and which.max() < len(lines.start) - 1):
        raise IndexError(f"lines are numbered 0 to {len(lines.start) - 2}")
    which, x, y = np.broadcast_arrays(
        which, np.asarray(longitude_deg, np.float64), np.asarray(latitude_deg, np.float64)
    )
    offset_m, along_m = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    known = np.isfinite(x) & np.isfinite(y) & (np.diff(lines.start)[which] > 1)
    here_m, way_m = np.empty(known.sum()), np.empty(known.sum())
    _locate_all(lines, which[known], x[known], y[known], here_m, way_m)
    offset_m[known], along_m[known] = here_m, way_m
    return offset_m, along_m
