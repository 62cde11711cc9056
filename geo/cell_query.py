"""Positions against the index of cells: the loop of `ZoneSet.query`.

Most positions are settled by their cell. For the others the edges in the cell are looked at; where rounding
could decide, the pair is marked, to be asked of shapely's exact predicate.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.bits import prefetch
from geo.cells import (
    ASK,
    EVEN,
    FINAL,
    KIND_BITS,
    KINDS,
    ODD,
    ROUND,
    UNSURE_SIDE,
    WHOLE,
    Frame,
    Index,
    anchor_x,
    anchor_y,
    rank_of,
    side_of,
)
from geo.circle import circle_holds
from geo.kernel import kernel

OUTSIDE, INSIDE, UNSURE = range(3)

STEP = 256
"""Positions looked at together: what they need from memory fits a quarter of the nearest cache."""


@kernel
def find_cells(x: Any, y: Any, begin: int, end: int, index: Any, todo: Any) -> int:
    """Write which of the positions from `begin` to `end` are in a cell that has something, and what it has;
    returns how many. Without branches that a processor would guess wrong."""
    frame, count = index.frame, 0
    for position in range(begin, end):
        column, row = (x[position] - frame.west) * frame.across, (y[position] - frame.south) * frame.up
        if column >= 0 and column < frame.columns and row >= 0 and row < frame.rows:  # never for NaN
            cell = np.int64(row) * frame.columns + np.int64(column)
            rank = rank_of(cell, index)
            todo[count, 0], todo[count, 1] = position, rank
            prefetch(index.contents, np.int64(min(rank, len(index.contents) - 1)))
            count += (index.filled[cell >> 6] >> (cell & 63)) & 1
    for one in range(count):
        content = index.contents[todo[one, 1]]
        todo[one, 1] = content
        prefetch(index.words, np.int64(max(content, 0)))
    for one in range(count):
        at = todo[one, 1]
        if at >= 0 and index.words[at] & KINDS in (EVEN, ODD):
            prefetch(index.vertices, 2 * np.int64(index.words[at + 1]))
    return count


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
            if here == UNSURE_SIDE or turn == UNSURE_SIDE or end == UNSURE_SIDE:
                odd |= 2
            if level and here != turn:
                odd ^= 1
            if upright and turn != end:
                odd ^= 1
    return odd, at


@kernel
def find_pairs(
    begin: int,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    frame: Any,
    contents: Any,
    todo: NDArray[np.int64],
    points: NDArray[np.int64],
    zones: NDArray[np.int64],
    ask: NDArray[np.int64],
) -> tuple[int, int, int]:
    """Write the pairs of position and zone from position `begin` on, in order of both, and which of them an
    exact predicate must decide. Returns the position it would look at next, which is the end unless the room
    for pairs may not suffice, and how many there are of each.

    In steps of as many positions as `todo` has room for: what one position needs from memory is loaded while
    the others are looked at. The index comes as two plain tuples, the frame and the rest of it: numba takes
    longer to look at a named one than a small batch takes.
    """
    index = Index(Frame(*frame), *contents)
    count, asked = 0, 0
    for first in range(begin, len(x), len(todo)):
        filled = find_cells(x, y, first, min(first + len(todo), len(x)), index, todo)
        for one in range(filled):
            position, at = todo[one]
            if count + index.most > len(points):
                return position, count, asked
            if at < 0:
                points[count], zones[count] = position, ~at
                count += 1
                continue
            final = False
            while not final:
                points[count], zones[count] = position, index.words[at] >> KIND_BITS
                final = index.words[at] & FINAL != 0
                where, at = where_is(x[position], y[position], at, index)
                if where == UNSURE:
                    ask[asked] = count
                    asked += 1
                if where != OUTSIDE:
                    count += 1
    return len(x), count, asked


@kernel
def where_is(x: float, y: float, at: int, index: Any) -> tuple[int, int]:
    """Where a position is as to the zone of the word at a place, and the place of the next zone's."""
    kind = index.words[at] & KINDS
    if kind == WHOLE:
        return INSIDE, at + 1
    if kind == ASK:
        return UNSURE, at + 2
    if kind == ROUND:
        circle = index.circles[index.words[at + 1]]
        return INSIDE if circle_holds(x, y, circle[0], circle[1], circle[2]) else OUTSIDE, at + 2
    frame = index.frame
    cell_x = anchor_x(np.int64((x - frame.west) * frame.across), frame)
    cell_y = anchor_y(np.int64((y - frame.south) * frame.up), frame)
    crossed, at = ways_crossed(x, y, cell_x, cell_y, at + 1, index)
    if crossed > 1:
        return UNSURE, at
    return INSIDE if (crossed == 1) != (kind == ODD) else OUTSIDE, at
