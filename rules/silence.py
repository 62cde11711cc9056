"""Silence while it lasts: vehicles that should report and do not, told by the time of the others.

In a worker the clock is the newest time of a live report of the partition (`rules.hearing`), less the
disorder that is put right. So an alert opens while the vehicle is silent, and no report that is only late
makes one. What it says hangs on the vehicle's own reports alone: it begins with the last one, is found once
the silence has lasted long enough, and the report that ends it closes it, whether or not it was told
before. A vehicle that sends reports of the time it seemed silent (from a dead zone) takes the alert back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rules.change import EpisodeChange
from rules.changes import Changes
from rules.finding import FINDING, OPEN
from rules.quality import OFFLINE, RULES, SILENT
from rules.records import NONE
from rules.reports import Reports
from rules.vehicles import Vehicles

_RULES = frozenset((RULES[SILENT], RULES[OFFLINE]))
_MIX = np.int64(0x1E3779B97F4A7C15)
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Silences:
    """n silences of vehicles: `what` is the condition of `rules.quality`, `row` the vehicle's.

    Others can come at `due_ms` at the soonest, but for vehicles whose newest report is `least_ms` or more old
    and has come since.
    """

    what: NDArray[np.uint8]
    row: NDArray[np.int64]
    key: NDArray[np.int64]
    newest: NDArray[np.void]  # rows of the vehicles' newest reports
    silent_ms: NDArray[np.int64]  # how long a silence of this kind must last
    due_ms: int
    least_ms: int

    def take(self, which: NDArray[Any]) -> Silences:
        """Some of them."""
        names = ("what", "row", "key", "newest", "silent_ms")
        return replace(self, **{name: getattr(self, name)[which] for name in names})

    @property
    def identity(self) -> NDArray[np.int64]:
        """A number that another silence does not have."""
        mixed: NDArray[np.int64] = (self.key ^ (self.newest["time_ms"] * _MIX)) * 64 + self.what
        return mixed


def find(
    vehicles: Vehicles, parameters: NDArray[np.void], until_ms: int, heard_since_ms: int = NONE
) -> Silences:
    """Who has been silent long enough at a time, while others were heard."""
    rows = vehicles.table.rows[: len(vehicles)]
    least_ms = int(np.minimum(parameters["silent_ms"], parameters["offline_ms"]).min())
    times_ms = rows["time_ms"].copy()
    old = times_ms <= until_ms - least_ms
    maybe = (old & (times_ms != NONE)).nonzero()[0]
    newest = rows[maybe]
    kind = newest["vehicle_class"]
    since_ms = np.maximum(newest["time_ms"], heard_since_ms)
    silent_at_ms = since_ms + parameters["silent_ms"][kind]
    offline_at_ms = since_ms + parameters["offline_ms"][kind] + 1
    driving = newest["speed_kmh"] > parameters["silent_kmh"][kind]
    silent = (driving & (silent_at_ms <= until_ms)).nonzero()[0]
    offline = (offline_at_ms <= until_ms).nonzero()[0]
    coming = (
        np.append(times_ms[~old] + least_ms, silent_at_ms[driving & (silent_at_ms > until_ms)]),
        offline_at_ms[offline_at_ms > until_ms],
    )
    which = np.append(silent, offline)
    return Silences(
        what=np.repeat(np.array([SILENT, OFFLINE], np.uint8), [len(silent), len(offline)]),
        row=maybe[which],
        key=vehicles.keys[maybe[which]],
        newest=newest[which],
        silent_ms=np.append(parameters["silent_ms"][kind[silent]], parameters["offline_ms"][kind[offline]]),
        due_ms=min(int(some.min(initial=_NEVER)) for some in coming),
        least_ms=least_ms,
    )


def findings_of(found: Silences) -> NDArray[np.void]:
    """Findings of kind OPEN about silences."""
    records = np.zeros(len(found.row), FINDING)
    newest = found.newest
    records["row"], records["what"], records["kind"] = found.row, found.what, OPEN
    records["start_ms"], records["end_ms"] = newest["time_ms"], NONE
    records["vehicle_class"], records["points"], records["bridged"] = newest["vehicle_class"], 1, True
    for name in ("longitude_deg", "latitude_deg"):
        records[name] = np.nan_to_num(newest[name])  # 0, 0 where the vehicle never had a fix
    records["a"] = records["c"] = newest["speed_kmh"]
    records["b"] = found.silent_ms
    return records


@runtime_checkable
class Listening(Protocol):
    """A family at work that has rules of silence."""

    def silences(self, until_ms: int, heard_since_ms: int) -> Silences:
        """The silences that last at a time, counted from `heard_since_ms` on."""

    def silence_findings(self, found: Silences) -> NDArray[np.void]:
        """Some of them as findings of kind OPEN."""


class Watched(Protocol):
    """What `Silence` asks of an engine."""

    def silences(self, until_ms: int, heard_since_ms: int) -> Silences | None:
        """The silences that last at a time, counted from `heard_since_ms` on; None where no rule asks."""

    def describe_silences(self, found: Silences) -> list[EpisodeChange]:
        """Some of them as changes that open alerts."""

    def newest_ms(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Time of the newest report of each vehicle."""


