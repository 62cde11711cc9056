"""From active-safety alarms to hits: the rule each stands for, how grave it is, the risks it is part of.

One loop over the alarms of a batch. Few reports carry any, so what counts is what a batch costs that has one
or none: as columns this was some sixty numpy calls, 0.3 ms however small the batch.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from rules.holding import HIT, MOST_HITS
from rules.local_time import DAY_MS, OFFSET_MS
from rules.records import Layout, record_type
from rules.reports import Reports
from rules.safety import ADAS, DSM, FLAG_END, FLAG_START, TPMS, TYRES_UNTOLD, SafetyAlarms, identity_of
from rules.safety_bits import TYRE_BITS, pack
from rules.safety_kinds import GUANGDONG, KIND_TABLE, NO_KIND, NUMBER
from rules.safety_law import SafetyLaw
from rules.vehicles import Vehicles

# Fused risks follow the kinds; the numbers are in snapshots.
FIRST_FUSED = 40
FUSED_FATIGUE, FUSED_PHONE, FUSED_HEADWAY = range(FIRST_FUSED, FIRST_FUSED + 3)

MOST_ALARMS = MOST_HITS // 2
"""Alarms of one report that are merged: each can be a hit and a fused one. A report has room for 23."""

NO_HITS = np.zeros(0, HIT), np.zeros(0, np.int64)

_SAID: Layout = {
    "peripheral": ("u1", 0),
    "dialect": ("u1", 0),
    "event": ("u1", 0),
    "flag": ("u1", 0),
    "level": ("u1", 0),
    "degree": ("u1", 0),
    "speed_kmh": ("u1", 0),
    "attachments": ("u1", 0),
    "tyre_bits": ("i4", 0),
    "tyres": ("u4", 0),
}
_ALARM = record_type(
    {
        **_SAID,
        "key": ("i8", 0),
        "report": ("i8", 0),
        "time_ms": ("i8", 0),  # of the report
        "row": ("i4", 0),  # of the vehicle, -1 where it is not known
        "at": ("i4", 0),  # the report's entry, -1 where it does not count
    }
)
_FATIGUE, _HEADWAY = NUMBER["dsm_fatigue"], NUMBER["adas_headway"]
_PHONE, _PHONE_PLAY, _TYRES = NUMBER["dsm_phone"], NUMBER["dsm_phone_play"], NUMBER["tpms"]
_MINUTE_MS = 60_000
_UNTOLD = b"\x00"


def find_hits(
    entries: NDArray[np.void], reports: Reports, vehicles: Vehicles, law: SafetyLaw
) -> tuple[NDArray[np.void], NDArray[np.int64]]:
    """A hit for each alarm that stands for a rule and for each fused risk, in order of entry, fused ones
    last; and the alarm each came from."""
    alarms = _records(reports, vehicles)
    _find_entries(alarms, entries)
    order = alarms["at"].argsort(kind="stable")
    hits, of = np.zeros(2 * len(alarms), HIT), np.empty(2 * len(alarms), np.int64)
    count = _write(entries, alarms, order, KIND_TABLE, tuple(law), hits, of)
    return hits[:count], of[:count]


def _records(reports: Reports, vehicles: Vehicles) -> NDArray[np.void]:
    """The alarms of reports as records: the same to a kernel wherever their columns came from."""
    alarms: SafetyAlarms = reports.safety
    records = np.empty(len(alarms), _ALARM)
    for name in _SAID:
        records[name] = getattr(alarms, name)
    records["key"] = [_key(identifier) for identifier in alarms.identifier.tolist()]
    records["report"] = alarms.row
    records["time_ms"] = reports.time_ms[alarms.row]
    records["row"] = vehicles.index.find(reports.vehicle_key[alarms.row])
    return records


def _key(identifier: bytes) -> int:
    """Identity of an alarm as a number; 0 where a terminal left the identifier empty."""
    if not identifier.strip(_UNTOLD):
        return 0
    key = blake2b(identity_of(identifier), digest_size=8).digest()
    return int.from_bytes(key, "big", signed=True) or 1


@kernel
def _find_entries(alarms: Any, entries: Any) -> None:
    """Write the entry of each alarm's report. They are in order of vehicle, time and report."""
    for one in range(len(alarms)):
        a = alarms[one]
        low, high = 0, len(entries)
        while low < high:
            middle = (low + high) // 2
            e = entries[middle]
            before = e.row < a.row
            if e.row == a.row:
                before = e.time_ms < a.time_ms or (e.time_ms == a.time_ms and e.report < a.report)
            if before:
                low = middle + 1
            else:
                high = middle
        a.at = low if low < len(entries) and entries[low].report == a.report else -1


