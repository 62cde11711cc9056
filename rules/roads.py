"""Which road a vehicle is on: no finding of its own, but the class and the limit that speeding goes by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.road_match import NO_ROAD, Before, MatchSettings, match
from rules.family import Batch, Setting, Table, Watch
from rules.finding import NO_FINDINGS
from rules.records import Layout, Records
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
        self._settings = match_settings(setting.book)
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
        entries, state = batch.entries, self._state.rows
        row = entries["row"]
        head = np.ones(len(row), np.bool_)
        head[1:] = row[1:] != row[:-1]
        known = state["table"][row] == self._digest
        before = Before(
            np.where(known, state["road"][row], NO_ROAD),
            np.where(known, state["rival"][row], NO_ROAD),
            np.where(known, state["times"][row], 0),
        )
        place = entries["longitude_deg"], entries["latitude_deg"]
        headed = _headed(entries, head, state["headed"][row])
        heading = np.where(headed, entries["heading_deg"], np.nan)
        found = match(roads, *place, heading, entries["speed_kmh"], head, before, self._settings)
        on = (found.road != NO_ROAD).nonzero()[0]
        entries["road_class"][on] = roads.road_class[found.road[on]]
        limit = roads.limit_kmh[found.road[on]]
        entries["road_limit_kmh"][on] = np.where(np.isnan(limit), np.inf, limit)
        tail = entries["tail"].nonzero()[0]
        state["table"][row[tail]] = self._digest
        state["headed"][row[tail]] = headed[tail]
        for name in ("road", "rival", "times"):
            state[name][row[tail]] = getattr(found, name)[tail]

    def open_findings(self) -> NDArray[np.void]:
        """None: being on a road is no episode."""
        return NO_FINDINGS


def _headed(
    entries: NDArray[np.void], head: NDArray[np.bool_], before: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Whether a vehicle's heading says something: a terminal that tells none sends 0, always."""
    place = np.arange(len(entries))
    newest = np.maximum.accumulate(np.where(entries["heading_deg"] > 0, place, -1))
    headed: NDArray[np.bool_] = before | (newest >= np.maximum.accumulate(np.where(head, place, 0)))
    return headed


@kept
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
