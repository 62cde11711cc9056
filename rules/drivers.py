"""Who sits where: hours belong to the driver, who takes them along from vehicle to vehicle.

A driver is known by what his reports say (the code on his card, or the registry's name); two cards with one
code are one driver. Of a vehicle that never said a driver, somebody without a name is taken to drive it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.bits import prefetch
from geo.kernel import inlined, kernel
from rules.fatigue_episodes import end_all
from rules.records import AHEAD, NO_ROW, NONE, Layout

SEAT_LAYOUT: Layout = {"driver": ("i4", NO_ROW)}
"""A record a vehicle: who drove it last."""

AS_BEFORE = NO_ROW - 1
_SEVERAL = NO_ROW - 1  # marks a driver of several vehicles
_SEVERAL_DONE = _SEVERAL - 1  # and that the vehicle where he was last seen has been looked at
_NOBODY = np.int64(0x5D3A_91C4_7E60_2B17)  # turns a vehicle's key into that of its driver without a name


@kernel
def seated_drivers(
    entries: Any, vehicle_keys: Any, seats: Any, drivers: Any, named: Any, keys: Any, odd: Any
) -> tuple[int, int, bool]:
    """For each entry the key of the driver it names, or of the vehicle's nameless one; and his row, where he
    is who sits in the vehicle already, as nearly all do: that needs no search. Nor does one whom the entry
    before named, in the same vehicle: his row is `AS_BEFORE`.

    Returns how many are to be searched, their rows being `NO_ROW`; how many are odd, which are written to
    `odd`: all but those that name who sits in the vehicle and was last seen there, or whom the entry before
    named; and whether one of those who sit was last seen in another vehicle.
    """
    missing, strange, moves, last = 0, 0, False, len(entries) - 1
    for i in range(len(entries)):
        prefetch(seats, entries[min(i + 2 * AHEAD, last)].row)
        prefetch(drivers, seats[entries[min(i + AHEAD, last)].row].driver)
        e = entries[i]
        key = e.driver_key if e.driver_key != 0 else vehicle_keys[e.row] ^ _NOBODY
        seat = seats[e.row].driver
        odd[strange] = i
        if seat != NO_ROW and drivers[seat].key == key:
            moves |= drivers[seat].vehicle != e.row and drivers[seat].vehicle != NO_ROW
            strange += drivers[seat].vehicle != e.row
        elif i > 0 and keys[i - 1] == key and named[i - 1] < 0 and entries[i - 1].row == e.row:
            seat = AS_BEFORE
        else:
            seat = NO_ROW
            missing += 1
            strange += 1
        named[i], keys[i] = seat, key
    return missing, strange, moves


@kernel
def name_as_before(named: Any) -> None:
    """Give the entries whose driver is that of the entry before his row."""
    for i in range(1, len(named)):
        if named[i] == AS_BEFORE:
            named[i] = named[i - 1]


@kernel
def anyone_moves(which: Any, entries: Any, named: Any, drivers: Any) -> bool:
    """Whether a driver of some entries occurs in two vehicles: theirs, or one before and one of theirs. If
    so, the batch has to be taken in order of time, else in order of vehicles does as well."""
    moves = False
    for i in which:
        row, d = entries[i].row, drivers[named[i]]
        if entries[i].driver_key != 0:
            moves |= (d.vehicle != NO_ROW and d.vehicle != row) or (d.mark != NO_ROW and d.mark != row)
            d.mark = row
    for i in which:
        drivers[named[i]].mark = NO_ROW
    return moves


@kernel
def linked_by_drivers(odd: Any, entries: Any, named: Any, seats: Any, drivers: Any, linked: Any) -> None:
    """For each entry, those of a vehicle being next to each other, whether its vehicle shares a driver with
    another one: only such vehicles have to be taken in order of time, all together.

    Only the odd entries (of `seated_drivers`) can name a driver of several vehicles, but for those of the
    vehicle where he was last seen. `linked` is False before.
    """
    for i in odd:
        row, d = entries[i].row, drivers[named[i]]
        elsewhere = d.vehicle != NO_ROW and d.vehicle != row
        d.mark = _SEVERAL if elsewhere or (d.mark != NO_ROW and d.mark != row) else row
    looked_at = NO_ROW
    for i in odd:
        row, d = entries[i].row, drivers[named[i]]
        if row != looked_at:
            _link(row, entries, named, seats, drivers, linked)
            looked_at = row
        if d.mark == _SEVERAL:
            d.mark = _SEVERAL_DONE
            _link(d.vehicle, entries, named, seats, drivers, linked)
    for i in odd:
        drivers[named[i]].mark = NO_ROW


@kernel
def _link(row: int, entries: Any, named: Any, seats: Any, drivers: Any, linked: Any) -> None:
    """Write for the entries of one vehicle whether it shares a driver."""
    begin, end = 0, len(entries)
    while begin < end:
        middle = (begin + end) // 2
        if entries[middle].row < row:
            begin = middle + 1
        else:
            end = middle
    while end < len(entries) and entries[end].row == row:
        end += 1
    seat = seats[row].driver if begin < end else NO_ROW
    shares = seat != NO_ROW and drivers[seat].mark <= _SEVERAL
    for i in range(begin, end):
        shares |= drivers[named[i]].mark <= _SEVERAL
    linked[begin:end] = shares


@inlined
def take_seat(
    e: Any, named: int, seats: Any, drivers: Any, blank: Any,
    episodes: Any, free: Any, spans: Any, findings: Any, count: int, at: int,
) -> tuple[int, int]:  # fmt: skip
    """Who drives at an entry. Without a name it is who drove before, unless he has been seen elsewhere since.

    What goes on of a driver who is relieved ends. Hours that nobody had a name for go to the driver who is
    the first to say his, if nothing is known of him yet.
    """
    seat = seats[e.row].driver
    who = named
    if e.driver_key == 0 and seat != NO_ROW and drivers[seat].vehicle == e.row:
        who = seat
    if who == seat:
        return who, count
    if seat != NO_ROW:
        fresh = drivers[who].vehicle == NO_ROW and e.driver_key != 0
        if drivers[seat].nobody and fresh:
            hand_over(seat, who, drivers, blank, episodes, spans)
        elif drivers[seat].vehicle == e.row:
            d = drivers[seat]
            count = end_all(d, episodes, free, d.last_ms, findings, count, at)
    seats[e.row].driver = who
    drivers[who].nobody = e.driver_key == 0
    return who, count


@kernel
def hand_over(giver: int, taker: int, drivers: Any, blank: Any, episodes: Any, spans: Any) -> None:
    """All that is known of one driver becomes another's, of whom nothing is known."""
    name, other = drivers[taker].key, drivers[giver].key
    drivers[taker] = drivers[giver]
    drivers[giver] = blank[0]
    drivers[taker].key, drivers[giver].key = name, other
    number = drivers[taker].episodes
    while number != NO_ROW:
        episodes[number].owner = taker
        number = episodes[number].next
    number = drivers[taker].oldest
    while number != NO_ROW:
        spans[number].owner = taker
        number = spans[number].next


@inlined
def stands_elsewhere(d: Any, e: Any) -> bool:
    """Whether an entry is of another vehicle than its driver was last seen in, of a time when he was there,
    and it stands, or is driven while he drove. He may have left his card, or the registry gives him two
    vehicles. It does not count for him."""
    if d.vehicle == NO_ROW or d.vehicle == e.row:
        return False
    drives = d.clock_ms != NONE and d.stop_ms == NONE
    return not e.known or (e.before_ms < d.last_ms and (drives or not e.driving))


@inlined
def already_counted(d: Any, e: Any) -> bool:
    """Whether an interval adds nothing to what the driver's other vehicle has told."""
    seen = e.time_ms < d.last_ms or e.before_ms < e.time_ms == d.last_ms
    return bool(d.last_ms != NONE and seen)
