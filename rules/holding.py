"""Conditions that hold for a while: one state machine for all rules that ask no more than that.

A judge looks at entries and says, as hits, which conditions hold at each. Here hits become episodes: a run of
reports at which a condition holds, long enough, told from its first report to its last. What a condition asks
of its runs is its terms. A run ends when its condition no longer holds; one that goes on within the time its
terms allow is the same run, and its end is empty again. State exists only while a condition holds or may go
on, in a slot strung on its vehicle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from rules.finding import CLOSE, FINDING, NO_FINDINGS, OPEN, UPDATE, place
from rules.gathering import Gathering
from rules.records import NO_ROW, NONE, Layout, Records, record_type
from rules.slots import COUNT, OF_OWNER, Slots, take_slot, unstring

NEVER_MS = 1 << 60  # longer than all time

HIT = record_type(
    {
        "at": ("i4", 0),  # the entry
        "what": ("u1", 0),  # the condition, below `CONDITIONS`
        "grade": ("u1", 0),  # of gravity, 1 the gravest; 0 has none
        "bits": ("i8", 0),  # reasons, joined over the run
        "counted": ("i4", 0),  # summed over the run, for each key once
        "awaits": ("?", False),  # an end is to come: until then the run may go on after any pause
        "ends": ("?", False),  # the end that was awaited
        "value": ("f8", 0.0),  # its highest and first are kept
        "addend": ("f8", 0.0),  # summed from the second report of a run on
        "since_ms": ("i8", 0),  # where a run that begins here begins
        "subject": ("i8", 0),  # what it is about; runs of different subjects are different
        "key": ("i8", 0),  # identity of what is hit; told again it does not count again. 0 has none
        "start_ms": ("i8", 0),  # written: the start of the run it came to belong to
    }
)

CONDITIONS = 64
"""Most conditions of one family."""
MOST_HITS = 64
"""Hits of one entry; further ones are the judge's to leave out."""

TERMS_LAYOUT: Layout = {
    "min_ms": ("i8", 0),  # a run is found once it has lasted so long
    "min_points": ("i4", 1),  # and holds so many reports
    "hold_ms": ("i8", NEVER_MS),  # longest interval between two reports of a run
    "join_ms": ("i8", 0),  # longest pause, in which it does not hold, inside a run
    "cap_ms": ("i8", NEVER_MS),  # longest run; what follows begins another
    "steady": ("f8", np.inf),  # furthest from the first value of a run
    "breaks_at_gap": ("?", False),
    "instant": ("?", False),  # told once, when it begins: start = found = end
    "interval": ("?", False),  # a thing of one interval, told as it is: no run
}
TERMS = record_type(TERMS_LAYOUT)

_SLOT: Layout = {
    "what": ("u1", 0),
    "grade": ("u1", 0),
    "vehicle_class": ("u1", 0),
    "paused": ("?", False),
    "seen": ("?", False),  # while one entry is looked at: it holds there
    "subject": ("i8", 0),
    "bridged": ("?", False),
    "bits": ("i8", 0),
    "points": ("i4", 0),
    "counted": ("i4", 0),
    "awaits": ("?", False),
    "start_ms": ("i8", NONE),
    "last_ms": ("i8", NONE),
    "found_ms": ("i8", NONE),
    "longitude_deg": ("f8", 0.0),
    "latitude_deg": ("f8", 0.0),
    "first": ("f8", 0.0),
    "most": ("f8", 0.0),
    "sum": ("f8", 0.0),
    "key_0": ("i8", 0),  # the newest keys, so many as alarms of one kind cross each other on their way
    "key_1": ("i8", 0),
    "key_2": ("i8", 0),
    "key_3": ("i8", 0),
}

_SHARED = (
    *("what", "grade", "vehicle_class", "bridged", "bits", "points", "counted", "subject"),
    *("start_ms", "found_ms"),
)
_MOST_AN_ENTRY = CONDITIONS + 2 * MOST_HITS  # findings: a slot closed; a hit closing a run and opening one


def new_terms(classes: int) -> NDArray[np.void]:
    """Terms for so many classes (rows) and all conditions (columns), as the layout's defaults."""
    terms = np.zeros((classes, CONDITIONS), TERMS)
    for name, (_, value) in TERMS_LAYOUT.items():
        terms[name] = value
    return terms


