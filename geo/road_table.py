"""Roads as columns: lines cut into short pieces, and a grid that knows which pieces are near a place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geo.distance import EARTH_RADIUS_M, bearing_deg
from geo.kept import kept

#: Side of a grid cell in degrees: about 250 m, so that a cell holds some ten pieces in a town. A place looks
#: at one cell only.
CELL_DEG = 0.0025
#: How far from a road a place can be and still be matched to it, in metres: pieces are listed in every cell
#: they come this near to. Wider than two carriageways and the error of a position among buildings.
REACH_M = 60.0
METRES_A_DEGREE = math.radians(1.0) * EARTH_RADIUS_M
MAX_LATITUDE_DEG = 85.0  # beyond this a degree of longitude is too short for the grid, and there are no roads


class RoadError(ValueError):
    """A road table, or the file it is made from, is not usable: whoever wrote it is to correct it."""

    exit_code = 2  # what a command ends with that was asked to use it


@dataclass(frozen=True, slots=True)
class Road:
    """One road to put into a table: `line` is (m, 2) degrees WGS-84 in the direction of travel."""

    id: str
    name: str
    road_class: int
    limit_kmh: float
    oneway: bool
    line: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RoadTable:
    """n roads, and their m pieces by grid cell.

    `road_id`, `name` (texts), `road_class` (u1, see `geo.road_class`), `limit_kmh` (f8, NaN where none is
    posted) and `oneway` have one entry a road. The pieces' ends, their direction and road are columns of m;
    the entries of cell `cell_key[c]` are `cell_piece[cell_start[c] : cell_start[c + 1]]`.
    """

    road_id: NDArray[np.str_]
    name: NDArray[np.str_]
    road_class: NDArray[np.uint8]
    limit_kmh: NDArray[np.float64]
    oneway: NDArray[np.bool_]
    piece_ends_deg: NDArray[np.float64]  # (m, 4): longitude, latitude of one end, then of the other
    piece_bearing_deg: NDArray[np.float64]
    piece_road: NDArray[np.int32]
    cell_key: NDArray[np.int64]
    cell_start: NDArray[np.int32]
    cell_piece: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.road_id)

    @property
    def digest(self) -> int:
        """A number that another set of roads does not have; never 0."""
        return _digest(self.piece_ends_deg, self.piece_road)

    def save(self, path: str | Path) -> None:
        """Write the table as one .npz file; `load` reads it in a fraction of the time of the source."""
        with Path(path).open("wb") as file:
            np.savez_compressed(file, **{each.name: getattr(self, each.name) for each in fields(self)})

    @classmethod
    def load(cls, path: str | Path) -> RoadTable:
        """Read what `save` wrote.

        Raises
        ------
        RoadError
            The file cannot be read or is no road table.
        """
        try:
            with np.load(path, allow_pickle=False) as stored:
                return cls(**{each.name: stored[each.name] for each in fields(cls)})
        except OSError as error:
            raise RoadError(f"roads {path}: cannot be read: {error.strerror or error}") from error
        except (KeyError, ValueError) as error:
            raise RoadError(f"roads {path}: no road table of this program; import the roads again") from error


@kept
def _digest(ends: NDArray[np.float64], road: NDArray[np.int32]) -> int:
    content = blake2b(ends.tobytes(), digest_size=8)
    content.update(road.tobytes())
    return int.from_bytes(content.digest(), signed=True) or 1


def build(roads: Sequence[Road]) -> RoadTable:
    """The table of some roads, maybe none.

    Raises
    ------
    RoadError
        A line has fewer than two points, or a point that is no place.
    """
    for road in roads:
        check(road)
    ends, owner = _pieces(roads)
    bearing = bearing_deg(ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3])
    key, start, piece = _grid(ends)
    return RoadTable(
        road_id=np.array([road.id for road in roads], np.str_),
        name=np.array([road.name for road in roads], np.str_),
        road_class=np.array([road.road_class for road in roads], np.uint8),
        limit_kmh=np.array([road.limit_kmh for road in roads], np.float64),
        oneway=np.array([road.oneway for road in roads], np.bool_),
        piece_ends_deg=ends,
        piece_bearing_deg=bearing,
        piece_road=owner,
        cell_key=key,
        cell_start=start,
        cell_piece=piece,
    )


def check(road: Road) -> None:
    """Whether a table can hold a road.

    Raises
    ------
    RoadError
        Says what is wrong with its line.
    """
    line = road.line
    if line.ndim != 2 or line.shape[1] != 2 or len(line) < 2:
        raise RoadError(f"road {road.id!r}: a line needs at least two points of longitude and latitude")
    if not (np.abs(line[:, 0]) <= 180).all() or not (np.abs(line[:, 1]) <= MAX_LATITUDE_DEG).all():
        raise RoadError(f"road {road.id!r}: longitude must be within 180, latitude within 85 degrees")
    if (line == line[0]).all():
        raise RoadError(f"road {road.id!r}: all points of the line are one place")


def _pieces(roads: Sequence[Road]) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Pieces no longer than a cell, and the road of each."""
    if not roads:
        return np.empty((0, 4)), np.empty(0, np.int32)
    one = np.concatenate([road.line[:-1] for road in roads])
    other = np.concatenate([road.line[1:] for road in roads])
    owner = np.repeat(np.arange(len(roads), dtype=np.int32), [len(road.line) - 1 for road in roads])
    apart = (one != other).any(axis=1)
    one, other, owner = one[apart], other[apart], owner[apart]
    count = np.ceil(np.abs(other - one).max(axis=1) / CELL_DEG).astype(np.int64).clip(1)
    index = np.repeat(np.arange(len(one)), count)
    part = np.arange(len(index)) - np.repeat(count.cumsum() - count, count)
    step = (other - one)[index] / count[index, None]
    begin = one[index] + step * part[:, None]
    return np.concatenate([begin, begin + step], axis=1), owner[index]


def _grid(ends: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Cell keys in order, where the entries of each begin, and the pieces."""
    low, high = np.minimum(ends[:, :2], ends[:, 2:]), np.maximum(ends[:, :2], ends[:, 2:])
    reach_north = REACH_M / METRES_A_DEGREE
    reach_east = reach_north / np.cos(np.radians(np.abs(ends[:, [1, 3]]).max(axis=1, initial=0) + CELL_DEG))
    reach = np.stack([reach_east, np.full(len(ends), reach_north)], axis=1)
    first = np.floor((low - reach) / CELL_DEG).astype(np.int64)
    size = np.floor((high + reach) / CELL_DEG).astype(np.int64) - first + 1
    count = size.prod(axis=1)
    piece = np.repeat(np.arange(len(ends), dtype=np.int32), count)
    part = np.arange(len(piece)) - np.repeat(count.cumsum() - count, count)
    column = first[piece, 0] + part % size[piece, 0]
    row = first[piece, 1] + part // size[piece, 0]
    key = cell_keys(column, row)
    order = np.lexsort((piece, key))
    keys, start = np.unique(key[order], return_index=True)
    return keys, np.append(start, len(order)).astype(np.int32), piece[order]


def cell_keys(column: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """One number for a cell: columns and rows fit 20 bits each."""
    keys: NDArray[np.int64] = (row + (1 << 19)) << 20 | (column + (1 << 19))
    return keys
