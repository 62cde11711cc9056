"""Which road a vehicle is on: no finding of its own, but the class and the limit that speeding goes by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.bits import prefetch
from geo.kept import kept
from geo.kernel import kernel
from geo.road_cells import cells_of
from geo.road_match import NO_ROAD, POSITION, TOGETHER, MatchSettings, match_positions
from geo.road_table import RoadTable
from rules.family import Batch, Setting, Table, Watch
from rules.finding import NO_FINDINGS
from rules.records import AHEAD, Layout, Records
from rules.rulebook import Rulebook
from rules.telling import Teller, Told

NAME = "roads"

LAYOUT: Layout = {
    "table": ("i8", 0),  # the road table that the indices are of; 0 is none
    "road": ("i4", NO_ROAD),
    "rival": ("i4", NO_ROAD),
    "times": ("i4", 0),
    "headed": ("?", False),  # it has told a heading that is not 0
}

_ASKS = np.dtype([("limit_kmh", "f8"), ("road_class", "u1")], align=True)
"""What a road asks, in one place of memory: no limit is inf."""


class RoadsFamily:
    """Matches reports to roads where a road table is given; must step before speeding."""

    name = NAME

    def watch(self, setting: Setting) -> Watch:
        """The family at work."""
        return RoadsWatch(setting)


FAMILY = RoadsFamily()


class RoadsWatch:
    """The road of every vehicle."""

    teller = Teller({}, lambda _: Told(0, {}))

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._state = Records(LAYOUT)
        self._weights = _weights(setting.book)
        self._positions = np.empty(TOGETHER, POSITION)
        roads = setting.zones.roads
        self._digest = 0 if roads is None else roads.digest

    @property
    def tables(self) -> Mapping[str, Table]:
        """What it remembers."""
        return {NAME: self._state}

    def step(self, batch: Batch) -> None:
        """Write road class and limit into the entries."""
        roads = self._setting.zones.roads
        if roads is None:
            return
        self._state.grow(len(self._setting.vehicles))
        map_of = cells_of(roads), _asks(roads), self._digest
        _step(batch.entries, self._state.rows, map_of, self._weights, self._positions)

    def open_findings(self) -> NDArray[np.void]:
        """None: being on a road is no episode."""
        return NO_FINDINGS


@kept
def _asks(roads: RoadTable) -> NDArray[np.void]:
    asks = np.zeros(len(roads), _ASKS)
    asks["limit_kmh"] = np.where(np.isnan(roads.limit_kmh), np.inf, roads.limit_kmh)
    asks["road_class"] = roads.road_class
    return asks


@kernel
def _step(entries: Any, state: Any, map_of: Any, weights: Any, positions: Any) -> None:
    """Entries are copied a group at a time: what is copied stays in the nearest cache."""
    cells, asks, table = map_of
    for first in range(0, len(entries), len(positions)):
        count = min(len(positions), len(entries) - first)
        _ask(entries[first : first + count], state, table, weights, positions)
        match_positions(cells, positions, count, weights)
        _answer(entries[first : first + count], state, asks, table, positions)


@kernel
def _ask(entries: Any, state: Any, table: int, weights: Any, positions: Any) -> None:
    """Where the vehicles are, and what is known of them: of indices into another table nothing."""
    last = len(entries) - 1
    for i in range(len(entries)):
        prefetch(state, entries[min(i + AHEAD, last)].row)
        e, p = entries[i], positions[i]
        vehicle = state[e.row]
        p.longitude_deg, p.latitude_deg, p.heading_deg = e.longitude_deg, e.latitude_deg, np.nan
        # A terminal that tells no heading sends 0, always.
        vehicle.headed = vehicle.headed or e.heading_deg > 0
        if vehicle.headed and e.speed_kmh >= weights[0].heading_from_kmh:
            p.heading_deg = e.heading_deg
        p.head = i == 0 or entries[i - 1].row != e.row
        p.road, p.rival, p.times = NO_ROAD, NO_ROAD, 0
        if vehicle.table == table:
            p.road, p.rival, p.times = vehicle.road, vehicle.rival, vehicle.times


@kernel
def _answer(entries: Any, state: Any, asks: Any, table: int, positions: Any) -> None:
    """What the roads found ask, and what is to be known of the vehicles."""
    for i in range(len(entries)):
        e, p = entries[i], positions[i]
        vehicle = state[e.row]
        vehicle.table, vehicle.road, vehicle.rival, vehicle.times = table, p.road, p.rival, p.times
        if p.road != NO_ROAD:
            e.road_class, e.road_limit_kmh = asks[p.road].road_class, asks[p.road].limit_kmh


@kept
def _weights(book: Rulebook) -> NDArray[np.void]:
    return match_settings(book).weights


def match_settings(book: Rulebook) -> MatchSettings:
    """How roads are weighed against each other, by the rulebook."""
    return MatchSettings(
        reach_m=book.road_reach_m,
        free_angle_deg=book.road_free_angle_deg,
        cost_a_degree_m=book.road_cost_a_degree_m,
        wrong_way_m=book.road_wrong_way_m,
        keep_m=book.road_keep_m,
        keep_reports=int(book.road_keep_reports),
        heading_from_kmh=book.road_heading_from_kmh,
    )
