"""Active safety: the alarms of ADAS, DSM, tyre and blind-spot devices merged to episodes, and fused risks.

Alarms of one rule and vehicle with pauses of at most `safety_join_s` are one episode, up to `safety_cap_s`.
An alarm that was said to have begun goes on until its end is said, within the same bound: the end is no alarm
of its own. A level as sent of 2 is the graver one of the standard; ours count from 1, the gravest. A fused
risk is an alarm together with what else is known of the moment: hours at the wheel, speed, night.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from rules.family import Batch, Setting, Table, Watch
from rules.holding import Holding, new_terms
from rules.identity import alert_id
from rules.rulebook import CLASS_CODES, Rulebook
from rules.safety_bits import joined
from rules.safety_hits import FIRST_FUSED, NO_HITS, find_hits
from rules.safety_kinds import KINDS
from rules.safety_law import safety_law
from rules.telling import Levels, Teller, Told, levels_by_class

FUSED = ("fused_fatigue", "fused_phone", "fused_headway")
RULES = {**dict(enumerate(KINDS)), **dict(enumerate(FUSED, FIRST_FUSED))}


@kept
def _terms(book: Rulebook) -> NDArray[np.void]:
    terms = new_terms(CLASS_CODES)
    join_ms = np.rint(book.by_class("safety_join_s") * 1000).astype(np.int64)
    terms["hold_ms"] = terms["join_ms"] = join_ms[:, None]
    terms["cap_ms"] = np.rint(book.by_class("safety_cap_s") * 1000).astype(np.int64)[:, None]
    return terms


class SafetyWatch:
    """The family at work. `merged` names the alert of each alarm of the last batch that was made into one,
    `fused` the combined risk."""

    def __init__(self, setting: Setting) -> None:
        book = setting.book
        self.merged: dict[int, str] = {}
        self.fused: dict[int, str] = {}
        self._setting = setting
        self._holding = Holding("active_safety", _terms(book))
        self.teller = _teller(book)
        self._law = safety_law(book)
        self._off = set(book.safety_off)

    @property
    def tables(self) -> Mapping[str, Table]:
        return self._holding.tables

    def step(self, batch: Batch) -> None:
        """Take the entries of a batch and the alarms of its reports."""
        self._holding.first.grow(len(self._setting.vehicles))
        self.merged, self.fused = {}, {}
        entries, reports = batch.entries, batch.reports
        hits, alarm = NO_HITS
        if len(reports.safety):
            hits, alarm = find_hits(entries, reports, self._setting.vehicles, self._law)
        if len(hits) or self._holding.slots.used:
            self._holding.step(0, len(entries), entries, hits, batch.found)
        if len(hits):
            self._name(entries, hits, alarm)

    def _name(self, entries: NDArray[np.void], hits: NDArray[np.void], alarm: NDArray[np.int64]) -> None:
        """Say which alert became of each alarm."""
        keys = self._setting.vehicles.keys[entries["row"][hits["at"]]].tolist()
        whats, starts_ms = hits["what"].tolist(), hits["start_ms"].tolist()
        for what, one, key, start_ms in zip(whats, alarm.tolist(), keys, starts_ms, strict=True):
            rule = RULES[what]
            if rule not in self._off:
                named = self.merged if what < FIRST_FUSED else self.fused
                named[one] = alert_id(key, rule, start_ms)

    def open_findings(self) -> NDArray[np.void]:
        """The episodes that go on."""
        return self._holding.open_findings()


@kept
def _teller(book: Rulebook) -> Teller:
    levels = levels_by_class(book, {what: rule for what, rule in RULES.items() if what >= FIRST_FUSED})
    silent = np.zeros((len(levels), CLASS_CODES), bool)
    for what, rule in RULES.items():
        if what >= FIRST_FUSED:
            silent[what] = np.array(levels[what]) == 0
        silent[what] |= rule in book.safety_off

    def is_silent(findings: NDArray[np.void]) -> NDArray[np.bool_]:
        what = findings["what"]
        off: NDArray[np.bool_] = silent[what, findings["vehicle_class"]]
        off |= (what < FIRST_FUSED) & (findings["grade"] == 0)
        return off

    return Teller(RULES, partial(_describe, levels), is_silent=is_silent)


def _describe(levels: Levels, finding: Any) -> Told:
    """A finding in words."""
    what = finding.what
    rule = RULES[what]
    detail: dict[str, Any] = {"alarms": finding.points, **joined(rule, finding.bits)}
    detail["attachments"] = finding.counted
    detail["driving_s" if rule == "fused_fatigue" else "max_speed_kmh"] = finding.a
    level = finding.grade if what < FIRST_FUSED else levels[what][finding.vehicle_class]
    return Told(level, detail)


class SafetyFamily:
    """As `rules.families` lists it; behind the family that writes hours at the wheel."""

    name = "active_safety"

    def watch(self, setting: Setting) -> Watch:
        """Set it to work."""
        return SafetyWatch(setting)


FAMILY = SafetyFamily()
