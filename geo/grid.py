"""A grid of cells that knows, for each cell, which polygons cover it whole and which only cross it.

Most points fall into cells that no boundary crosses, and are settled without looking at a polygon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

# Memory: 4 bytes a cell and 5 bytes an entry. More cells leave fewer points to test; past these figures the
# tables outgrow the processor's cache and the gain is gone.
MAX_CELLS = 1 << 21
MAX_ENTRIES = 1 << 22
CELLS_A_POLYGON = 512
MIN_CELLS = 4096

# A point on a cell's border may be given to either neighbour by rounding, so a cell counts as crossed when
# the boundary comes this near: far more than a rounding error, far less than a position's.
_MARGIN_DEG = 1e-9


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells over the rectangle of all polygons; cell c has the entries from starts[c] to starts[c + 1]."""

    west: float
    south: float
    cell_deg: tuple[float, float]
    shape: tuple[int, int]
    starts: NDArray[np.int32]
    polygon: NDArray[np.int32]
    whole: NDArray[np.bool_]

    def cells(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Cell of each of n points; the last, empty cell for points outside the grid or NaN."""
        columns, rows = self.shape
        column = (x - self.west) * (1.0 / self.cell_deg[0])
        row = (y - self.south) * (1.0 / self.cell_deg[1])
        inside = (column >= 0) & (column <= columns) & (row >= 0) & (row <= rows)
        cell = np.full(len(x), columns * rows, np.int64)
        column = np.minimum(column[inside].astype(np.int64), columns - 1)
        cell[inside] = np.minimum(row[inside].astype(np.int64), rows - 1) * columns + column
        return cell


def build_grid(polygons: NDArray[Any]) -> Grid:
    """The grid of n polygons in degrees, n at least 1."""
    bounds = shapely.bounds(polygons)
    west, south = bounds[:, 0].min() - 2 * _MARGIN_DEG, bounds[:, 1].min() - 2 * _MARGIN_DEG
    width = bounds[:, 2].max() + 2 * _MARGIN_DEG - west
    height = bounds[:, 3].max() + 2 * _MARGIN_DEG - south
    shape = _shape(bounds, width, height)
    cell_deg = (width / shape[0], height / shape[1])
    polygon, column, row = _candidates(bounds, west, south, cell_deg, shape)
    keep, whole = _classify(
        polygons, polygon, west + column * cell_deg[0], south + row * cell_deg[1], cell_deg
    )
    polygon, cell, whole = polygon[keep], (row * shape[0] + column)[keep], whole[keep]
    order = np.lexsort((polygon, cell))
    starts = np.zeros(shape[0] * shape[1] + 2, np.int32)
    np.cumsum(np.bincount(cell, minlength=shape[0] * shape[1]), out=starts[1:-1])
    starts[-1] = starts[-2]
    return Grid(west, south, cell_deg, shape, starts, polygon[order].astype(np.int32), whole[order])


def _shape(bounds: NDArray[np.float64], width: float, height: float) -> tuple[int, int]:
    """Columns and rows: square cells, as small as the two bounds allow."""
    wanted = min(MAX_CELLS, max(MIN_CELLS, CELLS_A_POLYGON * len(bounds)))
    while True:
        side = np.sqrt(width * height / wanted)
        shape = (max(1, int(width / side)), max(1, int(height / side)))
        spans = (bounds[:, 2:] - bounds[:, :2]) / (width / shape[0], height / shape[1]) + 2
        if spans.prod(axis=1).sum() <= max(MAX_ENTRIES, 16 * len(bounds)) or wanted <= 1:
            return shape
        wanted //= 2


def _candidates(
    bounds: NDArray[np.float64],
    west: float,
    south: float,
    cell_deg: tuple[float, float],
    shape: tuple[int, int],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Every (polygon, column, row) where the polygon's rectangle meets the cell."""
    origin, size, last = np.array([west, south]), np.array(cell_deg), np.array(shape) - 1
    low = np.clip(((bounds[:, :2] - _MARGIN_DEG - origin) / size).astype(np.int64), 0, last)
    high = np.clip(((bounds[:, 2:] + _MARGIN_DEG - origin) / size).astype(np.int64), 0, last)
    spans = high - low + 1
    counts = spans.prod(axis=1)
    polygon = np.repeat(np.arange(len(bounds)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    column = low[polygon, 0] + within % spans[polygon, 0]
    row = low[polygon, 1] + within // spans[polygon, 0]
    return polygon, column, row


def _classify(
    polygons: NDArray[Any],
    polygon: NDArray[np.int64],
    left: NDArray[np.float64],
    bottom: NDArray[np.float64],
    cell_deg: tuple[float, float],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each candidate: does the polygon reach the cell, and does it cover the cell whole."""
    boundaries = shapely.boundary(polygons)
    shapely.prepare(boundaries)
    right, top = left + cell_deg[0] + _MARGIN_DEG, bottom + cell_deg[1] + _MARGIN_DEG
    boxes = shapely.box(left - _MARGIN_DEG, bottom - _MARGIN_DEG, right, top)
    crossed = shapely.intersects(boundaries[polygon], boxes)
    whole = np.zeros(len(polygon), bool)
    clear = np.flatnonzero(~crossed)
    middle_x, middle_y = left[clear] + cell_deg[0] / 2, bottom[clear] + cell_deg[1] / 2
    whole[clear] = shapely.intersects_xy(polygons[polygon[clear]], middle_x, middle_y)
    return crossed | whole, whole
