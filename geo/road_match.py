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

from geo.kernel import kernel
from geo.road_table import CELL_DEG, METRES_A_DEGREE, REACH_M, RoadTable, build

NO_ROAD = -1


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
        (table.cell_key, table.cell_start, table.cell_piece),
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
    )
    return found


def warm_up() -> None:
    """Load the compiled matching, or compile it."""
    nothing = np.empty(0, np.float64)
    match(build([]), nothing, nothing, nothing, nothing, np.empty(0, np.bool_), Before.nothing(0))


@kernel
def _match(cells: Any, pieces: Any, reports: Any, head: Any, before: Any, weights: Any, found: Any) -> None:
    key, start, entries = cells
    longitude, latitude, heading, speed = reports
    road, rival, times, offset_m = found
    last, other, count = NO_ROAD, NO_ROAD, 0
    for at in range(len(longitude)):
        if head[at]:
            last, other, count = before[0][at], before[1][at], before[2][at]
        best, best_m, kept_m, clear = NO_ROAD, np.nan, np.nan, True
        if abs(longitude[at]) <= 180.0 and abs(latitude[at]) <= 85.0:
            column, row = math.floor(longitude[at] / CELL_DEG), math.floor(latitude[at] / CELL_DEG)
            wanted = (row + (1 << 19)) << 20 | (column + (1 << 19))
            cell = np.searchsorted(key, wanted)
            if cell < len(key) and key[cell] == wanted:
                turned = heading[at] if speed[at] >= weights[6] else np.nan
                near = entries[start[cell] : start[cell + 1]]
                best, best_m, kept_m, clear = _choose(
                    near, pieces, longitude[at], latitude[at], turned, last, weights
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
