"""What a cell of a road table sees of its roads: straight stretches, rounded to 16 bytes.

The table cuts lines into pieces of a cell's length at most, so that a straight road is three to most cells it
passes. Here they are one stretch again, its ends counted from the middle of the cell. What rounding does to
distances and directions is bounded, so that whoever compares them knows when it could matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geo.road_table import CELL_DEG, METRES_A_DEGREE, RoadError, RoadTable

UNITS = 8192
"""Parts of a cell's side that ends are counted in, 3.4 cm: 16 bits reach four cells from a cell's middle.
Nothing a cell lists is farther off: half a cell, a piece's own length (one cell at most), and the reach of
60 m, which is 2.5 cells at 85 degrees of latitude and a quarter of one at the equator."""

UNIT_M = CELL_DEG / UNITS * METRES_A_DEGREE
"""To the north; to the east times the cosine of the latitude in the middle of the cell."""

TURN_DEG = 360.0 / (1 << 16)
"""What directions are counted in."""

ROUNDED_M = 0.05
"""How far a distance of up to 60 m from a stretch can be off. Its ends move by half a unit each way, 2.4 cm
in all, and a distance by no more; the cosine of the latitude differs within a cell by 2.2e-5 times its
tangent, 1.5 cm in 60 m at 85 degrees; the joints of the pieces lie within 1 mm of the stretch."""

ROUNDED_DEG = 0.011
"""How far a direction can be off: half a unit, and up to 0.0025 degrees for each piece after the first, as
the meridians converge by a cell's side at most."""

STRETCH = np.dtype(
    [
        ("x0", "i2"), ("y0", "i2"), ("x1", "i2"), ("y1", "i2"),  # the ends, from the middle of the cell
        ("road", "i4"),
        ("bearing", "u2"),
        ("oneway", "?"),
    ],
    align=True,
)  # fmt: skip
"""Four of them are a line of the cache."""

_MOST_PIECES = 4
_SAME_DEG = 1e-11  # coordinates of pieces of one straight line differ by less, as floating point has it


def stretches(table: RoadTable) -> tuple[NDArray[np.void], NDArray[np.int32]]:
    """All that the cells see, cell by cell and road by road, and where those of each cell begin (and the last
    one's end).

    Raises
    ------
    RoadError
        A cell lists a piece that is too far from it, or not in order: the table was not made by
        `geo.road_table.build`.
    """
    piece, size = table.cell_piece, np.diff(table.cell_start)
    cell = np.repeat(np.arange(len(size)), size)
    begins = np.ones(len(piece), np.bool_)
    begins[1:] = (cell[1:] != cell[:-1]) | ~_goes_on(table)[piece[1:] - 1] | (piece[1:] != piece[:-1] + 1)
    run = begins.nonzero()[0]
    place = np.arange(len(piece))
    begins |= (place - np.repeat(run, np.diff(np.append(run, len(piece))))) % _MOST_PIECES == 0
    first = begins.nonzero()[0]
    last = np.append(first, len(piece))[1:] - 1
    seen = _rounded(table, table.cell_key[cell[first]], piece[first], piece[last])
    same_cell = cell[first][1:] == cell[first][:-1]
    if (np.diff(seen["road"])[same_cell] < 0).any():
        raise RoadError("no road table of this program; import the roads again")
    start = np.searchsorted(first, table.cell_start).astype(np.int32)
    return seen, start


def _goes_on(table: RoadTable) -> NDArray[np.bool_]:
    """Whether the piece after each goes on straight, on the same road: the line was cut there."""
    ends, bearing = table.piece_ends_deg, table.piece_bearing_deg
    goes_on = np.zeros(len(ends), np.bool_)
    step = ends[:, 2:] - ends[:, :2]
    turn = np.abs((np.diff(bearing) + 180.0) % 360.0 - 180.0)
    goes_on[:-1] = (
        (np.diff(table.piece_road) == 0)
        & (np.abs(ends[1:, :2] - ends[:-1, 2:]) < _SAME_DEG).all(axis=1)
        & (np.abs(np.diff(step, axis=0)) < _SAME_DEG).all(axis=1)
        & (turn <= CELL_DEG)
    )
    return goes_on


def _rounded(
    table: RoadTable, key: NDArray[np.int64], first: NDArray[np.int32], last: NDArray[np.int32]
) -> NDArray[np.void]:
    """Stretches from the begin of some pieces to the end of others, as seen from cells."""
    seen = np.zeros(len(key), STRETCH)
    middle_deg = cell_middle_deg(key)
    for at, name in enumerate(("x0", "y0", "x1", "y1")):
        end_deg = table.piece_ends_deg[first if at < 2 else last, at]
        units = np.rint((end_deg - middle_deg[at % 2]) / CELL_DEG * UNITS)
        if not (np.abs(units) < 1 << 15).all():
            raise RoadError("no road table of this program; import the roads again")
        seen[name] = units
    seen["road"] = table.piece_road[first]
    seen["bearing"] = np.rint(table.piece_bearing_deg[first] / TURN_DEG).astype(np.int64) % (1 << 16)
    seen["oneway"] = table.oneway[seen["road"]]
    return seen


def cell_middle_deg(key: NDArray[np.int64]) -> NDArray[np.float64]:
    """Longitudes and latitudes of the middles of cells (see `geo.road_table.cell_keys`), (2, n)."""
    number = np.stack([key & 0xFFFFF, key >> 20]) - (1 << 19)
    middle_deg: NDArray[np.float64] = (number + 0.5) * CELL_DEG
    return middle_deg
