"""Points against a grid of cells over polygons: the loop of `ZoneSet.query`.

Most points are settled by their cell. For the others the edges of one slab are looked at; where rounding
could decide, the pair is marked, to be asked of shapely's exact predicate.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.grid import Grid
from geo.kernel import kernel
from geo.slabs import SURE, Slabs

OUTSIDE, INSIDE, UNSURE = range(3)


class Index(NamedTuple):
    """Grid and slabs of n polygons, as arrays for the kernels; see `Grid` and `Slabs`."""

    origin: NDArray[np.float64]
    size: NDArray[np.float64]
    shape: NDArray[np.int64]
    cell_starts: NDArray[np.int32]
    polygon: NDArray[np.int32]
    whole: NDArray[np.bool_]
    south: NDArray[np.float64]
    height: NDArray[np.float64]
    slabs: NDArray[np.int64]
    first_slab: NDArray[np.int64]
    slab_starts: NDArray[np.int64]
    ends: NDArray[np.float64]


def make_index(grid: Grid, slabs: Slabs) -> Index:
    """The arrays of a grid and slabs."""
    ends = np.ascontiguousarray(slabs.ends.T)
    frame = grid.frame
    return Index(
        frame.origin, frame.size, frame.shape.astype(np.int64), grid.starts, grid.polygon, grid.whole,
        slabs.south, slabs.height, slabs.count, slabs.first, slabs.starts, ends,
    )  # fmt: skip


@kernel
def cell_of(x: float, y: float, index: Index) -> int:
    """Cell of a point; the last, empty one for points outside the grid or NaN."""
    column = (x - index.origin[0]) / index.size[0]
    row = (y - index.origin[1]) / index.size[1]
    columns, rows = index.shape[0], index.shape[1]
    if column >= 0 and column < columns and row >= 0 and row < rows:
        return int(np.int64(row) * columns + np.int64(column))
    return int(columns * rows)


@kernel
def count_candidates(x: NDArray[np.float64], y: NDArray[np.float64], index: Index) -> int:
    """How many polygons lie in the cells of n points, one counted for each point: as many pairs at most."""
    total = 0
    for point in range(len(x)):
        cell = cell_of(x[point], y[point], index)
        total += index.cell_starts[cell + 1] - index.cell_starts[cell]
    return total


@kernel
def lies_in(x: float, y: float, polygon: int, index: Index) -> int:
    """Whether a point is in a polygon, or it takes an exact predicate to say so."""
    slab = np.int64((y - index.south[polygon]) / index.height[polygon])
    slab = index.first_slab[polygon] + min(max(slab, 0), index.slabs[polygon] - 1)
    inside = False
    for edge in range(index.slab_starts[slab], index.slab_starts[slab + 1]):
        x0, y0, x1, y1 = index.ends[edge]
        if y < min(y0, y1) or y > max(y0, y1):
            continue
        left, right = (x1 - x0) * (y - y0), (x - x0) * (y1 - y0)
        if y in (y0, y1) or abs(left - right) <= SURE * (abs(left) + abs(right)):
            return UNSURE
        if (left > right) == (y1 > y0):
            inside = not inside
    return INSIDE if inside else OUTSIDE


@kernel
def find_pairs(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    index: Index,
    points: NDArray[np.int64],
    polygons: NDArray[np.int64],
    unsure: NDArray[np.bool_],
) -> int:
    """Write the pairs of point and polygon, in order of point and polygon; returns how many. Those that need
    an exact predicate are among them, and marked."""
    count = 0
    for point in range(len(x)):
        cell = cell_of(x[point], y[point], index)
        for entry in range(index.cell_starts[cell], index.cell_starts[cell + 1]):
            polygon = index.polygon[entry]
            where = INSIDE if index.whole[entry] else lies_in(x[point], y[point], polygon, index)
            if where != OUTSIDE:
                points[count], polygons[count], unsure[count] = point, polygon, where == UNSURE
                count += 1
    return count
