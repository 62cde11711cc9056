"""The zone rules: which zones each position is in, and what follows from it.

Boundary points are inside. Reports without a fix are passed over: they neither enter nor leave a zone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from geo.zones import Zone, ZoneSet
from rules import finding
from rules.change import EpisodeChange
from rules.family import Batch, Setting, Table
from rules.finding import FINDING, MOST_AN_ENTRY, UPDATE, Finding, Told, finding_of, rows_of, seconds
from rules.limit_runs import RUN_LAYOUT, new_run, not_over, over, spent, tier_of
from rules.limits import ZONE
from rules.parameters import Plan, compile_parameters
from rules.presence import (
    BANNED,
    PRESENCE_LAYOUT,
    SPED,
    STAYED,
    be_inside,
    leave_unseen,
    tell_presence,
)
from rules.records import NO_ROW, NONE, Records
from rules.rulebook import Rulebook
from rules.slots import COUNT, Slots, give_back, take_slot
from rules.speeding import Words, open_runs, speed_fields
from rules.zone_plan import CROSSING, ZonePlan, is_valid, make_plan

MAX_ZONES_AT_A_POINT = 8
"""Zones that count at one position; further ones, in the order of the zone file, are ignored and counted.

It bounds the state of a vehicle. Hand-made zones overlap two or three deep; eight leaves room.
"""

RULES = ("zone_enter", "zone_exit", "zone_stay", "zone_forbidden", "zone_speed")

PLAN: Plan = {"join_ms": ("i8", "speeding_join_s")}

_SLOTS = 256
_FEW = 4 * MAX_ZONES_AT_A_POINT  # slots that one entry can take


@kernel
def step(
    begin: int, entries: Any, pairs: Any, zones: Any, plan: Any, parameters: Any, tiers_percent: Any,
    first: Any, slots: Any, free: Any, runs: Any, free_runs: Any, findings: Any, ignored: Any,
) -> tuple[int, int]:  # fmt: skip
    """Take entries; those of entry i are in `zones[pairs[i]:pairs[i + 1]]`."""
    count = 0
    for at in range(begin, len(entries)):
        e = entries[at]
        owner = first[e.row]
        begins, ends = pairs[at], pairs[at + 1]
        if not e.positioned or (begins == ends and owner.presence == NO_ROW and owner.run == NO_ROW):
            continue
        if len(findings) - count < MOST_AN_ENTRY or min(free[COUNT], free_runs[COUNT]) < _FEW:
            return at, count
        counted = 0
        for pair in range(begins, ends):
            zone = zones[pair]
            if not plan.for_class[e.vehicle_class, zone] or not is_valid(plan, zone, e.time_ms):
                continue
            if counted == MAX_ZONES_AT_A_POINT:
                ignored[0] += 1
                continue
            counted += 1
            count = be_inside(e, zone, plan, owner, slots, free, findings, count, at)
            e.weather_limit_kmh = min(e.weather_limit_kmh, plan.weather_kmh[zone])
            e.zone_limit_kmh = min(e.zone_limit_kmh, plan.limit_kmh[zone])
            if e.speed_kmh > plan.limit_kmh[zone]:
                p = parameters[e.vehicle_class]
                number = run_of(e, zone, owner, runs, free_runs)
                runs[number].seen = True
                tier = tier_of(e.speed_kmh, plan.limit_kmh[zone], tiers_percent)
                count = over(
                    runs[number], e, plan.limit_kmh[zone], ZONE, tier, e.fix_gap,
                    plan.run_min_ms[zone], p.join_ms, findings, count, at,
                )  # fmt: skip
        count = leave_unseen(e, plan, owner, slots, free, findings, count, at)
        count = slow_down(e, owner, runs, free_runs, parameters, findings, count, at)
    return len(entries), count


@kernel
def run_of(e: Any, zone: int, owner: Any, runs: Any, free: Any) -> int:
    """The vehicle's run over a zone's limit; a new one where there is none."""
    number = owner.run
    while number != NO_ROW and runs[number].zone != zone:
        number = runs[number].next
    if number == NO_ROW:
        number = take_slot(runs, free, e.row, owner.run)
        owner.run = number
        new_run(runs[number], zone, SPED)
    return number  # type: ignore[no-any-return]


@kernel
def slow_down(
    e: Any, owner: Any, runs: Any, free: Any, parameters: Any, findings: Any, count: int, at: int
) -> int:
    """End the runs that the entry did not go on with, and forget those that can matter no more."""
    join_ms = parameters[e.vehicle_class].join_ms
    before, number = NO_ROW, owner.run
    while number != NO_ROW:
        r = runs[number]
        following = r.next
        if not r.seen:
            count = not_over(r, findings, count, at)
        r.seen = False
        if spent(r, e.time_ms, join_ms):
            if before == NO_ROW:
                owner.run = following
            else:
                runs[before].next = following
            give_back(runs, free, number)
        else:
            before = number
        number = following
    return count


Levels = list[list[int]]
"""A level for each rule and zone."""

_KEPT: deque[tuple[Rulebook, ZoneSet, ZonePlan, Levels]] = deque(maxlen=4)
"""What was made of the newest rulebooks and zones: late reports and history make engines often."""


def _asked(book: Rulebook, zones: ZoneSet) -> tuple[ZonePlan, Levels]:
    """What each zone asks under a rulebook."""
    for known_book, known_zones, plan, levels in _KEPT:
        if known_book is book and known_zones is zones:
            return plan, levels
    names = [zone.id for zone in zones.zones]
    shortest = book.entries["speeding_min_s"]
    run_min_s = np.array([shortest.value_for(zone=name) for name in names], float)
    plan = make_plan(zones, np.rint(run_min_s * 1000).astype(np.int64))
    of_rule = (book.entries[f"{rule}_level"] for rule in RULES[:SPED])
    levels = [[int(entry.value_for(zone=name)) for name in names] for entry in of_rule]
    _KEPT.append((book, zones, plan, levels))
    return plan, levels


class ZoneWatch:
    """The zone rules at work."""

    def __init__(self, setting: Setting) -> None:
        book = setting.book
        self._setting = setting
        self._plan, self._levels = _asked(book, setting.zones)
        self._parameters = compile_parameters(book, PLAN)
        self._words = Words.of(book)
        self._tiers_percent = np.array(book.speeding_tier_percent, np.float64)
        self._presence = Slots(PRESENCE_LAYOUT)
        self._runs = Slots(RUN_LAYOUT)
        self._first = Records({"presence": ("i4", NO_ROW), "run": ("i4", NO_ROW)})
        self._findings = finding.buffer()
        self._ignored = np.zeros(1, np.int64)

    @property
    def tables(self) -> Mapping[str, Table]:
        return {"presence": self._presence, "zone_speed": self._runs, "zones_of_vehicle": self._first}

    @property
    def ignored(self) -> int:
        """Pairs of report and zone passed over because too many zones overlap at one position."""
        return int(self._ignored[0])

    def step(self, batch: Batch) -> list[Finding]:
        """Take the entries of a batch; tell what changed, and write the zones' limits."""
        if not len(self._setting.zones.zones):
            return []
        entries = batch.entries
        self._first.grow(len(self._setting.vehicles))
        x = np.where(entries["positioned"], entries["said_longitude_deg"], np.nan)
        point, zone = self._setting.zones.query(x, np.ascontiguousarray(entries["said_latitude_deg"]))
        pairs = np.zeros(len(entries) + 1, np.int64)
        np.cumsum(np.bincount(point, minlength=len(entries)), out=pairs[1:])
        found: list[Finding] = []
        begin = 0
        while begin < len(entries):
            self._presence.provide(_SLOTS)
            self._runs.provide(_SLOTS)
            begin, count = step(
                begin, entries, pairs, zone, self._plan, self._parameters, self._tiers_percent,
                self._first.rows, self._presence.rows, self._presence.free, self._runs.rows, self._runs.free,
                self._findings, self._ignored,
            )  # fmt: skip
            found += self._told(self._findings[:count])
        return found

    def open_changes(self) -> list[EpisodeChange]:
        """The stays, forbidden presences and runs that go on, as of each vehicle's newest position."""
        table = self._presence.rows
        here = [n for n in self._presence.of_owners() if table[n]["found_ms"] != NONE]
        here = [n for n in here if table[n]["what"] != CROSSING]
        records = np.zeros(len(here), FINDING)
        count = 0
        for number in here:
            count = tell_presence(table[number], UPDATE, records, count, 0)
        return [one.change for one in self._told(records) + self._told(open_runs(self._runs))]

    def _told(self, records: NDArray[np.void]) -> list[Finding]:
        book, keys, zones = self._setting.book, self._setting.vehicles.keys, self._setting.zones.zones
        return [
            finding_of(
                one, describe(one, zones[one["zone"]], self._words, self._levels), int(keys[one["row"]]), book
            )
            for one in rows_of(records)
        ]


def describe(record: Any, zone: Zone, words: Words, levels: Sequence[Sequence[int]]) -> Told:
    """A finding in words; `levels` has one for each rule and zone."""
    what = int(record["what"])
    rule = RULES[what]
    detail = zone_names(zone)
    if what == SPED:
        level = words.tier_level[int(record["d"])]
        return Told(rule, level, detail | speed_fields(record, words), zone.id)
    if what in (STAYED, BANNED):
        detail["stay_s"] = seconds(record["a"])
    if what == STAYED:
        detail["max_stay_s"] = zone.max_stay_s
    return Told(rule, levels[what][int(record["zone"])], detail, zone.id)


def zone_names(zone: Zone) -> dict[str, Any]:
    """The fields by which an alert names a zone."""
    return {"zone_id": zone.id, "zone_name": zone.name, "zone_name_en": zone.name_en}


@dataclass(frozen=True, slots=True)
class ZoneFamily:
    """The family, for the engine."""

    name: str = "zones"

    def watch(self, setting: Setting) -> ZoneWatch:
        """Set it to work."""
        return ZoneWatch(setting)


FAMILY = ZoneFamily()
