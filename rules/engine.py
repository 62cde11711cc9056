"""The engine: the state of one partition, fed with reports, telling changes of episodes.

It knows no wall clock, no randomness and no I/O. For reports that come in the order of each vehicle's time,
the changes of a vehicle are the same for any cut of the stream into batches.
"""

from __future__ import annotations

from collections import Counter

from geo.zones import ZoneSet
from rules import continuous_driving, run_table, snapshot, speeding, zones
from rules.arrange import arrange
from rules.batch import make_batch, remember
from rules.change import Disposition, EpisodeChange, Outcome
from rules.finding import Finding
from rules.reports import Reports
from rules.rulebook import Rulebook
from rules.snapshot import SnapshotError, State

__all__ = ["Disposition", "Engine", "EpisodeChange", "Outcome", "SnapshotError"]


class Engine:
    """State of one partition.

    Attributes
    ----------
    refused : Counter of str
        How many reports were set aside as impossible, by reason, since this engine was made.
    """

    def __init__(self, rulebook: Rulebook, zones: ZoneSet, state: State | None = None) -> None:
        self.rulebook = rulebook
        self.refused: Counter[str] = Counter()
        self._state = state or snapshot.new_state(zones)
        state = self._state
        self._speeding = speeding.watch(rulebook, state.vehicles, state.speeding)
        self._zones = _zone_rules(rulebook, state)

    @property
    def vehicles(self) -> int:
        """Number of vehicles known."""
        return len(self._state.vehicles)

    @property
    def zones_ignored(self) -> int:
        """Pairs of report and zone passed over because too many zones overlap at one position."""
        return self._zones.ignored

    @property
    def state_bytes(self) -> int:
        """Bytes the rows of state in use take, without the index of vehicle keys."""
        state = self._state
        tables = (state.vehicles.columns, state.speeding, state.presence, state.zone_speed)
        return sum(table.row_bytes * len(table) for table in tables)

    def process(self, reports: Reports) -> Outcome:
        """Take reports of any number in arrival order; tell what became of each and what changed."""
        vehicles = self._state.vehicles
        order = arrange(self.rulebook, vehicles, reports, self.refused)
        if not len(order.row):
            return Outcome(order.disposition, [])
        batch = make_batch(self.rulebook, vehicles.columns, order.reports, order.row)
        found = continuous_driving.step(self.rulebook, vehicles, batch)
        found += speeding.step(self._speeding, batch)
        found += zones.step(self._zones, batch)
        remember(vehicles.columns, batch)
        run_table.forget(self._speeding)
        run_table.forget(self._zones.speed)
        # Stable, so that several changes of one episode at one report keep their order.
        found.sort(key=_order)
        return Outcome(order.disposition, [finding.change for finding in found])

    def open_changes(self) -> list[EpisodeChange]:
        """The current truth of every episode that is still open, in order of start, vehicle and rule."""
        changes = continuous_driving.open_changes(self.rulebook, self._state.vehicles)
        changes += run_table.open_changes(self._speeding)
        changes += zones.open_changes(self._zones)
        return sorted(changes, key=lambda one: (one.start_ms, one.vehicle_key, one.rule, one.alert_id))

    def snapshot(self) -> bytes:
        """The whole state as Arrow IPC, versioned and self-describing."""
        return snapshot.dump(self._state, self.rulebook.version)

    @classmethod
    def restore(cls, rulebook: Rulebook, zones: ZoneSet, data: bytes) -> Engine:
        """The engine that a snapshot was taken of; the rulebook and the zones may be others than then.

        Raises
        ------
        SnapshotError
            The data is no snapshot, or of a version this program does not read.
        """
        return cls(rulebook, zones, snapshot.load(zones, data))


def _order(finding: Finding) -> tuple[int, str, str]:
    return finding.at, finding.change.rule, finding.subject


def _zone_rules(rulebook: Rulebook, state: State) -> zones.ZoneRules:
    plan = zones.make_plan(state.zones)
    presences = zones.Presences(rulebook, state.vehicles, plan, state.presence)
    describe = zones.describe_zone(state.zones)
    speed = run_table.Watch(zones.RULE_SPEED, rulebook, state.vehicles, state.zone_speed, describe)
    return zones.ZoneRules(state.zones, presences, speed)