class Holding:
    """The runs of one family's conditions."""

    def __init__(self, name: str, terms: NDArray[np.void]) -> None:
        self.slots = Slots(_SLOT)
        self.first = Records(OF_OWNER)
        self._name = name
        self._terms = terms

    @property
    def tables(self) -> Mapping[str, Records | Slots]:
        """What it remembers, for snapshots."""
        return {self._name: self.slots, f"{self._name}_of_vehicle": self.first}

    def step(
        self, begin: int, end: int, entries: NDArray[np.void], hits: NDArray[np.void], found: Gathering
    ) -> None:
        """Take the entries from `begin` to `end` and their hits, in order; writes what is found.

        In a finding `what` is the condition, `a` its highest value, `b` the sum, `c` the first value.
        `start_ms` of the hits is written. The rows of `first` must reach to the last vehicle.
        """
        hit = 0
        while begin < end:
            self.slots.provide(_MOST_AN_ENTRY)
            begin, hit, count = _step(
                begin, end, hit, entries, hits, self.first.rows,
                self.slots.rows, self.slots.free, self._terms, found.room(),
            )  # fmt: skip
            found.add(count)

    def open_findings(self) -> NDArray[np.void]:
        """The runs that have been found and go on, as findings of kind UPDATE."""
        if not self.slots.used:
            return NO_FINDINGS
        slots = self.slots.rows[self.slots.of_owners()]
        slots = slots[(slots["found_ms"] != NONE) & ~slots["paused"]]
        instant = self._terms[slots["vehicle_class"], slots["what"]]["instant"]
        slots = slots[~instant]
        found = np.zeros(len(slots), FINDING)
        for name in _SHARED:
            found[name] = slots[name]
        found["longitude_deg"], found["latitude_deg"] = slots["longitude_deg"], slots["latitude_deg"]
        found["row"], found["kind"], found["end_ms"] = slots["owner"], UPDATE, NONE
        found["a"], found["b"], found["c"] = slots["most"], slots["sum"], slots["first"]
        return found


@kernel
def _step(
    begin: int, end: int, hit: int, entries: Any, hits: Any, first: Any,
    slots: Any, free: Any, terms: Any, findings: Any,
) -> tuple[int, int, int]:  # fmt: skip
    count = 0
    for at in range(begin, end):
        row = entries[at].row
        after = hit
        while after < len(hits) and hits[after].at == at:
            after += 1
        if after == hit and first[row].first == NO_ROW:
            continue
        if count + _MOST_AN_ENTRY > len(findings) or free[COUNT] < MOST_HITS:
            return at, hit, count
        e = entries[at]
        for one in range(hit, after):
            count = _take_hit(at, e, hits[one], first[row], slots, free, terms, findings, count)
        count = _pass_over(at, e, first[row], slots, free, terms, findings, count)
        hit = after
    return end, hit, count


@kernel
def _find(slots: Any, number: int, what: int, subject: int) -> int:
    while number != NO_ROW and (slots[number].what != what or slots[number].subject != subject):
        number = slots[number].next
    return number


@kernel
def _take_hit(
    at: int, e: Any, hit: Any, owner: Any, slots: Any, free: Any, terms: Any, findings: Any, count: int
) -> int:
    """The condition of a hit holds at an entry."""
    asked = terms[e.vehicle_class, hit.what]
    if asked.interval:
        hit.start_ms = hit.since_ms
        return _tell_interval(at, e, hit, findings[count], count)
    number = _find(slots, owner.first, hit.what, hit.subject)
    fresh = number == NO_ROW
    if fresh:
        number = take_slot(slots, free, e.row, owner.first)
        owner.first = number
    slot = slots[number]
    if not fresh and _breaks(e, hit, slot, asked):
        count = _close(at, slot, asked, findings, count)
        fresh = True
    news = False
    if fresh:
        _begin(e, hit, slot)
    else:
        graver = 0 < hit.grade < slot.grade
        news = graver or slot.paused
        slot.grade = hit.grade if graver else slot.grade
        slot.bridged |= e.gap
        slot.bits |= hit.bits
        if not _known(slot, hit.key):
            slot.points += 1
            slot.counted += hit.counted
        slot.most = max(slot.most, hit.value)
        slot.sum += hit.addend
    slot.last_ms, slot.paused, slot.seen = e.time_ms, False, True
    slot.awaits = hit.awaits or (slot.awaits and not hit.ends)
    hit.start_ms = slot.start_ms
    if slot.found_ms == NONE:
        if e.time_ms - slot.start_ms >= asked.min_ms and slot.points >= asked.min_points:
            slot.found_ms = e.time_ms
            slot.longitude_deg, slot.latitude_deg = place(e.longitude_deg, e.latitude_deg, e)
            _tell(at, slot, CLOSE if asked.instant else OPEN, findings[count])
            count += 1
    elif news and not asked.instant:
        _tell(at, slot, UPDATE, findings[count])
        count += 1
    return count


