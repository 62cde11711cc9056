"""Road matching: which road a vehicle is on, report by report.

The nearest road whose direction fits, and the one it was on as long as that is not clearly worse: parallel
roads, ramps and crossings do not flap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.bits import prefetch
from geo.kept import kept
from geo.kernel import inlined, kernel
from geo.road_table import CELL_DEG, METRES_A_DEGREE, REACH_M, RoadTable, build

NO_ROAD = -1

_GROUP = 128  # positions looked up together: what they ask for fits the nearest cache
_EMPTY = -1  # no cell has this key
_SPREAD = 0x9E3779B97F4A7C15


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """How roads are weighed against each other. A cost is a distance in metres and what is added to it.

    Attributes
    ----------
    reach_m : a road farther away than this is none; at most `REACH_M`
    free_angle_deg : a heading off by this much costs nothing
    cost_a_degree_m : each degree more costs as much as this distance
    wrong_way_m : driving against a one-way road costs as much as this distance
    keep_m : another road must be better by this much
    keep_reports : in so many reports one after the other before the vehicle is said to have changed to it
    heading_from_kmh : below this speed a heading says nothing
    """

    reach_m: float = 50.0
    free_angle_deg: float = 20.0
    cost_a_degree_m: float = 1.0
    wrong_way_m: float = 60.0
    keep_m: float = 15.0
    keep_reports: int = 2
    heading_from_kmh: float = 5.0

    def __post_init__(self) -> None:
        if not 0.0 < self.reach_m <= REACH_M:
            raise ValueError(f"reach_m must be above 0 and at most {REACH_M:g}, not {self.reach_m!r}")


@dataclass(frozen=True, slots=True)
class Matched:
    """n positions on roads.

    `road` is an index into the table, -1 where none is near, `offset_m` the distance from it. `rival` is the
    road that seems better and is not yet believed, `times` in how many reports in a row it did: together with
    `road` of a vehicle's last position they are what `Before` takes.
    """

    road: NDArray[np.int32]
    rival: NDArray[np.int32]
    times: NDArray[np.int32]
    offset_m: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of the vehicle of each of n positions from before; looked at where `head` is true."""

    road: NDArray[np.int32]
    rival: NDArray[np.int32]
    times: NDArray[np.int32]

    @classmethod
    def nothing(cls, count: int) -> Before:
        """For vehicles never seen before."""
        none = np.full(count, NO_ROAD, np.int32)
        return cls(none, none, np.zeros(count, np.int32))


def match(
    table: RoadTable,
    longitude_deg: NDArray[np.float64],
    latitude_deg: NDArray[np.float64],
    heading_deg: NDArray[np.float64],
    speed_kmh: NDArray[np.float64],
    head: NDArray[np.bool_],
    before: Before,
    settings: MatchSettings = MatchSettings(),
) -> Matched:
    """The road of each of n positions.

    Parameters
    ----------
    longitude_deg, latitude_deg : shape (n,), degrees, WGS-84; NaN is on no road
    heading_deg : shape (n,), degrees clockwise from north
    speed_kmh : shape (n,)
    head : shape (n,), where the positions of another vehicle begin; each vehicle's are in order of time
    before : of shape (n,)
    """
    count = len(longitude_deg)
    road, rival, times = (np.empty(count, np.int32) for _ in range(3))
    found = Matched(road, rival, times, np.empty(count, np.float64))
    weights = np.array(
        [
            settings.reach_m,
            settings.free_angle_deg,
            settings.cost_a_degree_m,
            settings.wrong_way_m,
            settings.keep_m,
            settings.keep_reports,
            settings.heading_from_kmh,
        ]
    )
    _match(
        (_hashed(table.cell_key, table.cell_start), table.cell_piece),
        (table.piece_ends_deg, table.piece_bearing_deg, table.piece_road, table.oneway),
        (
            np.ascontiguousarray(longitude_deg, np.float64),
            np.ascontiguousarray(latitude_deg, np.float64),
            np.ascontiguousarray(heading_deg, np.float64),
            np.ascontiguousarray(speed_kmh, np.float64),
        ),
        np.ascontiguousarray(head, np.bool_),
        tuple(np.ascontiguousarray(part, np.int32) for part in (before.road, before.rival, before.times)),
        weights,
        (found.road, found.rival, found.times, found.offset_m),
        np.empty((_GROUP, 2), np.int64),
    )
    return found


def warm_up() -> None:
    """Load the compiled matching, or compile it."""
    nothing = np.empty(0, np.float64)
    match(build([]), nothing, nothing, nothing, nothing, np.empty(0, np.bool_), Before.nothing(0))


@kept
def _hashed(cell_key: NDArray[np.int64], cell_start: NDArray[np.int32]) -> NDArray[np.int64]:
    """The cells as an open-addressing hash table, a power of two and at most half full: key, first entry and
    end of each cell in one line of the cache. An empty place has the key `_EMPTY`."""
    table = np.zeros((1 << max(1, (2 * len(cell_key)).bit_length()), 4), np.int64)
    table[:, 0] = _EMPTY
    _hash(cell_key, cell_start, table)
    return table


@kernel
def _hash(cell_key: Any, cell_start: Any, table: Any) -> None:
    mask = len(table) - 1
    for cell in range(len(cell_key)):
        place = _place_of(cell_key[cell], mask)
        while table[place, 0] != _EMPTY:
            place = (place + 1) & mask
        table[place, 0] = cell_key[cell]
        table[place, 1], table[place, 2] = cell_start[cell], cell_start[cell + 1]


