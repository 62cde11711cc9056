"""Presence in zones: entering, leaving, staying too long, being where or when one must not.

A presence is an unbroken sequence of a vehicle's positions inside a zone (for what is forbidden: inside
during the zone's hours). It is found once it has lasted as long as the zone asks; data gaps do not break it.
"""

from __future__ import annotations

from typing import Any

from geo.kernel import kernel
from rules.finding import CLOSE, OPEN, place
from rules.records import NO_ROW, NONE, Layout
from rules.slots import take_slot, unstring
from rules.zone_plan import CROSSING, FORBIDDEN, STAY, WHATS, in_windows

ENTERED, LEFT, STAYED, BANNED, SPED = range(5)
"""What a finding of the zone family is about."""

PRESENCE_LAYOUT: Layout = {
    "zone": ("i4", NO_ROW),
    "what": ("u1", 0),
    "bridged": ("?", False),
    "seen": ("?", False),
    "since_ms": ("i8", NONE),
    "last_ms": ("i8", NONE),
    "found_ms": ("i8", NONE),
    "longitude_deg": ("f8", 0.0),
    "latitude_deg": ("f8", 0.0),
}


@kernel
def be_inside(
    e: Any, zone: int, plan: Any, owner: Any, slots: Any, free: Any, findings: Any, count: int, at: int
) -> int:
    """An entry's position is in a zone: begin or go on with what the zone watches. Marks slots as seen."""
    z = plan.zones[zone]
    for what in range(WHATS):
        if not (z.asks >> what) & 1:
            continue
        if what == FORBIDDEN and not in_windows(plan, z.hours, z.hours_end, e.time_ms):
            continue
        number = owner.presence
        while number != NO_ROW and not (slots[number].zone == zone and slots[number].what == what):
            number = slots[number].next
        if number == NO_ROW:
            number = take_slot(slots, free, e.row, owner.presence)
            owner.presence = number
            s = slots[number]
            s.zone, s.what, s.since_ms, s.found_ms = zone, what, e.time_ms, NONE
            # Nobody saw when the vehicle crossed if it did so in a gap; how long it stayed counts from what
            # was seen.
            s.bridged = e.fix_gap and what == CROSSING
        else:
            slots[number].bridged |= e.fix_gap
        s = slots[number]
        s.seen, s.last_ms = True, e.time_ms
        if s.found_ms == NONE and e.time_ms - s.since_ms >= (z.stay_ms if what == STAY else z.dwell_ms):
            s.found_ms = e.time_ms
            s.longitude_deg, s.latitude_deg = place(e.longitude_deg, e.latitude_deg, e)
            if what != CROSSING:
                count = tell_presence(s, OPEN, findings, count, at)
            elif z.enter:
                count = tell_crossing(e, s, ENTERED, s.bridged, findings, count, at)
    return count


@kernel
def leave_unseen(
    e: Any, plan: Any, owner: Any, slots: Any, free: Any, findings: Any, count: int, at: int
) -> int:
    """End the presences that the entry did not go on with, and take the marks off the others."""
    before, number = NO_ROW, owner.presence
    while number != NO_ROW:
        s = slots[number]
        following = s.next
        if s.seen:
            s.seen = False
            before = number
        else:
            if s.found_ms != NONE:
                if s.what != CROSSING:
                    count = tell_presence(s, CLOSE, findings, count, at)
                elif plan.zones[s.zone].exit:
                    count = tell_crossing(e, s, LEFT, e.fix_gap, findings, count, at)
            owner.presence = unstring(slots, free, owner.presence, before, number)
        number = following
    return count


@kernel
def tell_presence(s: Any, kind: int, findings: Any, count: int, at: int) -> int:
    """Append a finding about a stay or a forbidden presence: a how long it has lasted, in ms."""
    f = findings[count]
    f.at, f.row, f.kind, f.zone, f.bridged = at, s.owner, kind, s.zone, s.bridged
    f.what = STAYED if s.what == STAY else BANNED
    f.start_ms, f.found_ms = s.since_ms, s.found_ms
    f.end_ms = s.last_ms if kind == CLOSE else NONE
    f.longitude_deg, f.latitude_deg = s.longitude_deg, s.latitude_deg
    f.a = s.last_ms - s.since_ms
    return count + 1


@kernel
def tell_crossing(e: Any, s: Any, what: int, bridged: bool, findings: Any, count: int, at: int) -> int:
    """Append the instant of entering or leaving."""
    f = findings[count]
    f.at, f.row, f.kind, f.what, f.zone, f.bridged = at, s.owner, CLOSE, what, s.zone, bridged
    f.start_ms = f.found_ms = f.end_ms = e.time_ms
    f.longitude_deg, f.latitude_deg = place(e.longitude_deg, e.latitude_deg, e)
    return count + 1
