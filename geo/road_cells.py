"""The cells of a road table as a search wants them: one line of memory says where a cell's stretches of road
are, the next one holds them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.bits import prefetch
from geo.kept import kept
from geo.kernel import inlined, kernel
from geo.road_stretch import UNIT_M, UNITS, cell_middle_deg, stretches
from geo.road_table import CELL_DEG, MAX_LATITUDE_DEG, RoadTable

_CELL = np.dtype(
    [
        ("key", "i8"),
        ("begin", "i4"),  # of its stretches
        ("end", "i4"),
        ("first", "i4"),  # of its pieces
        ("last", "i4"),
        ("unit_m", "f8"),  # to the east
    ]
)
_EMPTY = -1  # no cell has this key
_SPREAD = 0x9E3779B97F4A7C15
_LINE_BYTES = 64


class Cells(NamedTuple):
    """What a search looks into.

    `place` is an open-addressing hash table of cells, a power of two and at most half full; an empty place
    has the key `_EMPTY`. A cell's stretches are `near[begin:end]`, the pieces they are made of
    `piece[first:last]`. What follows are columns of the road table.
    """

    place: NDArray[np.void]
    near: NDArray[np.void]
    piece: NDArray[np.int32]
    ends_deg: NDArray[np.float64]
    bearing_deg: NDArray[np.float64]
    road: NDArray[np.int32]
    oneway: NDArray[np.bool_]


@kept
def cells_of(table: RoadTable) -> Cells:
    """The cells of a table; takes a fifth of what building the table took.

    Raises
    ------
    RoadError
        The table was not made by `geo.road_table.build`.
    """
    near, start = stretches(table)
    unit_m = UNIT_M * np.cos(np.radians(cell_middle_deg(table.cell_key)[1]))
    place = _in_lines(1 << max(1, (2 * len(table.cell_key)).bit_length()), _CELL)
    place["key"] = _EMPTY
    _hash(table.cell_key, start, table.cell_start, unit_m, place)
    pieces = table.piece_ends_deg, table.piece_bearing_deg, table.piece_road
    return Cells(place, near, table.cell_piece, *pieces, table.oneway)


def _in_lines(count: int, kind: np.dtype[np.void]) -> NDArray[np.void]:
    """Records of a size that divides a line of the cache, none of which lies across two."""
    store = np.zeros(count * kind.itemsize + _LINE_BYTES, np.uint8)
    begin = -store.ctypes.data % _LINE_BYTES
    return store[begin : begin + count * kind.itemsize].view(kind)


@kernel
def _hash(key: Any, start: Any, piece_start: Any, unit_m: Any, place: Any) -> None:
    mask = len(place) - 1
    for cell in range(len(key)):
        at = _first_place(key[cell], mask)
        while place[at].key != _EMPTY:
            at = (at + 1) & mask
        place[at].key, place[at].unit_m = key[cell], unit_m[cell]
        place[at].begin, place[at].end = start[cell], start[cell + 1]
        place[at].first, place[at].last = piece_start[cell], piece_start[cell + 1]


@inlined
def _first_place(key: int, mask: int) -> int:
    """Where a cell is looked for first: neighbours in a column of cells land far apart."""
    return np.int64((np.uint64(key) * np.uint64(_SPREAD)) >> np.uint64(32)) & mask  # type: ignore[return-value]


@kernel
def look_up(cells: Any, positions: Any, count: int) -> None:
    """Find the cells of `count` positions: `cell`, the index of its place (-1: no road is near), and where in
    it the position is.

    A map does not fit into a cache, and each position is elsewhere: what many of them need is asked for
    before the first of them is looked at, so that they wait for memory together.
    """
    mask = len(cells.place) - 1
    for i in range(count):
        p = positions[i]
        p.cell = _EMPTY
        if abs(p.longitude_deg) <= 180.0 and abs(p.latitude_deg) <= MAX_LATITUDE_DEG:
            east, north = p.longitude_deg / CELL_DEG, p.latitude_deg / CELL_DEG
            column, row = math.floor(east), math.floor(north)
            p.cell = (row + (1 << 19)) << 20 | (column + (1 << 19))
            p.east, p.north = (east - column - 0.5) * UNITS, (north - row - 0.5) * UNITS
            prefetch(cells.place, _first_place(p.cell, mask))
    for i in range(count):
        p = positions[i]
        key = p.cell
        if key == _EMPTY:
            continue
        p.cell = _first_place(key, mask)
        while cells.place[p.cell].key != key and cells.place[p.cell].key != _EMPTY:
            p.cell = (p.cell + 1) & mask
        if cells.place[p.cell].key == _EMPTY:
            p.cell = _EMPTY
        else:
            prefetch(cells.near, cells.place[p.cell].begin)
            prefetch(cells.near, cells.place[p.cell].end - 1)
