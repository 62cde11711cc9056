"""History: the rules over stored tracks, and what that changes in what was told at the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from geo.zones import ZoneSet
from rules import fatigue, speeding, zones
from rules.change import EpisodeChange
from rules.engine import Engine
from rules.family import Family
from rules.reports import Reports
from rules.rulebook import Rulebook

FAMILIES: tuple[Family, ...] = (fatigue.FAMILY, zones.FAMILY, speeding.FAMILY)
"""The families that need no more of a report than a stored track holds."""


def is_recomputed(rule: str) -> bool:
    """Whether a stored track is enough for a rule."""
    return rule.startswith(("continuous_driving", "night_driving", "driving_", "speeding", "zone_"))


def recompute(book: Rulebook, places: ZoneSet, reports: Reports) -> list[EpisodeChange]:
    """The final state of every episode in the tracks of any number of vehicles, in order of start."""
    engine = Engine(book, places, FAMILIES)
    last = {change.alert_id: change for change in engine.process(reports).changes}
    last |= {change.alert_id: change for change in engine.open_changes()}
    return sorted(last.values(), key=lambda one: (one.start_ms, one.vehicle_key, one.rule, one.alert_id))


@dataclass(frozen=True, slots=True)
class Difference:
    """What a second look at a window shows: episodes that were missed, that were otherwise than was told (as
    they are now), and that were none (as they were told)."""

    missed: list[EpisodeChange]
    altered: list[EpisodeChange]
    unfounded: list[EpisodeChange]


def compare(
    stored: Sequence[EpisodeChange], found: Iterable[EpisodeChange], from_ms: int, to_ms: int
) -> Difference:
    """The difference a window makes between alerts as stored and episodes as found; only what was found from
    `from_ms` to `to_ms` is compared.

    Where the track ends an episode has no end; that says nothing against the end that was told.
    """
    known = {one.alert_id: one for one in stored if from_ms <= one.found_ms <= to_ms}
    now = {one.alert_id: one for one in found if from_ms <= one.found_ms <= to_ms}
    missed = [one for name, one in now.items() if name not in known]
    altered = [
        one
        for name, one in now.items()
        if name in known and one.end_ms is not None and _extent(one) != _extent(known[name])
    ]
    return Difference(missed, altered, [one for name, one in known.items() if name not in now])


def _extent(change: EpisodeChange) -> tuple[int, int | None, int]:
    return change.found_ms, change.end_ms, change.level