@kernel
def _begin(e: Any, hit: Any, slot: Any) -> None:
    slot.what, slot.grade, slot.bits, slot.vehicle_class = hit.what, hit.grade, hit.bits, e.vehicle_class
    slot.subject = hit.subject
    slot.start_ms, slot.found_ms, slot.points = hit.since_ms, NONE, 1
    slot.counted, slot.awaits = hit.counted, False
    slot.first, slot.most, slot.sum = hit.value, hit.value, 0.0
    slot.key_0, slot.key_1, slot.key_2, slot.key_3 = hit.key, 0, 0, 0
    # A run that begins with the interval before its first report lies across it.
    slot.bridged = e.gap and hit.since_ms < e.time_ms


@kernel
def _known(slot: Any, key: int) -> bool:
    """Whether a run holds this key already; it does from now on."""
    if key == 0:
        return False
    if key in (slot.key_0, slot.key_1, slot.key_2, slot.key_3):
        return True
    slot.key_3, slot.key_2, slot.key_1, slot.key_0 = slot.key_2, slot.key_1, slot.key_0, key
    return False


@kernel
def _breaks(e: Any, hit: Any, slot: Any, asked: Any) -> bool:
    """Whether a run does not go on over the interval before an entry at which it holds again."""
    pause_ms = e.time_ms - slot.last_ms
    awaited = slot.awaits and hit.ends
    if not awaited and pause_ms > (asked.join_ms if slot.paused else asked.hold_ms):
        return True
    if (asked.breaks_at_gap and e.gap) or e.time_ms - slot.start_ms > asked.cap_ms:
        return True
    return bool(abs(hit.value - slot.first) > asked.steady)


@kernel
def _pass_over(
    at: int, e: Any, owner: Any, slots: Any, free: Any, terms: Any, findings: Any, count: int
) -> int:
    """End the runs whose condition does not hold at an entry. Those that may go on after a pause are kept."""
    before, number = NO_ROW, owner.first
    while number != NO_ROW:
        slot = slots[number]
        following = slot.next
        if slot.seen:
            slot.seen = False
            before, number = number, following
            continue
        asked = terms[e.vehicle_class, slot.what]
        count = _close(at, slot, asked, findings, count)
        joinable = asked.join_ms > 0 and e.time_ms - slot.last_ms <= asked.join_ms
        if joinable or (slot.awaits and e.time_ms - slot.start_ms <= asked.cap_ms):
            slot.paused = True
            slot.bridged |= e.gap
            before, number = number, following
            continue
        owner.first = unstring(slots, free, owner.first, before, number)
        number = following
    return count


@kernel
def _close(at: int, slot: Any, asked: Any, findings: Any, count: int) -> int:
    """Tell the end of a run, unless it was never found, needs none, or was told when its pause began."""
    if slot.found_ms == NONE or asked.instant or slot.paused:
        return count
    _tell(at, slot, CLOSE, findings[count])
    return count + 1


@kernel
def _tell(at: int, slot: Any, kind: int, said: Any) -> None:
    said.at, said.row, said.kind, said.what = at, slot.owner, kind, slot.what
    said.bridged, said.grade, said.bits, said.points = slot.bridged, slot.grade, slot.bits, slot.points
    said.vehicle_class, said.subject, said.counted = slot.vehicle_class, slot.subject, slot.counted
    said.start_ms, said.found_ms = slot.start_ms, slot.found_ms
    said.end_ms = slot.last_ms if kind == CLOSE else NONE
    said.longitude_deg, said.latitude_deg = slot.longitude_deg, slot.latitude_deg
    said.a, said.b, said.c = slot.most, slot.sum, slot.first


@kernel
def _tell_interval(at: int, e: Any, hit: Any, said: Any, count: int) -> int:
    said.at, said.row, said.kind, said.what = at, e.row, CLOSE, hit.what
    said.bridged, said.grade, said.bits, said.points = e.gap, hit.grade, hit.bits, 1
    said.vehicle_class, said.subject, said.counted = e.vehicle_class, hit.subject, hit.counted
    said.start_ms, said.found_ms, said.end_ms = hit.since_ms, e.time_ms, e.time_ms
    said.longitude_deg, said.latitude_deg = place(e.longitude_deg, e.latitude_deg, e)
    said.a, said.b, said.c = hit.value, hit.addend, hit.value
    return count + 1