@kernel
def _write(entries: Any, alarms: Any, order: Any, kinds: Any, asked: Any, hits: Any, of: Any) -> int:
    """Write the hits of alarms, taken in `order` of their entries; returns how many."""
    law = SafetyLaw(*asked)
    count, one = 0, 0
    while one < len(order):
        begin, at = count, alarms[order[one]].at
        while one < len(order) and alarms[order[one]].at == at:
            if at >= 0 and count - begin < MOST_ALARMS:
                made = _write_plain(entries[at], alarms[order[one]], kinds, law, hits[count])
                of[count] = order[one]
                count += made
            one += 1
        if count > begin:
            count = _write_fused(entries[at], begin, count, law, hits, of)
    return count


@kernel
def _write_plain(e: Any, alarm: Any, kinds: Any, law: Any, hit: Any) -> int:
    """The hit of an alarm; returns 0 where it stands for no rule or tells of tyres that nothing ails."""
    kind = kinds[alarm.peripheral, 1 if alarm.dialect == GUANGDONG else 0, alarm.event]
    level = _level_of_tyres(alarm.tyre_bits, law.tyre_level[e.vehicle_class])
    if kind == NO_KIND or (alarm.peripheral == TPMS and level == 0):
        return 0
    sent = _sent(alarm, law.grade_kmh[e.vehicle_class])
    if kind != _TYRES:
        level = law.sent_level[e.vehicle_class, sent]
    least = law.least_level[e.vehicle_class, kind]
    told = 0 if alarm.tyre_bits == TYRES_UNTOLD else alarm.tyre_bits
    hit.at, hit.what, hit.grade = alarm.at, kind, min(level, least) if least > 0 else level
    hit.bits = pack(sent, told, alarm.tyres, alarm.degree if kind == _FATIGUE else 0)
    hit.counted = alarm.attachments
    hit.awaits, hit.ends = alarm.flag == FLAG_START, alarm.flag == FLAG_END
    hit.value, hit.since_ms, hit.key = alarm.speed_kmh, e.time_ms, alarm.key
    return 1


@kernel
def _sent(alarm: Any, grade_kmh: float) -> int:
    """The level as sent, 0 to 2. Where a camera sends none, that of its speed."""
    if alarm.level == 1 or alarm.level == 2:
        return int(alarm.level)
    if alarm.peripheral != ADAS and alarm.peripheral != DSM:
        return 0
    return 2 if alarm.speed_kmh > grade_kmh else 1


@kernel
def _level_of_tyres(tyre_bits: int, levels: Any) -> int:
    """Our level of the events of tyres: the gravest of their bits, 0 where none makes an alarm. Untold, -1,
    has every bit: it was an alarm as long as nobody told which."""
    gravest = 0
    for bit in range(TYRE_BITS):
        graver = levels[bit] > 0 and (gravest == 0 or levels[bit] < gravest)
        if graver and (tyre_bits >> bit) & 1:
            gravest = int(levels[bit])
    return gravest


@kernel
def _write_fused(e: Any, begin: int, end: int, law: Any, hits: Any, of: Any) -> int:
    """The fused risks of the hits of one entry, behind them; returns where they end."""
    count = end
    for fused in range(FUSED_FATIGUE, FUSED_HEADWAY + 1):
        for one in range(begin, end):
            plain = hits[one]
            speed_kmh = plain.value if plain.value > 0 else e.speed_kmh
            if not _is_risk(fused, plain.what, speed_kmh, e, law):
                continue
            hits[count] = plain
            hits[count].what, hits[count].grade = fused, 0
            hits[count].value = e.wheel_ms / 1000 if fused == FUSED_FATIGUE else speed_kmh
            of[count] = of[one]
            count += 1
    return count


@kernel
def _is_risk(fused: int, kind: int, speed_kmh: float, e: Any, law: Any) -> bool:
    """Whether an alarm at an entry makes a fused risk."""
    if fused == FUSED_FATIGUE:
        return bool(kind == _FATIGUE and e.wheel_ms >= law.wheel_ms[e.vehicle_class])
    if fused == FUSED_PHONE:
        on_phone = kind in (_PHONE, _PHONE_PLAY)
        return bool(on_phone and speed_kmh > law.phone_kmh[e.vehicle_class])
    minute = (e.time_ms + OFFSET_MS) % DAY_MS // _MINUTE_MS
    return bool(kind == _HEADWAY and law.headway[e.vehicle_class, minute])