class Silence:
    """What has been told of silences that last.

    Looking through half a million vehicles takes 7 ms, and somebody asks twenty times a second: so all are
    looked at only when it may be the time of another one, and what was told only where its vehicle reported.
    """

    def __init__(self) -> None:
        self._told: dict[str, EpisodeChange] = {}
        self._of: dict[int, int] = {}  # how many are told of a vehicle
        self._known: NDArray[np.int64] = np.empty(0, np.int64)
        self._looked: tuple[Watched | None, int] = None, NONE  # the engine that was looked through
        self._due_ms = self._least_ms = NONE
        self._back: set[int] = set()

    def heed(self, changes: Iterable[EpisodeChange]) -> None:
        """Changes that an engine told: an alert that it closed is no longer this one's."""
        for change in changes.about(_RULES) if isinstance(changes, Changes) else changes:
            if change.rule in _RULES:
                self._drop(change.alert_id)

    def note(self, engine: Watched, reports: Reports, taken: NDArray[np.bool_]) -> None:
        """Reports that an engine has taken: of vehicles that are back, or are heard of with old reports."""
        if self._of:
            self._back |= self._of.keys() & set(reports.vehicle_key[taken].tolist())
        if self._looked[0] is engine:
            old = taken & (reports.time_ms < self._due_ms - self._least_ms)
            newest_ms = engine.newest_ms(reports.vehicle_key[old]).min(initial=_NEVER - self._least_ms)
            self._due_ms = min(self._due_ms, int(newest_ms) + self._least_ms)

    def tell(self, engine: Watched, until_ms: int, heard_since_ms: int = NONE) -> list[EpisodeChange]:
        """The silences that are new at a time, which never goes back, and those that turned out to be none.

        What has been told at last is a function of the engine's state and of these times alone, which are
        `rules.records.NONE` before the first report.
        """
        if until_ms == NONE:
            return []
        looked = self._looked == (engine, heard_since_ms)
        gone = self._gone(engine, self._back if looked else None)
        self._back.clear()
        if looked and until_ms < self._due_ms:
            return gone
        found = engine.silences(until_ms, heard_since_ms)
        if found is None:
            return gone
        identity = found.identity
        news = engine.describe_silences(found.take(~np.isin(identity, self._known)))
        self._known, self._looked = identity, (engine, heard_since_ms)
        self._due_ms, self._least_ms = found.due_ms, found.least_ms
        for change in news:
            if change.alert_id not in self._told:
                self._of[change.vehicle_key] = self._of.get(change.vehicle_key, 0) + 1
            self._told[change.alert_id] = change
        return gone + news

    def _gone(self, engine: Watched, back: set[int] | None) -> list[EpisodeChange]:
        """Take back what was told of vehicles, of all with None, that have reported since it began."""
        if back is not None and not back:
            return []
        told = [one for one in self._told.values() if back is None or one.vehicle_key in back]
        newest_ms = engine.newest_ms(np.array([one.vehicle_key for one in told], np.int64))
        gone = [one for one, at_ms in zip(told, newest_ms.tolist(), strict=True) if at_ms != one.start_ms]
        for one in gone:
            self._drop(one.alert_id)
        return [replace(one, kind="withdraw", revised=one.revised + 1) for one in gone]

    def _drop(self, alert_id: str) -> None:
        change = self._told.pop(alert_id, None)
        if change is not None:
            left = self._of.pop(change.vehicle_key) - 1
            if left:
                self._of[change.vehicle_key] = left
