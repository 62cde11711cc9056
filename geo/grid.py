"""A grid of cells that knows, for each cell, which polygons cover it whole and which only cross it.

Most points fall into cells that no boundary crosses, and are settled without looking at a polygon.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.slabs import Slabs, edges_of

# Memory: 4 bytes a cell and 5 bytes an entry; while building, 100 bytes a cell of the polygons' rectangles.
# More cells leave fewer points to test; past these figures the tables outgrow the processor's cache and the
# gain is gone.
MAX_CELLS = 1 << 21
MAX_CANDIDATES = 1 << 21
CELLS_A_POLYGON = 512
MIN_CELLS = 4096

# A point on a cell's border may be given to either neighbour by rounding, so a cell counts as crossed when
# the boundary comes this near: far more than a rounding error, far less than a position's.
_MARGIN_DEG = 1e-9


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of `shape` columns and rows of cells, each `size` degrees wide and high."""

    origin: NDArray[np.float64]
    size: NDArray[np.float64]
    shape: NDArray[np.int64]

    def clipped(self, place: NDArray[np.float64]) -> NDArray[np.int64]:
        """Column and row of n places, given as an (n, 2) array; those outside go to the nearest cell."""
        cell = ((place - self.origin) / self.size).astype(np.int64)
        kept: NDArray[np.int64] = np.minimum(np.maximum(cell, 0), self.shape - 1)
        return kept


@dataclass(frozen=True, slots=True)
class Grid:
    """The entries of cell c are those from `starts[c]` to `starts[c + 1]`; the last cell is for outside."""

    frame: Frame
    starts: NDArray[np.int32]
    polygon: NDArray[np.int32]
    whole: NDArray[np.bool_]


def build_grid(slabs: Slabs) -> Grid:
    """The grid of n polygons in degrees, n at least 1."""
    bounds = shapely.bounds(slabs.polygons)
    frame = _frame(bounds)
    cells = int(frame.shape.prod())
    crossed = _crossed(slabs, frame, cells)
    covered = _covered(slabs, frame, bounds, crossed, cells)
    key = np.concatenate([crossed, covered])
    whole = np.arange(len(key)) >= len(crossed)
    polygon, cell = key // cells, key % cells
    order = np.lexsort((polygon, cell))
    starts = np.zeros(cells + 2, np.int32)
    np.cumsum(np.bincount(cell, minlength=cells), out=starts[1:-1])
    starts[-1] = starts[-2]
    return Grid(frame, starts, polygon[order].astype(np.int32), whole[order])


def _frame(bounds: NDArray[np.float64]) -> Frame:
    """A frame around all polygons, its cells square and as small as the bounds on their number allow."""
    origin = bounds[:, :2].min(axis=0) - 2 * _MARGIN_DEG
    extent = bounds[:, 2:].max(axis=0) + 2 * _MARGIN_DEG - origin
    wanted = min(MAX_CELLS, max(MIN_CELLS, CELLS_A_POLYGON * len(bounds)))
    while True:
        side = np.sqrt(extent.prod() / wanted)
        shape = np.maximum((extent / side).astype(np.int64), 1)
        size = extent / shape
        spans = (bounds[:, 2:] - bounds[:, :2]) / size + 2
        if spans.prod(axis=1).sum() <= max(MAX_CANDIDATES, 16 * len(bounds)) or wanted <= 1:
            return Frame(origin, size, shape)
        wanted //= 2


def _crossed(slabs: Slabs, frame: Frame, cells: int) -> NDArray[np.int64]:
    """Keys (polygon * cells + cell), sorted, of the cells that a polygon's boundary may cross.

    Edges are cut into pieces of half a cell at most; the cells that a piece's rectangle meets are taken.
    """
    owner, (x0, y0, x1, y1) = edges_of(slabs.polygons)
    way = np.stack([x1 - x0, y1 - y0], axis=1)
    pieces = np.ceil(2 * np.abs(way / frame.size).max(axis=1)).astype(np.int64).clip(1)
    edge = np.repeat(np.arange(len(owner)), pieces)
    part = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    start = np.stack([x0, y0], axis=1)[edge]
    step = (way / pieces[:, None])[edge]
    one, other = start + step * part[:, None], start + step * (part + 1)[:, None]
    low = frame.clipped(np.minimum(one, other) - _MARGIN_DEG)
    high = frame.clipped(np.maximum(one, other) + _MARGIN_DEG)
    # A rectangle of half a cell meets two columns and two rows at most.
    corners = [(column, row) for column in (low[:, 0], high[:, 0]) for row in (low[:, 1], high[:, 1])]
    key = np.concatenate([owner[edge] * cells + row * frame.shape[0] + column for column, row in corners])
    key = np.sort(key)
    sole: NDArray[np.int64] = key[np.append(True, key[1:] != key[:-1])]
    return sole


def _covered(
    slabs: Slabs, frame: Frame, bounds: NDArray[np.float64], crossed: NDArray[np.int64], cells: int
) -> NDArray[np.int64]:
    """Keys of the cells that a polygon covers whole: not crossed, and with its middle inside.

    Neighbours in a row without a crossed cell between them are all in or all out, so one of them is asked.
    """
    low, high = frame.clipped(bounds[:, :2]), frame.clipped(bounds[:, 2:])
    spans = high - low + 1
    counts = spans.prod(axis=1)
    polygon = np.repeat(np.arange(len(bounds)), counts)
    within = np.arange(len(polygon)) - np.repeat(np.cumsum(counts) - counts, counts)
    column = low[polygon, 0] + within % spans[polygon, 0]
    row = low[polygon, 1] + within // spans[polygon, 0]
    key = polygon * cells + row * frame.shape[0] + column
    place = np.minimum(np.searchsorted(crossed, key), len(crossed) - 1)
    clear = crossed[place] != key
    key, polygon, column, row = key[clear], polygon[clear], column[clear], row[clear]
    if not len(key):
        return np.empty(0, np.int64)
    begins = np.append(True, (key[1:] != key[:-1] + 1) | (row[1:] != row[:-1]))
    middle_x = frame.origin[0] + (column[begins] + 0.5) * frame.size[0]
    middle_y = frame.origin[1] + (row[begins] + 0.5) * frame.size[1]
    inside = slabs.inside(polygon[begins], middle_x, middle_y)
    whole: NDArray[np.int64] = key[inside[np.cumsum(begins) - 1]]
    return whole
