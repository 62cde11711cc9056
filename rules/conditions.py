"""Rules that ask only that something holds for a while: terminal alarms, forbidden hours, data quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.kernel import kernel
from rules import forbidden_hours, quality, silence, speed_check, terminal_alarms
from rules.family import Batch, Setting, Table, Watch
from rules.forbidden_hours import FORBIDDEN, FREE, Spans, hours_of, is_exempt
from rules.holding import HIT, MOST_HITS, Holding, new_terms
from rules.parameters import Plan, compile_parameters
from rules.quality import add_hit, judge_quality
from rules.records import Records
from rules.rulebook import CLASS_CODES, Rulebook
from rules.silence import Silences
from rules.telling import Levels, Teller, Told, levels_by_class, silent_at, subjects_by

# Conditions 0 to 31 are the terminal's alarm bits; the numbers are in snapshots.
HOURS, HOURS_SOON = 32, 33

_PLAN: Plan = {**quality.PLAN, "hours_kmh": ("f8", "forbidden_hours_speed_kmh")}
_ROOM = 4096  # hits of one call: some batches have more and are judged in several calls


def _terms(book: Rulebook) -> NDArray[np.void]:
    terms = new_terms(CLASS_CODES)
    terminal_alarms.set_terms(book, terms)
    quality.set_terms(book, terms)
    terms["min_ms"][:, HOURS] = np.rint(book.by_class("forbidden_hours_min_s") * 1000)
    terms["breaks_at_gap"][:, HOURS] = True
    # One reminder a night, however often the vehicle stops in the time before.
    lead_ms = np.rint(book.by_class("forbidden_hours_lead_s") * 1000)
    terms["hold_ms"][:, HOURS_SOON] = terms["join_ms"][:, HOURS_SOON] = lead_ms
    return terms


@kernel
def _judge(
    begin: int, entries: Any, parameters: Any, hours: Any, spans: Any, valid: Any, bits: int, checks: Any,
    hits: Any,
) -> tuple[int, int]:  # fmt: skip
    """The hits of the entries from `begin` on; returns the entry after them, and how many hits."""
    exempt, count = Spans(*spans), 0
    for at in range(begin, len(entries)):
        if count + MOST_HITS > len(hits):
            return at, count
        e = entries[at]
        p = parameters[e.vehicle_class]
        up, bit = e.alarm_bits & bits, 0
        while up:
            if up & 1:
                count = add_hit(hits, count, at, bit, e.speed_kmh, 0.0, e.time_ms)
            up, bit = up >> 1, bit + 1
        now = hours_of(hours, e.vehicle_class, e.time_ms)
        if now != FREE and e.speed_kmh > p.hours_kmh and not is_exempt(exempt, e.row, e.time_ms):
            moved_m = e.moved_m if e.moved_m == e.moved_m else 0.0
            what = HOURS if now == FORBIDDEN else HOURS_SOON
            count = add_hit(hits, count, at, what, e.speed_kmh, moved_m, e.time_ms)
        count = judge_quality(at, e, p, valid, checks, hits, count)
    return len(entries), count


@dataclass(frozen=True, slots=True)
class Asked:
    """What a rulebook asks, as the kernels want it, and how findings are told."""

    terms: NDArray[np.void]
    parameters: NDArray[np.void]
    hours: NDArray[np.uint8]
    valid: NDArray[np.float64]
    bits: int
    teller: Teller


@kept
def _asked(book: Rulebook) -> Asked:
    return Asked(
        _terms(book),
        compile_parameters(book, _PLAN),
        forbidden_hours.hours_table(book),
        quality.valid_ranges(book),
        terminal_alarms.watched_bits(book),
        _teller(book),
    )


class ConditionWatch:
    """The family at work."""

    def __init__(self, setting: Setting) -> None:
        asked = _asked(setting.book)
        self._setting, self._asked, self.teller = setting, asked, asked.teller
        self._holding = Holding("conditions", asked.terms)
        self._parameters = asked.parameters
        self._exempt = forbidden_hours.Exempt(setting.book, setting.zones.routes)
        self._checks = Records(speed_check.LAYOUT)
        self._hits = np.empty(_ROOM, HIT)

    @property
    def tables(self) -> Mapping[str, Table]:
        return {**self._holding.tables, "speed_checks": self._checks}

    def step(self, batch: Batch) -> None:
        """Take the entries of a batch."""
        vehicles = len(self._setting.vehicles)
        self._holding.first.grow(vehicles)
        if len(self._checks) < vehicles and not np.isnan(batch.entries["recorder_speed_kmh"]).all():
            # Fleets without recorders keep nothing for their checks.
            self._checks.grow(vehicles)
        self._exempt.follow(self._setting.vehicles.keys)
        begin, entries, already, asked = 0, batch.entries, batch.found.count, self._asked
        while begin < len(entries):
            end, count = _judge(
                begin, entries, asked.parameters, asked.hours, tuple(self._exempt.spans),
                asked.valid, asked.bits, self._checks.rows, self._hits,
            )  # fmt: skip
            self._holding.step(begin, end, entries, self._hits[:count], batch.found)
            begin = end
        quality.date_silences(batch.found.since(already), self._parameters)

    def open_findings(self) -> NDArray[np.void]:
        """The conditions that hold."""
        findings = self._holding.open_findings()
        quality.date_silences(findings, self._parameters)
        return findings

    def silences(self, until_ms: int, heard_since_ms: int) -> Silences:
        """The silences that have lasted long enough at a time and last on."""
        return silence.find(self._setting.vehicles, self._parameters, until_ms, heard_since_ms)

    def silence_findings(self, found: Silences) -> NDArray[np.void]:
        """Some of them as findings."""
        findings = silence.findings_of(found)
        quality.date_silences(findings, self._parameters)
        return findings


RULES = {
    **terminal_alarms.RULES,
    HOURS: "forbidden_hours",
    HOURS_SOON: "forbidden_hours_pre",
    **quality.RULES,
}


def _teller(book: Rulebook) -> Teller:
    levels = levels_by_class(book, {what: RULES[what] for what in (HOURS, HOURS_SOON, *quality.RULES)})
    levels[: terminal_alarms.BITS] = terminal_alarms.levels_of_bits(book)
    subjects = [terminal_alarms.SUBJECTS.get(what, "") for what in range(len(levels))]
    return Teller(
        RULES,
        partial(_describe, book, levels),
        subjects=subjects_by("what", subjects),
        is_silent=silent_at(levels, RULES),
    )


def _describe(book: Rulebook, levels: Levels, finding: Any) -> Told:
    what = finding.what
    level = levels[what][finding.vehicle_class]
    if what < terminal_alarms.BITS:
        return terminal_alarms.describe(finding, level)
    if what in (HOURS, HOURS_SOON):
        return forbidden_hours.describe(finding, level, book, reminder=what == HOURS_SOON)
    return quality.describe(finding, level)


class ConditionFamily:
    """As `rules.families` lists it."""

    name = "conditions"

    def watch(self, setting: Setting) -> Watch:
        """Set it to work."""
        return ConditionWatch(setting)


FAMILY = ConditionFamily()
