"""Speeding: over the lowest limit that applies, for at least the time that counts; and nearly so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.kernel import kernel
from rules.family import Batch, Setting, Table
from rules.finding import FINDING, MOST_AN_ENTRY, NO_FINDINGS, UPDATE
from rules.limit_runs import GOING_ON, RUN_LAYOUT, new_run, not_over, over, spent, tell, tier_of
from rules.limits import SOURCES, limit_of
from rules.parameters import Plan, compile_parameters
from rules.records import NO_ROW, Records
from rules.rulebook import Rulebook
from rules.slots import COUNT, OF_OWNER, Slots, take_slot, unstring
from rules.telling import Teller, Told
from rules.vehicle_class import PASSENGER_CLASSES

RULES = ("speeding", "speeding_pre")
SPEEDING, NEARLY = range(len(RULES))

PLAN: Plan = {
    "min_ms": ("i8", "speeding_min_s"),
    "join_ms": ("i8", "speeding_join_s"),
    "pre_kmh": ("f8", "speeding_pre_kmh"),
    "pre_min_ms": ("i8", "speeding_pre_min_s"),
    "night_factor": ("f8", "coach_night_factor"),
    "night_from_ms": ("i8", "night_start_h"),
    "night_to_ms": ("i8", "night_end_h"),
}

_SLOTS = 256
_FEW = 2  # slots that one entry can take


@kernel
def step(
    begin: int, entries: Any, first: Any, slots: Any, free: Any, parameters: Any, class_limits_kmh: Any,
    tiers_percent: Any, findings: Any,
) -> tuple[int, int]:  # fmt: skip
    """Compare entries with their limits."""
    count = 0
    for at in range(begin, len(entries)):
        e = entries[at]
        p = parameters[e.vehicle_class]
        limit_kmh, source = limit_of(e, class_limits_kmh, p)
        near = p.pre_kmh > 0 and e.speed_kmh >= limit_kmh - p.pre_kmh
        number = first[e.row].first
        if number == NO_ROW and not near and e.speed_kmh <= limit_kmh:
            continue
        if len(findings) - count < MOST_AN_ENTRY or free[COUNT] < _FEW:
            return at, count
        exceeds = e.speed_kmh > limit_kmh
        for what in (SPEEDING, NEARLY):
            holds = exceeds if what == SPEEDING else near and not exceeds
            number = first[e.row].first
            while number != NO_ROW and slots[number].what != what:
                number = slots[number].next
            if number == NO_ROW:
                if not holds:
                    continue
                number = take_slot(slots, free, e.row, first[e.row].first)
                first[e.row].first = number
                new_run(slots[number], NO_ROW, what)
            r = slots[number]
            if not holds:
                count = not_over(r, findings, count, at)
            elif what == SPEEDING:
                tier = tier_of(e.speed_kmh, limit_kmh, tiers_percent)
                count = over(r, e, limit_kmh, source, tier, e.gap, p.min_ms, p.join_ms, findings, count, at)
            else:
                count = over(r, e, limit_kmh, source, 0, e.gap, p.pre_min_ms, p.join_ms, findings, count, at)
        sweep(e, first[e.row], slots, free, p.join_ms)
    return len(entries), count


@kernel
def sweep(e: Any, owner: Any, slots: Any, free: Any, join_ms: int) -> None:
    """Give back the runs of a vehicle that can matter no more."""
    before, number = NO_ROW, owner.first
    while number != NO_ROW:
        following = slots[number].next
        if spent(slots[number], e.time_ms, join_ms):
            owner.first = unstring(slots, free, owner.first, before, number)
        else:
            before = number
        number = following


class SpeedingWatch:
    """The speeding family at work."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._runs = Slots(RUN_LAYOUT)
        self._first = Records(OF_OWNER)
        self._asked = _asked(setting.book)
        self.teller = self._asked.teller

    @property
    def tables(self) -> Mapping[str, Table]:
        return {"speeding": self._runs, "speeding_of_vehicle": self._first}

    def step(self, batch: Batch) -> None:
        """Take the entries of a batch."""
        self._first.grow(len(self._setting.vehicles))
        begin, asked = 0, self._asked
        while begin < len(batch.entries):
            self._runs.provide(_SLOTS)
            begin, count = step(
                begin, batch.entries, self._first.rows, self._runs.rows, self._runs.free,
                asked.parameters, asked.class_limits_kmh, asked.tiers_percent, batch.found.room(),
            )  # fmt: skip
            batch.found.add(count)

    def open_findings(self) -> NDArray[np.void]:
        """The episodes that go on, as of each vehicle's newest report."""
        return open_runs(self._runs)


def open_runs(runs: Slots) -> NDArray[np.void]:
    """Findings of kind UPDATE about the episodes of runs that go on."""
    if not runs.used:
        return NO_FINDINGS
    owned = runs.of_owners()
    going_on = owned[runs.rows["episode"][owned] == GOING_ON].tolist()
    records = np.zeros(len(going_on), FINDING)
    count = 0
    for number in going_on:
        count = tell(runs.rows[number], UPDATE, records, count, 0)
    return records


@dataclass(frozen=True, slots=True)
class Words:
    """What the rulebook says of tiers, read once."""

    tier_percent: tuple[float, ...]
    tier_level: tuple[int, ...]
    pre_level: int

    @staticmethod
    def of(book: Rulebook) -> Words:
        """The rulebook's."""
        return Words((0, *book.speeding_tier_percent), book.speeding_tier_level, int(book.speeding_pre_level))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rulebook asks: the parameters of each class, its limits by road class, the tiers, the words."""

    parameters: NDArray[np.void]
    class_limits_kmh: NDArray[np.float64]
    tiers_percent: NDArray[np.float64]
    teller: Teller


@kept
def _asked(book: Rulebook) -> Asked:
    """The night factor is for passengers."""
    parameters = compile_parameters(book, PLAN).copy()
    others = np.ones(len(parameters), bool)
    others[list(PASSENGER_CLASSES)] = False
    parameters["night_factor"][others] = 1.0
    teller = Teller(dict(enumerate(RULES)), partial(describe, Words.of(book)), SPEED_DECIMALS)
    return Asked(parameters, book.by_class_and_road("class_limit_kmh"), tiers_of(book), teller)


def tiers_of(book: Rulebook) -> NDArray[np.float64]:
    """By how many percent over the limit each tier begins, rising."""
    return np.array(book.speeding_tier_percent, np.float64)


SPEED_DECIMALS = {"a": 3, "b": 3, "e": 1}
"""How exactly `speed_fields` tells the values of a run."""


def describe(words: Words, finding: Any) -> Told:
    """A finding in words."""
    detail = speed_fields(words, finding)
    if finding.what == NEARLY:
        del detail["tier_percent"]
        return Told(words.pre_level, detail)
    return Told(words.tier_level[int(finding.d)], detail)


def speed_fields(words: Words, finding: Any) -> dict[str, Any]:
    """How fast, over which limit, how far."""
    return {
        "max_speed_kmh": finding.a,
        "limit_kmh": finding.b,
        "limit_source": SOURCES[int(finding.c)],
        "distance_m": finding.e,
        "tier_percent": words.tier_percent[int(finding.d)],
    }


@dataclass(frozen=True, slots=True)
class SpeedingFamily:
    """The family, for the engine."""

    name: str = "speeding"

    def watch(self, setting: Setting) -> SpeedingWatch:
        """Set it to work."""
        return SpeedingWatch(setting)


FAMILY = SpeedingFamily()
