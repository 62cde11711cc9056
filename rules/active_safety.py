"""Active safety: the alarms of ADAS, DSM, tyre and blind-spot devices merged to episodes, and fused risks.

Alarms of one rule and vehicle with pauses of at most `safety_join_s` are one episode, up to `safety_cap_s`.
An alarm that was said to have begun goes on until its end is said, within the same bound: the end is no alarm
of its own. A level as sent of 2 is the graver one of the standard; ours count from 1, the gravest. A fused
risk is an alarm together with what else is known of the moment: hours at the wheel, speed, night.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.zone import parse_hours
from rules.family import Batch, Setting, Table, Watch
from rules.holding import HIT, MOST_HITS, Holding, new_terms
from rules.identity import alert_id
from rules.local_time import in_window, time_of_day_ms
from rules.rulebook import CLASS_CODES, Rulebook
from rules.safety import ADAS, DSM, FLAG_END, FLAG_START, TPMS, TYRES_UNTOLD, SafetyAlarms, identity_of
from rules.safety_bits import TYRE_BITS, joined, pack
from rules.safety_kinds import KINDS, NO_KIND, NUMBER, kinds_of
from rules.telling import Levels, Teller, Told, levels_by_class

# Fused risks follow the kinds; the numbers are in snapshots.
FUSED = ("fused_fatigue", "fused_phone", "fused_headway")
_FIRST_FUSED = 40
RULES = {**dict(enumerate(KINDS)), **dict(enumerate(FUSED, _FIRST_FUSED))}

MOST_ALARMS = MOST_HITS // 2
"""Alarms of one report that are merged: each can be a hit and a fused one. A report has room for 23."""

_MINUTE_MS = 60_000
_UNTOLD = b"\x00"
_NO_LEVEL = 255


@kept
def _terms(book: Rulebook) -> NDArray[np.void]:
    terms = new_terms(CLASS_CODES)
    join_ms = np.rint(book.by_class("safety_join_s") * 1000).astype(np.int64)
    terms["hold_ms"] = terms["join_ms"] = join_ms[:, None]
    terms["cap_ms"] = np.rint(book.by_class("safety_cap_s") * 1000).astype(np.int64)[:, None]
    return terms


class Grades:
    """How grave each alarm is, by the rulebook."""

    def __init__(self, book: Rulebook) -> None:
        self._grade_kmh = book.by_class("safety_grade_speed_kmh")
        self._of_sent = _lists_by_class(book, "safety_sent_level")
        self._of_tyre = _lists_by_class(book, "tpms_bit_level")
        self._least = np.array([book.by_class(f"{kind}_least_level") for kind in KINDS])

    def sent(
        self,
        peripheral: NDArray[np.uint8],
        level: NDArray[np.uint8],
        speed_kmh: NDArray[np.uint8],
        vehicle_class: NDArray[np.uint8],
    ) -> NDArray[np.uint8]:
        """The level as sent, 0 to 2. Where a camera sends none, that of its speed."""
        camera = (peripheral == ADAS) | (peripheral == DSM)
        by_speed = np.where(speed_kmh > self._grade_kmh[vehicle_class], 2, 1)
        told = (level == 1) | (level == 2)
        sent: NDArray[np.uint8] = np.where(told, level, np.where(camera, by_speed, 0)).astype(np.uint8)
        return sent

    def of_tyres(self, tyre_bits: NDArray[np.int32], vehicle_class: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Our level of the events of tyres: the gravest of their bits, 0 where none makes an alarm."""
        levels = self._of_tyre[vehicle_class]
        # Untold, -1, has every bit: it was an alarm as long as nobody told which.
        up = (tyre_bits[:, None] >> np.arange(TYRE_BITS)) & 1 > 0
        gravest = np.where(up & (levels > 0), levels, _NO_LEVEL).min(axis=1)
        told: NDArray[np.uint8] = np.where(gravest == _NO_LEVEL, 0, gravest).astype(np.uint8)
        return told

    def levels(
        self,
        kind: NDArray[np.uint8],
        sent: NDArray[np.uint8],
        tyres: NDArray[np.uint8],
        vehicle_class: NDArray[np.uint8],
    ) -> NDArray[np.uint8]:
        """Our level, 1 (gravest) to 3: that of the level as sent, of tyres that of their events, but never
        lighter than the rule's least."""
        least = self._least[kind, vehicle_class]
        ours = np.where(kind == NUMBER["tpms"], tyres, self._of_sent[vehicle_class, sent])
        graver: NDArray[np.uint8] = np.where(least > 0, np.minimum(ours, least), ours).astype(np.uint8)
        return graver


