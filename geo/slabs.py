"""Points in polygons by slabs: each polygon cut into horizontal strips that know the edges crossing them.

A point needs only the edges of its own strip. Where rounding could decide, on or next to a boundary,
shapely's exact predicate does, so the answers are those of `shapely.intersects_xy`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

EDGES_A_SLAB = 2  # strips as many as half the edges: fewer make longer lists, more make the tables too large
MAX_SLABS = 4096

# A point on a strip's border may be given to either strip by rounding, so edges belong to strips this far
# off, in parts of a strip's height: far more than the rounding error of 4096 strips.
_OVERLAP = 1e-9

# The determinant of an orientation is sure when it exceeds this part of its two products (Shewchuk 1997,
# ccwerrboundA), here with room for one more rounding.
SURE = 8.0 * np.finfo(np.float64).eps


@dataclass(frozen=True, slots=True)
class Slabs:
    """n polygons; those of polygon p are the slabs from `first[p]`, each `height[p]` high from `south[p]` up.

    Slab s has the edges `edge[starts[s]:starts[s + 1]]`; `ends` holds x, y, x, y of every edge.
    """

    polygons: NDArray[Any]
    south: NDArray[np.float64]
    height: NDArray[np.float64]
    count: NDArray[np.int64]
    first: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.float64]

    def inside(
        self, polygon: NDArray[np.integer[Any]], x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """Whether each of m points is in the polygon of the same place; boundaries belong to polygons."""
        slab = ((y - self.south[polygon]) / self.height[polygon]).astype(np.int64)
        slab = self.first[polygon] + np.clip(slab, 0, self.count[polygon] - 1)
        begin = self.starts[slab]
        counts = self.starts[slab + 1] - begin
        bounds = counts.cumsum() - counts
        pair = np.arange(counts.sum()) + (begin - bounds).repeat(counts)
        east, north = x.repeat(counts), y.repeat(counts)
        x0, y0, x1, y1 = (self.ends[side][pair] for side in range(4))
        left, right = (x1 - x0) * (north - y0), (east - x0) * (y1 - y0)
        spans = (y0 <= north) != (y1 <= north)
        crossing = spans & ((left > right) == (y1 > y0))
        touches = (
            (north == y0) | (north == y1) | (np.abs(left - right) <= SURE * (np.abs(left) + np.abs(right)))
        )
        unsure = touches & (north >= np.minimum(y0, y1)) & (north <= np.maximum(y0, y1))
        result = _odd(crossing, bounds, counts)
        ask = _any(unsure, bounds, counts)
        if ask.any():
            result[ask] = shapely.intersects_xy(self.polygons[polygon[ask]], x[ask], y[ask])
        return result


def make_slabs(polygons: NDArray[Any]) -> Slabs:
    """The slabs of n polygons in degrees."""
    owner, ends = edges_of(polygons)
    bounds = shapely.bounds(polygons)
    south = bounds[:, 1]
    count = np.clip(np.bincount(owner, minlength=len(polygons)) // EDGES_A_SLAB, 1, MAX_SLABS)
    height = np.maximum((bounds[:, 3] - south) / count, np.finfo(np.float64).tiny)
    first = count.cumsum() - count
    low, high = np.minimum(ends[1], ends[3]), np.maximum(ends[1], ends[3])
    bottom = np.clip(((low - south[owner]) / height[owner] - _OVERLAP).astype(np.int64), 0, count[owner] - 1)
    top = np.clip(((high - south[owner]) / height[owner] + _OVERLAP).astype(np.int64), 0, count[owner] - 1)
    spans = top - bottom + 1
    edge = np.repeat(np.arange(len(owner)), spans)
    within = np.arange(len(edge)) - np.repeat(spans.cumsum() - spans, spans)
    slab = (first[owner] + bottom).repeat(spans) + within
    order = np.argsort(slab, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(slab, minlength=int(count.sum())))])
    return Slabs(polygons, south, height, count, first, starts, ends[:, edge[order]])


def edges_of(polygons: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Every edge of every ring: the polygon it belongs to, and its ends as rows x, y, x, y."""
    parts, part_of = shapely.get_parts(polygons, return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    ends = np.concatenate([points[:-1][same], points[1:][same]], axis=1).T
    return part_of[ring_of[ring[1:][same]]].astype(np.int64), np.ascontiguousarray(ends)


def _odd(flags: NDArray[np.bool_], bounds: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether an odd number of flags is set in each part."""
    return (_sums(flags, bounds, counts) & 1).astype(bool)


def _any(flags: NDArray[np.bool_], bounds: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    return _sums(flags, bounds, counts) > 0


def _sums(
    flags: NDArray[np.bool_], bounds: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.int64]:
    total = np.concatenate([[0], flags.cumsum()])
    sums: NDArray[np.int64] = total[bounds + counts] - total[bounds]
    return sums
