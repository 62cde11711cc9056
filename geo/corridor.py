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
from geo.kernel import inlined, kernel

METRES_A_DEGREE = math.radians(1.0) * EARTH_RADIUS_M

_BEHIND, _AHEAD = 8, 64  # edges looked at around the last known one before the whole line
_BOXED = 8
"""Edges to a box. Only boxes are compared with a position, and the edges of those that can hold the nearest
one: of the 72 around the last known edge some ten, which takes 0.15 microseconds and not three."""
_SLACK_DEG = 1e-11  # a micrometre: what rounding adds to a distance is a hundredth of it

EDGE = np.dtype(
    [(name, "f8") for name in ("x_deg", "y_deg", "scale", "east", "north", "square", "along_m", "length_m")]
)
"""A vertex and the edge from there to the next one: `east` and `north` in degrees, those to the east, as all
that is compared with them, shortened by `scale`. One line of memory. Of a line's last vertex the edge is a
point."""

_BOX = np.dtype([(name, "f8") for name in ("west", "south", "east", "north", "scale")])


class Lines(NamedTuple):
    """k lines in one set of columns: those of line i are vertices `start[i]` to `start[i + 1]`.

    `edges` (of `EDGE`) has a record a vertex, where `along_m` is the way from the line's begin; `boxes` one
    for eight of them, whatever line they belong to, with the least of their scales.
    """

    start: NDArray[np.int64]
    edges: NDArray[np.void]
    boxes: NDArray[np.void]


def make_lines(lines: Sequence[NDArray[np.float64]]) -> Lines:
    """Columns of lines, each (n, 2) degrees."""
    start = np.cumsum([0, *(len(line) for line in lines)]).astype(np.int64)
    points = np.concatenate([np.empty((0, 2)), *lines])
    along = []
    for line in lines:
        steps = haversine_m(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1])
        along.append(np.append(0.0, np.cumsum(steps)))
    following = np.arange(1, len(points) + 1)
    following[start[1:] - 1] = start[1:] - 1
    edges = np.empty(len(points), EDGE)
    edges["x_deg"], edges["y_deg"] = points[:, 0], points[:, 1]
    edges["along_m"] = np.concatenate([np.empty(0), *along])
    _measure(edges, following)
    return Lines(start, edges, _boxes(edges, following))


@kernel
def _measure(edges: Any, following: Any) -> None:
    """Fill in what follows from where an edge begins and where it ends."""
    for number in range(len(edges)):
        edge, end = edges[number], edges[following[number]]
        edge.scale = np.cos(np.radians((edge.y_deg + end.y_deg) * 0.5))
        edge.east = (end.x_deg - edge.x_deg) * edge.scale
        edge.north = end.y_deg - edge.y_deg
        edge.square = edge.east * edge.east + edge.north * edge.north
        edge.length_m = end.along_m - edge.along_m


def _boxes(edges: NDArray[np.void], following: NDArray[np.int64]) -> NDArray[np.void]:
    first = np.arange(0, len(edges), _BOXED)
    boxes = np.empty(len(first), _BOX)
    x, y, end = edges["x_deg"], edges["y_deg"], edges[following]
    boxes["west"] = np.minimum.reduceat(np.minimum(x, end["x_deg"]), first)
    boxes["east"] = np.maximum.reduceat(np.maximum(x, end["x_deg"]), first)
    boxes["south"] = np.minimum.reduceat(np.minimum(y, end["y_deg"]), first)
    boxes["north"] = np.maximum.reduceat(np.maximum(y, end["y_deg"]), first)
    boxes["scale"] = np.minimum.reduceat(edges["scale"], first)
    return boxes


@inlined
def _outside(value: float, low: float, high: float) -> float:
    """How far a value lies outside two others."""
    return max(low - value, value - high, 0.0)


