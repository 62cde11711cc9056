"""The zone rules: which zones each position is in, and what follows from it.

Boundary points are inside. Reports without a fix are passed over: they neither enter nor leave a zone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.zones import ZoneSet
from rules import presence, run_table, speed_runs
from rules.batch import Batch
from rules.change import EpisodeChange
from rules.finding import Finding
from rules.lane import Lane, every_fix
from rules.limits import ZONE
from rules.presence import Presences, zone_names
from rules.run_table import Watch
from rules.speed_runs import Over
from rules.zone_plan import FORBIDDEN, WHATS, make_plan

MAX_ZONES_AT_A_POINT = 8
"""Zones that count at one position; further ones, in the order of the zone file, are ignored and counted.

It bounds the state of a vehicle. Hand-made zones overlap two or three deep; eight leaves room.
"""

__all__ = ["Presences", "ZoneRules", "describe_zone", "make_plan", "open_changes", "step"]

RULE_SPEED = "zone_speed"


@dataclass(slots=True)
class ZoneRules:
    """Zones, the two tables of state over them, and how many pairs of report and zone were ignored."""

    zones: ZoneSet
    presences: Presences
    speed: Watch
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Inside:
    """m pairs of a report (lane position) and a zone it is in, in order of report and zone."""

    at: NDArray[np.int64]
    zone: NDArray[np.int64]

    def take(self, index: NDArray[np.bool_]) -> Inside:
        """Some of the pairs."""
        return Inside(self.at[index], self.zone[index])


def step(rules: ZoneRules, batch: Batch) -> list[Finding]:
    """Take the reports of a batch; tell which episodes opened, changed and closed."""
    here = rules.presences
    lane = every_fix(here.rulebook, here.vehicles.columns, batch)
    if not len(lane):
        return []
    inside = _inside(rules, lane)
    found = presence.step(here, lane, *_entries(rules, lane, inside))
    return found + speed_runs.step(rules.speed, lane, _over(rules, lane, inside))


def open_changes(rules: ZoneRules) -> list[EpisodeChange]:
    """The episodes that go on."""
    return presence.open_changes(rules.presences) + run_table.open_changes(rules.speed)


def _inside(rules: ZoneRules, lane: Lane) -> Inside:
    """Pairs that count: meant for the vehicle's class, and not too many at one position."""
    reports, plan = lane.batch.reports, rules.presences.plan
    at, zone = rules.zones.query(reports.longitude_deg[lane.at], reports.latitude_deg[lane.at])
    meant = plan.for_class[reports.vehicle_class[lane.at[at]], zone]
    inside = Inside(at[meant], zone[meant])
    if len(inside.at) <= MAX_ZONES_AT_A_POINT:
        return inside
    # The pair that many places before belongs to the same report: there are too many.
    extra = np.zeros(len(inside.at), bool)
    extra[MAX_ZONES_AT_A_POINT:] = inside.at[MAX_ZONES_AT_A_POINT:] == inside.at[:-MAX_ZONES_AT_A_POINT]
    if not extra.any():
        return inside
    rules.ignored += int(np.count_nonzero(extra))
    return inside.take(~extra)


def _entries(rules: ZoneRules, lane: Lane, inside: Inside) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Subject and lane position of every presence the pairs stand for, in order of vehicle and subject."""
    plan = rules.presences.plan
    subjects, positions = [], []
    for what in range(WHATS):
        pairs = inside.take(plan.asks[what, inside.zone])
        if what == FORBIDDEN and len(pairs.at):
            pairs = pairs.take(plan.in_hours(pairs.zone, lane.time_ms[pairs.at]))
        subjects.append(pairs.zone * WHATS + what)
        positions.append(pairs.at)
    subject, at = np.concatenate(subjects), np.concatenate(positions)
    order = np.lexsort((at, subject, lane.row[at]))
    return subject[order], at[order]


def _over(rules: ZoneRules, lane: Lane, inside: Inside) -> Over:
    """The pairs in which the speed is over the zone's limit."""
    speed_kmh = lane.batch.reports.speed_kmh[lane.at[inside.at]]
    limit_kmh = rules.presences.plan.limit_kmh[inside.zone]
    over = (speed_kmh > limit_kmh).nonzero()[0]
    over = over[np.lexsort((inside.at[over], inside.zone[over], lane.row[inside.at[over]]))]
    source = np.full(len(over), ZONE, np.uint8)
    return Over(inside.at[over], inside.zone[over], speed_kmh[over], limit_kmh[over], source)


def describe_zone(zones: ZoneSet) -> run_table.Describe:
    """How an alert of zone speed names its zone."""
    return lambda subject: (zones.zones[subject].id, zone_names(zones.zones[subject]))
