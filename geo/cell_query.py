"""Positions against the index of cells: the loop of `ZoneSet.query`.

Most positions are settled by their cell. For the others the edges in the cell are looked at; where rounding
could decide, the pair is marked, to be asked of shapely's exact predicate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.bits import popcount
from geo.cells import (
    ASK,
    KIND_BITS,
    KINDS,
    ODD,
    ROUND,
    UNSURE,
    WHOLE,
    anchor_x,
    anchor_y,
    side_of,
)
from geo.circle import circle_holds
from geo.kernel import kernel


@kernel
def find_cells(x: NDArray[np.float64], y: NDArray[np.float64], index: Any, cells: NDArray[np.int32]) -> int:
    """Write which of the filled cells each of n positions is in, -1 for none; returns how many words they
    have in all, which bounds the pairs."""
    frame, total = index.frame, 0
    for position in range(len(x)):
        column, row = (x[position] - frame.west) * frame.across, (y[position] - frame.south) * frame.up
        place = -1
        if column >= 0 and column < frame.columns and row >= 0 and row < frame.rows:  # never for NaN
            cell = np.int64(row) * frame.columns + np.int64(column)
            ahead = index.filled[cell >> 6] >> (cell & 63)
            if ahead & 1:
                passed = index.filled[cell >> 6] & ((np.int64(1) << (cell & 63)) - 1)
                place = index.before[cell >> 6] + popcount(passed)
                total += index.starts[place + 1] - index.starts[place]
        cells[position] = place
    return total


@kernel
def ways_crossed(x: float, y: float, cell_x: float, cell_y: float, at: int, index: Any) -> tuple[int, int]:
    """How often the way from a position to the anchor of its cell, first level, then upright, crosses the
    pieces of boundary at `words[at]`: 0 for an even number, 1 for an odd one, 2 or 3 where rounding could
    decide or the position lies on the boundary. And where the next words begin."""
    odd, more = 0, True
    while more:
        first, last = index.words[at], index.words[at + 1]
        at += 2
        more = last < 0
        if more:
            last = ~last
        x1, y1 = index.vertices[first, 0], index.vertices[first, 1]
        for vertex in range(first + 1, last + 2):
            x0, y0 = x1, y1
            x1, y1 = index.vertices[vertex, 0], index.vertices[vertex, 1]
            level, upright = (y0 > y) != (y1 > y), (x0 > cell_x) != (x1 > cell_x)
            near = min(y0, y1) <= y <= max(y0, y1) and min(x0, x1) <= x <= max(x0, x1)
            if not (level or upright or near):
                continue
            here = side_of(x, y, x0, y0, x1, y1) if level or near else 0
            turn = side_of(cell_x, y, x0, y0, x1, y1) if level or upright else 0
            end = side_of(cell_x, cell_y, x0, y0, x1, y1) if upright else 0
            if here == UNSURE or turn == UNSURE or end == UNSURE:
                odd |= 2
            if level and here != turn:
                odd ^= 1
            if upright and turn != end:
                odd ^= 1
    return odd, at


@kernel
def find_pairs(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    cells: NDArray[np.int32],
    index: Any,
    points: NDArray[np.int64],
    zones: NDArray[np.int64],
    ask: NDArray[np.int64],
) -> tuple[int, int]:
    """Write the pairs of position and zone, in order of both, and which of them an exact predicate must
    decide. Returns how many of each."""
    frame, count, asked = index.frame, 0, 0
    for position in range(len(x)):
        place = cells[position]
        if place < 0:
            continue
        at, end = index.starts[place], index.starts[place + 1]
        while at < end:
            kind = index.words[at] & KINDS
            points[count], zones[count] = position, index.words[at] >> KIND_BITS
            at += 1
            inside = True
            if kind == ROUND:
                circle = index.circles[index.words[at]]
                inside = circle_holds(x[position], y[position], circle[0], circle[1], circle[2])
                at += 1
            elif kind == ASK:
                ask[asked] = count
                asked += 1
            elif kind != WHOLE:
                cell_x = anchor_x(np.int64((x[position] - frame.west) * frame.across), frame)
                cell_y = anchor_y(np.int64((y[position] - frame.south) * frame.up), frame)
                odd, at = ways_crossed(x[position], y[position], cell_x, cell_y, at, index)
                inside = (odd & 1 == 1) != (kind == ODD)
                if odd > 1:
                    inside = True
                    ask[asked] = count
                    asked += 1
            if inside:
                count += 1
    return count, asked
