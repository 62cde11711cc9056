"""Late reports: an engine whose alerts are, within ten minutes of disorder, those of the sorted stream.

Two engines see the stream. The *live* one evaluates each report as it comes. The *settled* one evaluates it
once nothing older can come any more: when its vehicle, or one that shares a driver with it, has reported ten
minutes later. The reports between the two are the *tail*. When a report comes late, or only later than one of
its driver in another vehicle, the live engine is made anew from the settled one and the tail, in order of
time, and what it tells now is compared with what was told before: the differences are the changes. Alerts
that were told and turn out not to be are withdrawn. So alerts come at once, and late reports cost an
evaluation of the tail, for all that came together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geo.zones import ZoneSet
from rules import timely_snapshot
from rules.change import Disposition, EpisodeChange, Outcome
from rules.distress import Distress, pressing
from rules.engine import Engine
from rules.heard import Heard
from rules.hearing import Hearing
from rules.identity import uuid_texts
from rules.ledger import Ledger
from rules.linked import linked
from rules.records import NONE
from rules.reports import Reports
from rules.rulebook import Rulebook
from rules.silence import Silence
from rules.tail import Tail

HORIZON_MS = 600_000
"""Disorder that is put right: longer dead zones go the way of history. It bounds the tail to ten to fifteen
minutes of reports."""

_FEW_ROWS = 1_000
_REMEMBERED_MS = 3_600_000  # how long an ended alert can still be what another state of it is compared with


class Timely:
    """State of one partition. Has the interface of `Engine`; what late reports change is asked for apart."""

    def __init__(self, settled: Engine, live: Engine) -> None:
        self._settled = settled
        self._live = live
        self._distress = Distress()
        self._tail = Tail()
        self._heard = Heard()
        self._told = Ledger()
        self._base = Ledger()
        self._revised: Counter[str] = Counter()
        self._late = 0
        self._due: list[EpisodeChange] = []
        self._settle_at = _FEW_ROWS
        self.refused: Counter[str] = Counter()
        self._ignored = 0
        self._history: dict[int, tuple[int, int]] = {}
        self._silence = Silence()
        self._hearing = Hearing()

    @classmethod
    def new(cls, rulebook: Rulebook, zones: ZoneSet) -> Timely:
        """Nothing known yet."""
        return cls(Engine(rulebook, zones), Engine(rulebook, zones))

    @property
    def rulebook(self) -> Rulebook:
        """The rulebook in force."""
        return self._live.rulebook

    @property
    def vehicles(self) -> int:
        """Number of vehicles known."""
        return self._live.vehicles

    @property
    def zones_ignored(self) -> int:
        """Pairs of report and zone passed over because too many zones overlap at one position."""
        return self._ignored

    @property
    def tail_rows(self) -> int:
        """Reports that late ones could still come before."""
        return len(self._tail)

    @property
    def late(self) -> int:
        """Late reports that `late_changes` would take into account."""
        return self._late

    def process(self, reports: Reports) -> Outcome:
        """Take reports of any number in arrival order; tell what became of each and what changed.

        Late reports that come before something settled are for the history path; the others, all those within
        the horizon among them, wait for `late_changes`.
        """
        refused, ignored = Counter(self._live.refused), self._live.zones_ignored
        fixes = self._live.fixes(pressing(reports))
        self._late += self._heard.out_of_turn(reports, self._live)
        outcome = self._live.process(reports)
        counts = (outcome.disposition != Disposition.DUPLICATE) & (
            outcome.disposition != Disposition.IMPOSSIBLE
        )
        self._heard.note(reports, counts, self._live)
        self.refused += self._live.refused - refused
        self._ignored += self._live.zones_ignored - ignored
        taken = outcome.disposition <= Disposition.TIE
        late = (outcome.disposition == Disposition.LATE).nonzero()[0]
        if len(late):
            copies = self._tail.copies(reports.take(late))
            outcome.disposition[late[copies]] = Disposition.DUPLICATE
            late = late[~copies]
            in_time = self._in_time(reports, late)
            self._note_history(reports, late[~in_time])
            late = late[in_time]
            taken[late] = True
            self._late += len(late)
        self._tail.add(reports.take(taken))
        self._hearing.note(reports, taken)
        self._told.note(outcome.changes)
        self._silence.heed(outcome.changes)
        self._silence.note(self._live, reports, taken)
        changes: Sequence[EpisodeChange] = outcome.changes
        if self._revised:
            changes = [self._marked(change) for change in changes]
        if len(self._tail) > self._settle_at:
            self._settle()
        pressed = self._distress.tell(reports, outcome.disposition, fixes, self.rulebook)
        changes = [*changes, *pressed] if pressed else changes
        return Outcome(outcome.disposition, changes, outcome.alarms)

    def late_changes(self) -> list[EpisodeChange]:
        """What the late reports since the last call change in what has been told."""
        due, self._due = self._due, []
        if not self._late:
            return due
        self._late = 0
        live = Engine.restore(self.rulebook, self._settled.zones, self._settled.snapshot())
        now = Ledger()
        now.note(live.process(self._sorted_tail()).changes)
        self._live = live
        changes = [self._revise(name, now) for name in now.differing(self._told, live.wording)]
        changes += [self._take_back(name) for name in self._told.missing_in(now)]
        self._told = now
        self._silence.heed(changes)
        return due + sorted(changes, key=lambda one: (one.start_ms, one.vehicle_key, one.rule, one.alert_id))

    def silences(self) -> list[EpisodeChange]:
        """What is new of vehicles that are silent. They are told so much later as reports can be late, so
        that disorder makes no alert. To be asked for before every `snapshot`: what was told then is not told
        again by who goes on from there."""
        hearing = self._hearing
        until_ms = NONE if hearing.newest_ms == NONE else hearing.newest_ms - HORIZON_MS
        return self._silence.tell(self._live, until_ms, hearing.since_ms)

    def take_history(self) -> dict[int, tuple[int, int]]:
        """Times of the first and last report of each vehicle that came too late, since the last call."""
        taken, self._history = self._history, {}
        return taken

    def open_changes(self) -> list[EpisodeChange]:
        """The current truth of every episode that is still open."""
        return [self._marked(change) for change in self._live.open_changes()]

    def switched(self, rulebook: Rulebook) -> Timely:
        """This state from here on with another rulebook. What came before it is settled as it is: reports
        that come late over the change go the way of history."""
        due = self.late_changes()
        live = self._live.switched(rulebook)
        settled = Engine.restore(rulebook, live.zones, live.snapshot())
        made = Timely(settled, live)
        made._heard = self._heard
        made._due = due
        made._distress, made._silence, made._hearing = self._distress, self._silence, self._hearing
        made._revised = self._revised
        made.refused, made._ignored, made._history = self.refused, self._ignored, self._history
        return made

    def snapshot(self) -> bytes:
        """The whole state. Late reports that still wait are in it and will be evaluated as if they had come
        in order, so ask for `late_changes` before."""
        base = self._base.changes(self._settled.wording)
        return timely_snapshot.dump(
            self._settled.snapshot(),
            self._tail.whole(),
            base,
            self._revised,
            self._distress.last_ms,
            (self._hearing.newest_ms, self._hearing.since_ms),
        )

    @classmethod
    def restore(cls, rulebook: Rulebook, zones: ZoneSet, data: bytes) -> Timely:
        """The state that a snapshot was taken of.

        Raises
        ------
        SnapshotError
        """
        saved = timely_snapshot.load(data)
        engines = [Engine.restore(rulebook, zones, saved.settled) for _ in range(2)]
        made = cls(*engines)
        made._tail, made._revised = Tail(saved.tail), saved.revised
        made._distress = Distress(saved.distress)
        made._hearing = Hearing(*saved.heard_ms)
        made._base = Ledger(saved.base)
        made._told.note(made._live.process(made._sorted_tail()).changes)
        made._heard.note(saved.tail, np.ones(len(saved.tail), bool), made._live)
        made._settle_at = 2 * len(made._tail) + _FEW_ROWS
        made.silences()
        return made

    def _in_time(self, reports: Reports, late: NDArray[np.int64]) -> NDArray[np.bool_]:
        keys, time_ms = reports.vehicle_key[late], reports.time_ms[late]
        settled_ms = self._settled.newest_ms(keys)
        in_time: NDArray[np.bool_] = (settled_ms == NONE) | (time_ms > settled_ms)
        return in_time

    def _note_history(self, reports: Reports, late: NDArray[np.int64]) -> None:
        keys, times_ms = reports.vehicle_key[late].tolist(), reports.time_ms[late].tolist()
        for key, time_ms in zip(keys, times_ms, strict=True):
            first_ms, last_ms = self._history.get(key, (time_ms, time_ms))
            self._history[key] = (min(first_ms, time_ms), max(last_ms, time_ms))

    def _sorted_tail(self) -> Reports:
        tail = self._tail.whole()
        return tail.take(np.lexsort((tail.vehicle_key, tail.time_ms)))

    def _settle(self) -> None:
        """Let the settled engine take what nothing older can come before any more."""
        tail = self._tail.whole()
        old = self._old(tail)
        self._tail = Tail(tail.take(~old))
        self._settle_at = 2 * len(self._tail) + _FEW_ROWS
        tail = tail.take(old)
        outcome = self._settled.process(tail.take(np.lexsort((tail.vehicle_key, tail.time_ms))))
        self._base.settle(outcome.changes, self._told, self._settled.wording)
        self._heard.forget(self._settled)
        self._forget()

    def _old(self, tail: Reports) -> NDArray[np.bool_]:
        """Which reports are ten minutes older than the newest of all vehicles that share drivers with theirs:
        what is settled of a driver is so in order of time."""
        keys, vehicle = np.unique(tail.vehicle_key, return_inverse=True)
        seated, here = self._settled.seated(keys)
        names = np.append(tail.driver_key, np.where(here, seated, 0))
        drivers, driver = np.unique(names, return_inverse=True)
        pair = np.append(vehicle, np.arange(len(keys))) * (len(drivers) + len(keys))
        # Who is not named is somebody else in each vehicle.
        pair += np.where(names == 0, len(drivers) + np.append(vehicle, np.arange(len(keys))), driver)
        pairs, which = np.unique(pair, return_inverse=True)
        of_vehicle, of_driver = np.divmod(pairs, len(drivers) + len(keys))
        group = linked(of_vehicle, of_driver)
        newest_ms = np.full(len(group), NONE)
        np.maximum.at(newest_ms, group, self._live.newest_ms(keys)[of_vehicle])
        old: NDArray[np.bool_] = tail.time_ms < newest_ms[group[which[: len(tail)]]] - HORIZON_MS
        return old

    def _forget(self) -> None:
        """Drop ended alerts that no late report can change any more."""
        names, ends_ms, keys = self._base.ended()
        gone = ends_ms < self._settled.newest_ms(keys) - _REMEMBERED_MS
        forgotten = [names[place] for place in gone.nonzero()[0].tolist()]
        self._base.drop(forgotten)
        if self._revised:
            for name in uuid_texts(forgotten):
                self._revised.pop(name, None)

    def _marked(self, change: EpisodeChange) -> EpisodeChange:
        revised = self._revised.get(change.alert_id)
        return replace(change, revised=revised) if revised else change

    def _revise(self, name: bytes, now: Ledger) -> EpisodeChange:
        """A change that late reports made; it may be the first that is told of its alert."""
        change = now.get(name, self._live.wording)
        self._revised[change.alert_id] += 1
        known = name in self._told or name in self._base
        kind = "close" if change.end_ms is not None else "update" if known else "open"
        return replace(change, kind=kind, revised=self._revised[change.alert_id])

    def _take_back(self, name: bytes) -> EpisodeChange:
        """The alert is again as it was when all was settled, or there is no such alert."""
        settled = name in self._base
        change = (self._base if settled else self._told).get(name, self._live.wording)
        self._revised[change.alert_id] += 1
        kind = "withdraw" if not settled else "update" if change.end_ms is None else "close"
        return replace(change, kind=kind, revised=self._revised[change.alert_id])
