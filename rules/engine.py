"""The engine: the state of one partition, fed with reports, telling changes of episodes.

It knows no wall clock, no randomness and no I/O. For reports that come in the order of each vehicle's time,
the changes of a vehicle are the same for any cut of the stream into batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geo.zones import ZoneSet
from rules import snapshot
from rules.arrange import Arranger
from rules.change import Disposition, EpisodeChange, Outcome
from rules.changes import Changes, Wording
from rules.editions import Editions
from rules.families import FAMILIES
from rules.family import Batch, Family, Setting, Watch
from rules.filing import filings
from rules.gathering import Gathering
from rules.records import NONE
from rules.reports import Reports
from rules.rulebook import Rulebook
from rules.saved_state import SnapshotError
from rules.silence import Listening, Silences
from rules.slots import Slots
from rules.snapshot import Saved
from rules.vehicles import Vehicles

__all__ = ["Disposition", "Engine", "EpisodeChange", "Outcome", "SnapshotError"]


class Engine:
    """State of one partition.

    Attributes
    ----------
    refused : Counter of str
        How many reports were set aside as impossible, by reason, since this engine was made.
    """

    def __init__(self, rulebook: Rulebook, zones: ZoneSet, families: Sequence[Family] = FAMILIES) -> None:
        self.rulebook = rulebook
        self._editions = Editions()
        self._families = families
        self._setting = Setting(rulebook, zones, Vehicles())
        self._arranger = Arranger(rulebook, self._setting.vehicles)
        self.refused: Counter[str] = self._arranger.refused
        self._watches: list[Watch] = [family.watch(self._setting) for family in families]
        self._tellers = tuple(watch.teller for watch in self._watches)
        self._found = Gathering(self._tellers)

    @property
    def vehicles(self) -> int:
        """Number of vehicles known."""
        return len(self._setting.vehicles)

    @property
    def zones(self) -> ZoneSet:
        """The zones watched, former ones with open episodes included."""
        return self._setting.zones

    def newest_ms(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Time of the newest report of each vehicle; `rules.records.NONE` where none is known."""
        known = self._setting.vehicles
        row = known.index.find(keys)
        newest = np.full(len(keys), NONE)
        newest[row >= 0] = known.table.rows["time_ms"][row[row >= 0]]
        return newest

    def seated(self, keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Key of the driver who was last at the wheel of each vehicle, 0 where there was none, and whether he
        has not been seen at another one since."""
        driver, here = np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
        tables = {name: table for watch in self._watches for name, table in watch.tables.items()}
        if "seats" in tables:
            seats, drivers = tables["seats"].rows, tables["drivers"].rows
            row = self._setting.vehicles.index.find(keys)
            of = ((row >= 0) & (row < len(seats))).nonzero()[0]
            of = of[seats["driver"][row[of]] >= 0]
            seat = seats["driver"][row[of]]
            driver[of], here[of] = drivers["key"][seat], drivers["vehicle"][seat] == row[of]
        return driver, here

    def driver(self, key: int) -> np.void | None:
        """A driver's record (`rules.fatigue_clocks.DRIVER_LAYOUT`); None of whom nothing is known."""
        tables = {name: table for watch in self._watches for name, table in watch.tables.items()}
        rows = tables["drivers"].rows if "drivers" in tables else np.empty(0, [("key", "i8")])
        found = (rows["key"] == key).nonzero()[0]
        return rows[found[0]] if len(found) else None

    def fixes(self, keys: NDArray[np.int64]) -> dict[int, tuple[float, float]]:
        """Newest position of each vehicle that has one, longitude and latitude in degrees."""
        if not len(keys):
            return {}
        known = self._setting.vehicles
        row = known.index.find(keys)
        rows = known.table.rows[row[row >= 0]]
        places = zip(rows["longitude_deg"].tolist(), rows["latitude_deg"].tolist(), strict=True)
        found = zip(keys[row >= 0].tolist(), places, strict=True)
        return {key: (x, y) for key, (x, y) in found if x == x}

    def silences(self, until_ms: int, heard_since_ms: int = NONE) -> Silences | None:
        """The silences that have lasted long enough at a time and last on; None where no rule asks."""
        listening = (one for one in self._watches if isinstance(one, Listening))
        return next((one.silences(until_ms, heard_since_ms) for one in listening), None)

    def describe_silences(self, found: Silences) -> list[EpisodeChange]:
        """Some of them as changes that open alerts."""
        for family, watch in enumerate(self._watches):
            if isinstance(watch, Listening):
                self._found.put(watch.silence_findings(found))
                self._found.end_family(family)
        return list(self._taken())

    @property
    def zones_ignored(self) -> int:
        """Pairs of report and zone passed over because too many zones overlap at one position."""
        return sum(getattr(watch, "ignored", 0) for watch in self._watches)

    @property
    def state_bytes(self) -> int:
        """Bytes the rows of state in use take, without the index of vehicle keys."""
        vehicles = self._setting.vehicles.table
        used = len(vehicles) * vehicles.row_bytes
        for watch in self._watches:
            for table in watch.tables.values():
                if isinstance(table, Slots):
                    used += table.used * table.table.row_bytes
                else:
                    used += len(table) * table.row_bytes
        return used

    def process(self, reports: Reports) -> Outcome:
        """Take reports of any number in arrival order; tell what became of each and what changed."""
        arranged = self._arranger.arrange(reports)
        if len(arranged.entries):
            batch = Batch(arranged.entries, reports, self._found)
            for family, watch in enumerate(self._watches):
                watch.step(batch)
                self._found.end_family(family)
        alarms = filings(reports, arranged.disposition, self._alerts_of("merged"), self._alerts_of("fused"))
        return Outcome(arranged.disposition, self._taken(arranged.entries), alarms)

    def _alerts_of(self, which: str) -> dict[int, str]:
        """The alert that watches made of raw alarms of the last batch, by the alarm's place."""
        return {alarm: alert for watch in self._watches for alarm, alert in getattr(watch, which, {}).items()}

    def open_changes(self) -> list[EpisodeChange]:
        """The current truth of every episode that is still open, in order of start, vehicle and rule."""
        changes = self.still_open()
        return sorted(changes, key=lambda one: (one.start_ms, one.vehicle_key, one.rule, one.alert_id))

    def still_open(self) -> Changes:
        """The same in no certain order."""
        for family, watch in enumerate(self._watches):
            self._found.put(watch.open_findings())
            self._found.end_family(family)
        return self._taken()

    @property
    def wording(self) -> Wording:
        """How it puts findings into words."""
        version, version_of = self._setting.book.version, self._editions.version_of
        return Wording(self._tellers, self._found.rules, version, version_of)

    def _taken(self, entries: NDArray[np.void] | None = None) -> Changes:
        """What was found: caused by these entries, or as it stands."""
        return Changes(self._found.take(self._setting.vehicles.keys, entries), self.wording)

    def snapshot(self) -> bytes:
        """The whole state as Arrow IPC, versioned and self-describing."""
        return snapshot.dump(self._setting, self._watches, self._editions.dump(self.rulebook))

    def switched(self, rulebook: Rulebook) -> Engine:
        """This engine from here on with another rulebook, which came with the stream.

        Episodes that are open go on under the new rulebook and keep the version that found them.
        """
        editions = self._editions
        editions.keep(self.open_changes())
        editions.published = True
        engine = Engine(rulebook, self._setting.zones, self._families)
        return engine._fill(snapshot.read(self.snapshot()), editions)

    @classmethod
    def restore(cls, rulebook: Rulebook, zones: ZoneSet, data: bytes) -> Engine:
        """The engine that a snapshot was taken of; the rulebook and the zones may be others than then.

        A snapshot whose rulebook came with the stream goes on with that one.

        Raises
        ------
        SnapshotError
            The data is no snapshot, or of a version this program does not read.
        """
        saved = snapshot.read(data)
        try:
            editions, rulebook = Editions.load(saved.editions, rulebook)
        except (KeyError, TypeError, ValueError) as error:
            raise SnapshotError(f"damaged engine snapshot: {error!r}") from error
        return cls(rulebook, saved.zones_with_former(zones))._fill(saved, editions)

    def _fill(self, saved: Saved, editions: Editions) -> Engine:
        self._editions = editions
        snapshot.load(saved, self._setting, self._watches)
        return self