@kept
def _lists_by_class(book: Rulebook, name: str) -> NDArray[np.uint8]:
    """An entry that is a list, a row for each class."""
    return np.array([book.for_class(name, code) for code in range(CLASS_CODES)], np.uint8)


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
        self._grades = Grades(book)
        self._off = set(book.safety_off)
        self._wheel_ms = book.by_class("fused_fatigue_driving_s") * 1000
        self._phone_kmh = book.by_class("fused_phone_speed_kmh")

    @property
    def tables(self) -> Mapping[str, Table]:
        return self._holding.tables

    def step(self, batch: Batch) -> None:
        """Take the entries of a batch and the alarms of its reports."""
        self._holding.first.grow(len(self._setting.vehicles))
        alarms, self.merged, self.fused = batch.reports.safety, {}, {}
        if not len(alarms) and not self._holding.slots.used:
            return
        hits, alarm = self._hits(batch, alarms)
        self._holding.step(0, len(batch.entries), batch.entries, hits, batch.found)
        keys = self._setting.vehicles.keys
        for hit, one in zip(hits, alarm.tolist(), strict=True):
            rule = RULES[int(hit["what"])]
            if rule not in self._off:
                key = int(keys[batch.entries[hit["at"]]["row"]])
                named = self.merged if rule in KINDS else self.fused
                named[one] = alert_id(key, rule, int(hit["start_ms"]))

    def open_findings(self) -> NDArray[np.void]:
        """The episodes that go on."""
        return self._holding.open_findings()

    def _hits(self, batch: Batch, alarms: SafetyAlarms) -> tuple[NDArray[np.void], NDArray[np.int64]]:
        """A hit for each alarm that stands for a rule and for each fused risk, in order of entry, and the
        alarm each came from."""
        entry_of = np.full(len(batch.reports), -1, np.int64)
        entry_of[batch.entries["report"]] = np.arange(len(batch.entries))
        kind = kinds_of(alarms.peripheral, alarms.dialect, alarms.event)
        kind[self._untroubled(alarms, batch.reports.vehicle_class)] = NO_KIND
        at = entry_of[alarms.row]
        which = ((at >= 0) & (kind != NO_KIND)).nonzero()[0]
        which = which[at[which].argsort(kind="stable")]
        which = which[_nth_of_its_entry(at[which]) < MOST_ALARMS]
        plain = self._plain_hits(batch.entries[at[which]], at[which], kind[which], alarms, which)
        fused, of = self._fused_hits(batch.entries[at[which]], plain)
        order = np.append(plain["at"], fused["at"]).argsort(kind="stable")
        return np.concatenate([plain, fused])[order], np.append(which, which[of])[order]

    def _untroubled(self, alarms: SafetyAlarms, vehicle_class: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The items of tyres that report no alarm of any tyre."""
        of_tyres = (alarms.peripheral == TPMS).nonzero()[0]
        classes = vehicle_class[alarms.row[of_tyres]]
        quiet: NDArray[np.int64] = of_tyres[self._grades.of_tyres(alarms.tyre_bits[of_tyres], classes) == 0]
        return quiet

    def _plain_hits(
        self,
        entries: NDArray[np.void],
        at: NDArray[np.int64],
        kind: NDArray[np.uint8],
        alarms: SafetyAlarms,
        which: NDArray[np.int64],
    ) -> NDArray[np.void]:
        hits = np.zeros(len(which), HIT)
        vehicle_class = entries["vehicle_class"]
        speed_kmh = alarms.speed_kmh[which]
        said = (alarms.peripheral[which], alarms.level[which], speed_kmh)
        sent = self._grades.sent(*said, vehicle_class)
        tyre_bits = alarms.tyre_bits[which]
        tyres = self._grades.of_tyres(tyre_bits, vehicle_class)
        hits["at"], hits["what"] = at, kind
        hits["grade"] = self._grades.levels(kind, sent, tyres, vehicle_class)
        tired = np.where(kind == NUMBER["dsm_fatigue"], alarms.degree[which], 0)
        told = np.where(tyre_bits == TYRES_UNTOLD, 0, tyre_bits)
        hits["bits"] = pack(sent, told, alarms.tyres[which], tired)
        hits["counted"] = alarms.attachments[which]
        hits["awaits"], hits["ends"] = alarms.flag[which] == FLAG_START, alarms.flag[which] == FLAG_END
        hits["value"] = speed_kmh
        hits["since_ms"] = entries["time_ms"]
        hits["key"] = [_key(identifier) for identifier in alarms.identifier[which].tolist()]
        return hits

    def _fused_hits(
        self, entries: NDArray[np.void], plain: NDArray[np.void]
    ) -> tuple[NDArray[np.void], NDArray[np.int64]]:
        """The fused risks of plain hits, and the hit each came from."""
        what, vehicle_class = plain["what"], entries["vehicle_class"]
        speed_kmh = np.where(plain["value"] > 0, plain["value"], entries["speed_kmh"])
        phone = (what == NUMBER["dsm_phone"]) | (what == NUMBER["dsm_phone_play"])
        now = [
            (what == NUMBER["dsm_fatigue"]) & (entries["wheel_ms"] >= self._wheel_ms[vehicle_class]),
            phone & (speed_kmh > self._phone_kmh[vehicle_class]),
            (what == NUMBER["adas_headway"]) & self._in_headway_hours(entries),
        ]
        values = [entries["wheel_ms"] / 1000, speed_kmh, speed_kmh]
        parts, of = [], []
        for number, (holds, value) in enumerate(zip(now, values, strict=True)):
            index = holds.nonzero()[0]
            hits = plain[index]
            hits["what"], hits["value"] = _FIRST_FUSED + number, value[index]
            hits["grade"] = 0
            parts.append(hits)
            of.append(index)
        return np.concatenate(parts), np.concatenate(of)

    def _in_headway_hours(self, entries: NDArray[np.void]) -> NDArray[np.bool_]:
        inside = np.zeros(len(entries), bool)
        of_day_ms = time_of_day_ms(entries["time_ms"])
        for code in np.unique(entries["vehicle_class"]).tolist():
            hours = self._setting.book.for_class("fused_headway_hours", code)
            mine = entries["vehicle_class"] == code
            for start, end in parse_hours(hours) if hours else ():
                inside |= mine & in_window(of_day_ms, start * _MINUTE_MS, end * _MINUTE_MS)
        return inside


def _nth_of_its_entry(at: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many before each have the same entry; entries are in order."""
    return np.arange(len(at)) - np.searchsorted(at, at)


def _key(identifier: bytes) -> int:
    """Identity of an alarm as a number; 0 where a terminal left the identifier empty."""
    if not identifier.strip(_UNTOLD):
        return 0
    key = blake2b(identity_of(identifier), digest_size=8).digest()
    return int.from_bytes(key, "big", signed=True) or 1


@kept
def _teller(book: Rulebook) -> Teller:
    levels = levels_by_class(book, {what: rule for what, rule in RULES.items() if what >= _FIRST_FUSED})
    silent = np.zeros((len(levels), CLASS_CODES), bool)
    for what, rule in RULES.items():
        if what >= _FIRST_FUSED:
            silent[what] = np.array(levels[what]) == 0
        silent[what] |= rule in book.safety_off

    def is_silent(findings: NDArray[np.void]) -> NDArray[np.bool_]:
        what = findings["what"]
        off: NDArray[np.bool_] = silent[what, findings["vehicle_class"]]
        off |= (what < _FIRST_FUSED) & (findings["grade"] == 0)
        return off

    return Teller(RULES, partial(_describe, levels), is_silent=is_silent)


def _describe(levels: Levels, finding: Any) -> Told:
    """A finding in words."""
    what = finding.what
    rule = RULES[what]
    detail: dict[str, Any] = {"alarms": finding.points, **joined(rule, finding.bits)}
    detail["attachments"] = finding.counted
    detail["driving_s" if rule == "fused_fatigue" else "max_speed_kmh"] = finding.a
    level = finding.grade if what < _FIRST_FUSED else levels[what][finding.vehicle_class]
    return Told(level, detail)


class SafetyFamily:
    """As `rules.families` lists it; behind the family that writes hours at the wheel."""

    name = "active_safety"

    def watch(self, setting: Setting) -> Watch:
        """Set it to work."""
        return SafetyWatch(setting)


FAMILY = SafetyFamily()
