"""Road matching: which road a vehicle is on, report by report.

The nearest road whose direction fits, and the one it was on as long as that is not clearly worse: parallel
roads, ramps and crossings do not flap.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from geo.road_cells import Cells, cells_of, look_up
from geo.road_choice import choose, estimate
from geo.road_table import REACH_M, RoadTable, build

NO_ROAD = -1

POSITION = np.dtype(
    [
        ("longitude_deg", "f8"),
        ("latitude_deg", "f8"),
        ("heading_deg", "f8"),  # NaN: says nothing
        ("east", "f8"),  # within the cell, see `geo.road_cells`
        ("north", "f8"),
        ("cell", "i8"),
        ("road", "i4"),  # before: where it is the first of a vehicle; then what is found
        ("rival", "i4"),
        ("times", "i4"),
        ("head", "?"),  # the first of a vehicle
    ],
    align=True,
)
"""What `match_positions` takes and gives."""

TOGETHER = 64
"""Positions that are looked up together: enough to wait for memory at once, and what they ask for fits the
nearest cache. 32 to 256 differ by a tenth."""


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
        if self.keep_reports < 1:
            raise ValueError(f"keep_reports must be at least 1, not {self.keep_reports!r}")
        for each in fields(self):
            value = getattr(self, each.name)
            if not 0.0 <= value < math.inf:
                raise ValueError(f"{each.name} must be a number from 0 on, not {value!r}")

    @property
    def weights(self) -> NDArray[np.void]:
        """The same as a record, as kernels take it."""
        return np.array([astuple(self)], [(each.name, "f8") for each in fields(self)])


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
    turned = np.where(np.asarray(speed_kmh) >= settings.heading_from_kmh, heading_deg, np.nan)
    road, rival, times = (np.empty(count, np.int32) for _ in range(3))
    found = Matched(road, rival, times, np.empty(count, np.float64))
    _match(
        cells_of(table),
        tuple(np.ascontiguousarray(part, np.float64) for part in (longitude_deg, latitude_deg, turned)),
        np.ascontiguousarray(head, np.bool_),
        tuple(np.ascontiguousarray(part, np.int32) for part in (before.road, before.rival, before.times)),
        settings.weights,
        np.empty(TOGETHER, POSITION),
        (found.road, found.rival, found.times, found.offset_m),
    )
    return found


def warm_up() -> None:
    """Load the compiled matching, or compile it."""
    nothing = np.empty(0, np.float64)
    match(build([]), nothing, nothing, nothing, nothing, np.empty(0, np.bool_), Before.nothing(0))


@kernel
def _match(
    cells: Cells, places: Any, head: Any, before: Any, weights: Any, positions: Any, found: Any
) -> None:
    road, rival, times, offset_m = found
    for first in range(0, len(head), len(positions)):
        count = min(len(positions), len(head) - first)
        for i in range(count):
            p, at = positions[i], first + i
            p.longitude_deg, p.latitude_deg, p.heading_deg = places[0][at], places[1][at], places[2][at]
            p.head = i == 0 or head[at]
            if head[at]:
                p.road, p.rival, p.times = before[0][at], before[1][at], before[2][at]
            elif at == 0:
                p.road, p.rival, p.times = NO_ROAD, NO_ROAD, 0
            elif i == 0:
                p.road, p.rival, p.times = road[at - 1], rival[at - 1], times[at - 1]
        match_positions(cells, positions, count, weights)
        for i in range(count):
            p, at = positions[i], first + i
            road[at], rival[at], times[at] = p.road, p.rival, p.times
            offset_m[at] = math.nan if p.road == NO_ROAD else choose(cells, p, p.road, weights[0])[2]


@kernel
def match_positions(cells: Cells, positions: Any, count: int, weights: Any) -> None:
    """Find the roads of the first `count` of some positions (`POSITION`), the first of which is a head.

    `cells` are those of `cells_of`, `weights` those of `MatchSettings`. Places, headings and heads are read,
    and of heads what was known of the vehicle; road, rival and times of each are written.
    """
    look_up(cells, positions, count)
    last, other, times = NO_ROAD, NO_ROAD, 0
    for i in range(count):
        p = positions[i]
        if p.head:
            last, other, times = p.road, p.rival, p.times
        sure, best, here, clear = estimate(cells, p, last, weights[0])
        if not sure:  # one in a thousand
            best, _, here_m, clear = choose(cells, p, last, weights[0])
            here = not math.isnan(here_m)
        # Another road is believed at once where the last one is out of reach, else after some reports.
        if best == last or not clear:
            other, times = NO_ROAD, 0
        else:
            times = times + 1 if best == other else 1
            other = best
        if not here or times >= weights[0].keep_reports:
            last, other, times = best, NO_ROAD, 0
        p.road, p.rival, p.times = last, other, times
