"""The zone rules: which zones each position is in, and what follows from it.

Boundary points are inside. Reports without a fix are passed over: they neither enter nor leave a zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.kernel import kernel
from geo.zones import Zone, ZoneSet
from rules.family import Batch, Setting, Table
from rules.finding import FINDING, UPDATE, seconds
from rules.limit_runs import RUN_LAYOUT, new_run, not_over, over, spent, tier_of
from rules.limits import ZONE, is_night
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
from rules.records import NO_ROW, NONE, Layout, Records
from rules.rulebook import Rulebook
from rules.slots import COUNT, Slots, take_slot, unstring
from rules.speeding import SPEED_DECIMALS, Words, open_runs, speed_fields, tiers_of
from rules.telling import Teller, Told, subjects_by
from rules.zone_plan import CROSSING, WHATS, ZonePlan, holds_for, make_plan

MAX_ZONES_AT_A_POINT = 64
"""Zones that count at one position; further ones, in the order of the zone file, are ignored and counted.

It bounds the state of a vehicle and what one report can cause. Hand-made zones overlap two or three deep,
those of several authorities on one bridge perhaps ten: more than 64 are a file that has each zone many times.
"""

MOST_FINDINGS = 9 * MAX_ZONES_AT_A_POINT
"""Findings that one entry can cause: of every zone left 3 presences and a run end; of every zone entered 3
presences are found, and a run ends at a gap and another is found."""

RULES = ("zone_enter", "zone_exit", "zone_stay", "zone_forbidden", "zone_speed")

PLAN: Plan = {
    "join_ms": ("i8", "speeding_join_s"),
    "night_from_ms": ("i8", "night_start_h"),
    "night_to_ms": ("i8", "night_end_h"),
}

_OF_VEHICLE: Layout = {"presence": ("i4", NO_ROW), "run": ("i4", NO_ROW)}

_SLOTS = 4 * MAX_ZONES_AT_A_POINT  # more than one entry can take


@kernel
def places(entries: Any, x: Any, y: Any) -> None:
    """Where the entries are, in degrees; NaN for those without a fix."""
    for at in range(len(entries)):
        e = entries[at]
        x[at], y[at] = e.said_longitude_deg if e.positioned else np.nan, e.said_latitude_deg


@kernel
def pair_starts(point: Any, pairs: Any) -> None:
    """Where the pairs of each position begin, and where the last ones end; `point` is that of each pair."""
    pair = 0
    for at in range(len(pairs)):
        while pair < len(point) and point[pair] < at:
            pair += 1
        pairs[at] = pair


@kernel
def step(
    begin: int, entries: Any, pairs: Any, zones: Any, asked: Any, parameters: Any, tiers_percent: Any,
    first: Any, slots: Any, free: Any, runs: Any, free_runs: Any, findings: Any, ignored: Any,
) -> tuple[int, int]:  # fmt: skip
    """Take entries; those of entry i are in `zones[pairs[i]:pairs[i + 1]]`. What they ask comes
    as a plain tuple: numba takes longer to look at a named one than a small batch takes."""
    plan, count = ZonePlan(*asked), 0
    for at in range(begin, len(entries)):
        e = entries[at]
        owner = first[e.row]
        begin_pair, end_pair = pairs[at], pairs[at + 1]
        if not e.positioned or (begin_pair == end_pair and owner.presence == NO_ROW and owner.run == NO_ROW):
            continue
        most = min(end_pair - begin_pair, MAX_ZONES_AT_A_POINT)
        if len(findings) - count < MOST_FINDINGS or free[COUNT] < WHATS * most or free_runs[COUNT] < most:
            return at, count
        counted = 0
        for pair in range(begin_pair, end_pair):
            zone = zones[pair]
            if not holds_for(plan, zone, e.vehicle_class, e.time_ms):
                continue
            if counted == MAX_ZONES_AT_A_POINT:
                ignored[0] += 1
                continue
            counted += 1
            z, p = plan.zones[zone], parameters[e.vehicle_class]
            if z.asks:
                count = be_inside(e, zone, plan, owner, slots, free, findings, count, at)
            e.weather_limit_kmh = min(e.weather_limit_kmh, z.weather_kmh)
            limit_kmh = z.limit_kmh
            if z.night_kmh != limit_kmh and is_night(e.time_ms, p.night_from_ms, p.night_to_ms):
                limit_kmh = z.night_kmh
            e.zone_limit_kmh = min(e.zone_limit_kmh, limit_kmh)
            if e.speed_kmh > limit_kmh:
                number = run_of(e, zone, owner, runs, free_runs)
                runs[number].seen = True
                tier = tier_of(e.speed_kmh, limit_kmh, tiers_percent)
                count = over(
                    runs[number], e, limit_kmh, ZONE, tier, e.fix_gap, z.run_min_ms, p.join_ms,
                    findings, count, at,
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
            owner.run = unstring(runs, free, owner.run, before, number)
        else:
            before = number
        number = following
    return count


@dataclass(frozen=True, slots=True)
class Asked:
    """What each zone asks under a rulebook, and how its findings are told."""

    plan: ZonePlan
    parameters: NDArray[np.void]
    tiers_percent: NDArray[np.float64]
    teller: Teller


@kept
def _asked(book: Rulebook, zones: ZoneSet) -> Asked:
    names = [zone.id for zone in zones.zones]
    shortest = book.entries["speeding_min_s"]
    run_min_s = np.array([shortest.value_for(zone=name) for name in names], float)
    plan = make_plan(zones, np.rint(run_min_s * 1000).astype(np.int64))
    of_rule = (book.entries[f"{rule}_level"] for rule in RULES[:SPED])
    levels = [[int(entry.value_for(zone=name)) for name in names] for entry in of_rule]
    teller = Teller(
        dict(enumerate(RULES)),
        partial(describe, zones.zones, Words.of(book), levels),
        SPEED_DECIMALS,
        subjects_by("zone", names),
    )
    return Asked(plan, compile_parameters(book, PLAN), tiers_of(book), teller)


def check_zones(book: Rulebook, zones: ZoneSet) -> None:
    """See that a rulebook can be applied to zones. Raises `ZoneError`."""
    _asked(book, zones)


class ZoneWatch:
    """The zone rules at work."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        asked = _asked(setting.book, setting.zones)
        self._asked, self.teller = asked, asked.teller
        self._presence = Slots(PRESENCE_LAYOUT)
        self._runs = Slots(RUN_LAYOUT)
        self._first = Records(_OF_VEHICLE)
        self._ignored = np.zeros(1, np.int64)

    @property
    def tables(self) -> Mapping[str, Table]:
        return {"presence": self._presence, "zone_speed": self._runs, "zones_of_vehicle": self._first}

    @property
    def ignored(self) -> int:
        """Pairs of report and zone passed over because too many zones overlap at one position."""
        return int(self._ignored[0])

    def step(self, batch: Batch) -> None:
        """Take the entries of a batch, and write the zones' limits."""
        if not len(self._setting.zones.zones):
            return
        entries = batch.entries
        self._first.grow(len(self._setting.vehicles))
        x, y = np.empty(len(entries)), np.empty(len(entries))
        places(entries, x, y)
        point, zone = self._setting.zones.query(x, y)
        pairs = np.empty(len(entries) + 1, np.int32)
        pair_starts(point, pairs)
        begin, asked = 0, self._asked
        while begin < len(entries):
            self._presence.provide(_SLOTS)
            self._runs.provide(_SLOTS)
            begin, count = step(
                begin, entries, pairs, zone, tuple(asked.plan), asked.parameters, asked.tiers_percent,
                self._first.rows, self._presence.rows, self._presence.free, self._runs.rows, self._runs.free,
                batch.found.room(2 * MOST_FINDINGS), self._ignored,
            )  # fmt: skip
            batch.found.add(count)

    def open_findings(self) -> NDArray[np.void]:
        """The stays, forbidden presences and runs that go on, as of each vehicle's newest position."""
        runs = open_runs(self._runs)
        if not self._presence.used:
            return runs
        table, owned = self._presence.rows, self._presence.of_owners()
        held = (table["found_ms"][owned] != NONE) & (table["what"][owned] != CROSSING)
        here = owned[held].tolist()
        records = np.zeros(len(here), FINDING)
        count = 0
        for number in here:
            count = tell_presence(table[number], UPDATE, records, count, 0)
        return np.concatenate([records, runs])


def describe(zones: Sequence[Zone], words: Words, levels: Sequence[Sequence[int]], finding: Any) -> Told:
    """A finding in words; `levels` has one for each rule and zone."""
    what, zone = finding.what, zones[finding.zone]
    detail = zone_names(zone)
    if what == SPED:
        detail |= speed_fields(words, finding)
        return Told(words.tier_level[int(finding.d)], detail)
    if what in (STAYED, BANNED):
        detail["stay_s"] = seconds(finding.a)
    if what == STAYED:
        detail["max_stay_s"] = zone.max_stay_s
    return Told(levels[what][finding.zone], detail)


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