@inlined
def _off_box(box: Any, x: float, y: float) -> float:
    """Square of a distance in degrees that every edge of a box is at least away from a position."""
    east, north = _outside(x, box.west, box.east) * box.scale, _outside(y, box.south, box.north)
    return east * east + north * north  # type: ignore[no-any-return]


@inlined
def _off_edge(edge: Any, x: float, y: float) -> float:
    """The same of the box around one edge."""
    east = _outside((x - edge.x_deg) * edge.scale, min(edge.east, 0.0), max(edge.east, 0.0))
    north = _outside(y - edge.y_deg, min(edge.north, 0.0), max(edge.north, 0.0))
    return east * east + north * north


@inlined
def edge_place(edge: Any, x: float, y: float) -> tuple[float, float]:
    """Distance of a position from an edge in metres, and where on the edge it is nearest, 0 to 1."""
    east, north = (x - edge.x_deg) * edge.scale, y - edge.y_deg
    part = 0.0
    if edge.square > 0.0:
        part = min(max((east * edge.east + north * edge.north) / edge.square, 0.0), 1.0)
    return METRES_A_DEGREE * np.hypot(east - part * edge.east, north - part * edge.north), part


@inlined
def _reach(distance_m: float) -> float:
    """Square of the distance in degrees beyond which nothing is nearer than some metres."""
    distance_deg = distance_m / METRES_A_DEGREE + _SLACK_DEG
    return distance_deg * distance_deg


@kernel
def _nearer(
    edges: Any, begin: int, end: int, x: float, y: float, best: int, best_m: float, best_part: float
) -> tuple[int, float, float]:
    """The nearest edge so far, or one from `begin` to `end` that is nearer, or as near and before it."""
    reach = _reach(best_m)
    for one in range(begin, end):
        if _off_edge(edges[one], x, y) > reach:
            continue
        distance_m, part = edge_place(edges[one], x, y)
        if distance_m < best_m or (distance_m == best_m and one < best):
            best, best_m, best_part, reach = one, distance_m, part, _reach(distance_m)
    return best, best_m, best_part


@kernel
def _nearest(edges: Any, boxes: Any, begin: int, end: int, x: float, y: float) -> tuple[int, float, float]:
    """The nearest of the edges from `begin` to `end`, the first of them where several are.

    Those of the nearest box come first: then few others can be as near.
    """
    first, last = begin // _BOXED, (end - 1) // _BOXED
    nearest, least = first, np.inf
    for box in range(first, last + 1):
        off = _off_box(boxes[box], x, y)
        if off < least:
            nearest, least = box, off
    low, high = max(begin, nearest * _BOXED), min(end, (nearest + 1) * _BOXED)
    best, best_m, part = _nearer(edges, low, high, x, y, -1, np.inf, 0.0)
    for box in range(first, last + 1):
        if box != nearest and _off_box(boxes[box], x, y) <= _reach(best_m):
            low, high = max(begin, box * _BOXED), min(end, (box + 1) * _BOXED)
            best, best_m, part = _nearer(edges, low, high, x, y, best, best_m, part)
    return best, best_m, part


@inlined
def locate(lines: Any, line: int, hint: int, near_m: float, x: float, y: float) -> tuple[int, float, float]:
    """Nearest edge of a line, distance from it and way along the line, in metres.

    Edges around `hint` (an edge, -1 for none) are looked at first: where one is within `near_m` it is taken,
    so that on a line that crosses or follows itself a vehicle stays on the part it was on.
    """
    begin, end = lines.start[line], lines.start[line + 1] - 1
    best, distance_m, part = -1, np.inf, 0.0
    if hint >= 0:
        low, high = max(begin, hint - _BEHIND), min(end, hint + _AHEAD)
        best, distance_m, part = _nearest(lines.edges, lines.boxes, low, high, x, y)
    if best < 0 or distance_m > near_m:
        best, distance_m, part = _nearest(lines.edges, lines.boxes, begin, end, x, y)
    edge = lines.edges[best]
    return best, distance_m, edge.along_m + part * edge.length_m


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
