"""History: the rules over stored tracks, and what that changes in what was told at the time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geo.zones import ZoneSet
from rules.change import EpisodeChange
from rules.changes import Changes
from rules.engine import Engine
from rules.families import FAMILIES
from rules.family import Family
from rules.final import Finals
from rules.hours import Outlook, outlook
from rules.quality import DISPLACED, JUMP, OFFLINE, RULES, SILENT
from rules.reports import Reports
from rules.rulebook import Rulebook
from rules.track_blocks import blocks

_OF_ONE_INTERVAL = frozenset(RULES[what] for what in (JUMP, DISPLACED, SILENT, OFFLINE))
_HOURS = ("continuous_driving", "night_driving", "driving_")


@dataclass(frozen=True, slots=True)
class Edition:
    """A rulebook and the time from which on it is in force, ms since 1970 UTC."""

    from_ms: int
    book: Rulebook


class Review:
    """The rules over the stored tracks of some vehicles, given in slices of time.

    Each report is judged by the rulebook in force at its own time; what is open when that changes goes on
    under the new one, as in the stream. `alert_of` names the alert that each active-safety alarm, known by
    vehicle and identifier, was merged into.
    """

    def __init__(
        self, editions: Sequence[Edition], places: ZoneSet, families: Sequence[Family] = FAMILIES
    ) -> None:
        """`editions` are in order of time; the first is in force before its time, too."""
        self._editions = editions
        self._places = places
        self._families = families
        self._engine: Engine | None = None
        self._found: list[Finals] = []
        self.alert_of: dict[tuple[int, bytes], str] = {}

    def take(self, reports: Reports) -> None:
        """Reports of any vehicles, none of them older than one taken before."""
        for book, part in self._parts(reports):
            if self._engine is None:
                self._engine = Engine(book, self._places, self._families)
                self._found.append(Finals(self._engine.wording))
            elif self._engine.rulebook is not book:
                self._engine = self._engine.switched(book)
                self._found.append(Finals(self._engine.wording))
            for block in blocks(part, self._engine):
                outcome = self._engine.process(block)
                assert isinstance(outcome.changes, Changes)  # as every engine's are
                self._found[-1].note(outcome.changes)
                for alarm in outcome.alarms:
                    if alarm.alert_id is not None:
                        self.alert_of[alarm.vehicle_key, alarm.identifier] = alarm.alert_id

    def episodes(self) -> list[EpisodeChange]:
        """The final state of every episode, in order of start."""
        if self._engine is not None:
            self._found[-1].note(self._engine.still_open())
        last = {one.alert_id: one for found in self._found for one in found.changes()}
        return sorted(last.values(), key=lambda one: (one.start_ms, one.vehicle_key, one.rule, one.alert_id))

    def outlook(self, driver_key: int, classes: Collection[int], going_on: Collection[str]) -> Outlook | None:
        """`rules.hours.outlook` of a driver as of now; None of whom nothing is known."""
        driver = None if self._engine is None else self._engine.driver(driver_key)
        if self._engine is None or driver is None:
            return None
        return outlook(driver, self._engine.rulebook, classes, going_on)

    def _parts(self, reports: Reports) -> Iterator[tuple[Rulebook, Reports]]:
        """Reports by the edition in force at their time."""
        if not len(reports):
            return
        starts_ms = np.array([one.from_ms for one in self._editions[1:]], np.int64)
        first, last = np.searchsorted(starts_ms, (reports.time_ms.min(), reports.time_ms.max()), "right")
        if first == last:
            yield self._editions[first].book, reports
            return
        edition = np.searchsorted(starts_ms, reports.time_ms, "right")
        for number in np.unique(edition).tolist():
            yield self._editions[number].book, reports.take(edition == number)


def recompute(book: Rulebook, places: ZoneSet, reports: Reports) -> list[EpisodeChange]:
    """The final state of every episode in the tracks of any number of vehicles, in order of start."""
    review = Review([Edition(0, book)], places)
    review.take(reports)
    return review.episodes()


@dataclass(frozen=True, slots=True)
class Span:
    """What is judged of a vehicle: that which was found from `from_ms` to `to_ms`, both included. `known_ms`
    is the time from which on all tracks were read, `first_ms` that of the first report read of the vehicle,
    which may be its newest one before."""

    from_ms: int
    to_ms: int
    known_ms: int
    first_ms: int

    def covers(self, change: EpisodeChange) -> bool:
        """Whether an episode is judged. What was going on when the reading began is not: when it started
        cannot be known. Hours at the wheel may have begun in another vehicle."""
        whole = change.start_ms >= self.known_ms or change.rule in _OF_ONE_INTERVAL
        own = change.start_ms >= self.first_ms or change.rule.startswith(_HOURS)
        return self.from_ms <= change.found_ms <= self.to_ms and whole and own


@dataclass(frozen=True, slots=True)
class Difference:
    """What a second look at a window shows: episodes that were missed, that were otherwise than was told (as
    they are now), and that were none (as they were told)."""

    missed: list[EpisodeChange]
    altered: list[EpisodeChange]
    unfounded: list[EpisodeChange]


def compare(
    stored: Sequence[EpisodeChange], found: Iterable[EpisodeChange], spans: Mapping[int, Span]
) -> Difference:
    """The difference between alerts as stored and episodes as found, by the span of each vehicle; vehicles
    without one are left out.

    Where the track ends an episode has no end; that says nothing against the end that was told.
    """

    def judged(changes: Iterable[EpisodeChange]) -> dict[str, EpisodeChange]:
        inside = (one for one in changes if one.vehicle_key in spans and spans[one.vehicle_key].covers(one))
        return {one.alert_id: one for one in inside}

    known, now = judged(stored), judged(found)
    told = {one.alert_id for one in stored}
    missed = [one for name, one in now.items() if name not in told]
    altered = [
        one
        for name, one in now.items()
        if name in known and one.end_ms is not None and _extent(one) != _extent(known[name])
    ]
    return Difference(missed, altered, [one for name, one in known.items() if name not in now])


def _extent(change: EpisodeChange) -> tuple[int, int | None, int]:
    return change.found_ms, change.end_ms, change.level