@inlined
def _place_of(key: int, mask: int) -> int:
    """Where a cell is looked for first: neighbours in a column of cells land far apart."""
    return np.int64((np.uint64(key) * np.uint64(_SPREAD)) >> np.uint64(32)) & mask  # type: ignore[return-value]


@kernel
def _match(
    cells: Any, pieces: Any, reports: Any, head: Any, before: Any, weights: Any, found: Any, spans: Any
) -> None:
    longitude, latitude, heading, speed = reports
    road, rival, times, offset_m = found
    last, other, count = NO_ROAD, NO_ROAD, 0
    for at in range(len(longitude)):
        if at % _GROUP == 0:
            _look_up(at, cells, pieces, longitude, latitude, spans)
        if head[at]:
            last, other, count = before[0][at], before[1][at], before[2][at]
        best, best_m, kept_m, clear = NO_ROAD, np.nan, np.nan, True
        begin, end = spans[at % _GROUP]
        if begin < end:
            turned = heading[at] if speed[at] >= weights[6] else np.nan
            best, best_m, kept_m, clear = _choose(
                cells[1][begin:end], pieces, longitude[at], latitude[at], turned, last, weights
            )
        # Another road is believed at once where the last one is out of reach, else after some reports.
        if best == last or not clear:
            other, count = NO_ROAD, 0
        else:
            count = count + 1 if best == other else 1
            other = best
        if math.isnan(kept_m) or count >= weights[5]:
            last, kept_m, other, count = best, best_m, NO_ROAD, 0
        road[at], rival[at], times[at], offset_m[at] = last, other, count, kept_m


@kernel
def _look_up(first: int, cells: Any, pieces: Any, longitude: Any, latitude: Any, spans: Any) -> None:
    """The entries of the cells of the positions from `first` on, as many as there is room for.

    A map does not fit into a cache, and each position is elsewhere: what many of them need is asked for
    before the first of them is looked at, so that they wait for memory together.
    """
    table, entries = cells
    ends, bearing, owner, _ = pieces
    mask = len(table) - 1
    size = min(len(spans), len(longitude) - first)
    for i in range(size):
        spans[i, 0] = _EMPTY
        x, y = longitude[first + i], latitude[first + i]
        if abs(x) <= 180.0 and abs(y) <= 85.0:
            column, row = math.floor(x / CELL_DEG), math.floor(y / CELL_DEG)
            spans[i, 0] = (row + (1 << 19)) << 20 | (column + (1 << 19))
            prefetch(table, 4 * _place_of(spans[i, 0], mask))
    for i in range(size):
        key = spans[i, 0]
        spans[i] = 0
        if key != _EMPTY:
            place = _place_of(key, mask)
            while table[place, 0] != _EMPTY and table[place, 0] != key:
                place = (place + 1) & mask
            if table[place, 0] == key:
                spans[i, 0], spans[i, 1] = table[place, 1], table[place, 2]
                prefetch(entries, spans[i, 0])
    for i in range(size):
        if spans[i, 0] < spans[i, 1]:
            piece = np.int64(entries[spans[i, 0]])  # the others lie beside it as a rule
            prefetch(ends, 4 * piece)
            prefetch(bearing, piece)
            prefetch(owner, piece)


@kernel
def _choose(
    near: Any, pieces: Any, east: float, north: float, heading: float, last: int, weights: Any
) -> tuple[int, float, float, bool]:
    """The best road near a place and its distance; that of the last one (NaN: out of reach); and whether the
    best is clearly better than the last."""
    ends, bearing, owner, oneway = pieces
    best, best_cost, best_m = NO_ROAD, np.inf, np.nan
    last_cost, last_m = np.inf, np.nan
    for piece in near:
        distance = _distance_m(ends, piece, east, north)
        if distance > weights[0]:
            continue
        cost = distance + _turn_cost_m(bearing[piece], heading, oneway[owner[piece]], weights)
        if cost < best_cost:
            best, best_cost, best_m = owner[piece], cost, distance
        if owner[piece] == last and cost < last_cost:
            last_cost, last_m = cost, distance
    return best, best_m, last_m, last_cost > best_cost + weights[4]


@kernel
def _distance_m(ends: Any, piece: int, east: float, north: float) -> Any:
    """Distance of a place from a short piece, on the plane that touches the sphere at the place."""
    narrow = math.cos(math.radians(north)) * METRES_A_DEGREE
    x0, y0 = (ends[piece, 0] - east) * narrow, (ends[piece, 1] - north) * METRES_A_DEGREE
    x1, y1 = (ends[piece, 2] - east) * narrow, (ends[piece, 3] - north) * METRES_A_DEGREE
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    part = 0.0 if length == 0.0 else min(1.0, max(0.0, -(x0 * dx + y0 * dy) / length))
    return math.hypot(x0 + part * dx, y0 + part * dy)


@kernel
def _turn_cost_m(bearing: float, heading: float, oneway: bool, weights: Any) -> Any:
    """What a heading that differs from the road's direction costs."""
    if math.isnan(heading):
        return 0.0
    turn = abs(heading - bearing) % 360.0
    turn = min(turn, 360.0 - turn)
    wrong = 0.0
    if turn > 90.0:
        turn = 180.0 - turn
        if oneway:
            wrong = weights[3]
    return wrong + max(0.0, turn - weights[1]) * weights[2]
