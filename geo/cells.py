"""A grid of cells over zones: where it lies, and the index that knows what is in each cell.

A cell that no zone reaches is a bit that is not set. Of a cell that one zone covers and no other reaches, the
zone is known at once. For the others the index has words (int32): for each zone in the cell, in order of the
zones, a head `zone << KIND_BITS | kind`, with `FINAL` added for the last one, and what the kind needs:

* `WHOLE`: the zone covers the cell; nothing more.
* `EVEN`, `ODD`: the zone's boundary crosses the cell; pairs of words follow, the first and last edge of each
  piece of boundary that comes into it. The second word of a pair is complemented when another pair follows.
  The kind says whether the cell's anchor is outside (`EVEN`) or inside (`ODD`).
* `ROUND`: a circle's boundary may cross the cell; the circle's row follows.
* `ASK`: rounding could decide where the anchor is: shapely's exact predicate decides about the position. One
  word follows that says nothing.

Edge e goes from vertex e to vertex e + 1. A position in a crossed cell is judged against the anchor: an odd
number of the cell's edges crossed on the way there means that one is inside and the other is not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.bits import popcount
from geo.kernel import inlined, kernel

WHOLE, EVEN, ODD, ROUND, ASK = range(5)
FINAL = 8
KINDS = FINAL - 1
KIND_BITS = 4

MARGIN_DEG = 1e-9
"""A position on a cell's border may be given to either neighbour by rounding, so a boundary counts as in a
cell when it comes this near: far more than a rounding error, far less than a position's."""

# Where in its cell the anchor lies, in parts of the cell: nowhere that people put corners of zones.
ANCHOR_X, ANCHOR_Y = 0.38196601, 0.58578644

# The determinant of an orientation is sure when it exceeds this part of its two products (Shewchuk 1997,
# ccwerrboundA), here with room for one more rounding.
_SURE = 8.0 * np.finfo(np.float64).eps

RIGHT, LEFT, UNSURE_SIDE = range(3)


class Frame(NamedTuple):
    """A rectangle of columns and rows of cells; `across` and `up` are cells a degree."""

    west: float
    south: float
    width: float
    height: float
    across: float
    up: float
    columns: int
    rows: int


class Index(NamedTuple):
    """What is in each cell. Bit c of `filled` is set when cell c has something; what it has is at
    `contents[k]`, k the number of set bits before it: where its words begin, or the complement of the one
    zone that covers it. `before` counts the bits before each element of `filled`. `vertices` (v, 2) degrees;
    `circles` (c, 3) degrees and metres. `most` is the largest number of zones in a cell.
    """

    frame: Frame
    filled: NDArray[np.int64]
    before: NDArray[np.int32]
    contents: NDArray[np.int32]
    words: NDArray[np.int32]
    vertices: NDArray[np.float64]
    circles: NDArray[np.float64]
    most: int


@inlined
def side_of(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> int:
    """On which side of the line from one place to another a position lies, or that rounding could decide."""
    left, right = (x1 - x0) * (y - y0), (x - x0) * (y1 - y0)
    if abs(left - right) <= _SURE * (abs(left) + abs(right)):
        return UNSURE_SIDE
    return LEFT if left > right else RIGHT


@inlined
def rank_of(cell: Any, index: Any) -> Any:
    """How many filled cells come before a cell."""
    return index.before[cell >> 6] + popcount(index.filled[cell >> 6] & ((np.int64(1) << (cell & 63)) - 1))


@kernel
def column_of(x: float, frame: Any) -> int:
    """Column of a longitude; those outside go to the nearest."""
    return int(min(max((x - frame.west) * frame.across, 0.0), frame.columns - 1.0))


@kernel
def row_of(y: float, frame: Any) -> int:
    """Row of a latitude; those outside go to the nearest."""
    return int(min(max((y - frame.south) * frame.up, 0.0), frame.rows - 1.0))


@inlined
def anchor_x(column: Any, frame: Any) -> float:
    """Longitude of a column's anchors."""
    return frame.west + (column + ANCHOR_X) * frame.width  # type: ignore[no-any-return]


@inlined
def anchor_y(row: Any, frame: Any) -> float:
    """Latitude of a row's anchors."""
    return frame.south + (row + ANCHOR_Y) * frame.height  # type: ignore[no-any-return]
