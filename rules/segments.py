"""Segments: unbroken runs of a lane's reports for which something holds, joined to what the state remembers.

An entry says that at one report of the lane something holds for one subject of its vehicle (the vehicle
itself, or a zone). Consecutive entries of a subject form a segment. A slot is a row of a table of state for a
subject; such a table has the columns `row`, `subject` and `running`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.columns import Columns
from rules.lane import Lane
from rules.rounds import ends_of, starts_of

KEY_LAYOUT: dict[str, tuple[str, Any]] = {
    "row": ("i4", 0),
    "subject": ("i4", 0),
    "running": ("?", False),
}

_SUBJECT_BITS = 32
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Segments:
    """k segments in order of vehicle, subject and time, over entries in the same order.

    `begin` and `end` bound the entries of each (end excluded); `first` and `last` are lane positions; `slot`
    is the row of state of its subject; `goes_on` marks segments that continue what ran before the batch.
    """

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    key: NDArray[np.int64]
    slot: NDArray[np.int64]
    goes_on: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.begin)

    def take(self, index: NDArray[np.int64]) -> Segments:
        """Some of the segments."""
        return Segments(*(getattr(self, name)[index] for name in Segments.__slots__))


_NOTHING = np.empty(0, np.int64)
_NO_SEGMENTS = Segments(_NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, _NOTHING, np.empty(0, bool))


@dataclass(frozen=True, slots=True)
class Places:
    """Slots, and for each a lane position: where its vehicle first appears, or where something befell it."""

    slot: NDArray[np.int64]
    at: NDArray[np.int64]


def touched(table: Columns, lane: Lane, vehicles: int) -> Places:
    """The slots whose vehicles have reports in the lane, and where the first of these is.

    `vehicles` is the number of vehicle rows.
    """
    if not len(table):
        return Places(_NOTHING, _NOTHING)
    head_of = np.full(vehicles, _NOWHERE, np.int32)
    heads = (lane.head).nonzero()[0]
    head_of[lane.row[heads]] = heads
    head = head_of[table["row"]]
    slot = (head != _NOWHERE).nonzero()[0]
    return Places(slot, head[slot].astype(np.int64))


def cut(
    table: Columns,
    lane: Lane,
    near: Places,
    subject: NDArray[np.int64],
    at: NDArray[np.int64],
    breaks_at_gap: bool,
) -> Segments:
    """The segments of n entries in order of vehicle, subject and lane position.

    Subjects new to the table get slots. A segment goes on when its subject's slot is running, it begins with
    the vehicle's first report of the lane, and no gap that breaks it lies before.
    """
    if not len(at):
        return _NO_SEGMENTS
    key = (lane.row[at] << _SUBJECT_BITS) | subject
    new_key = starts_of(key)
    begins = new_key.copy()
    begins[1:] |= at[1:] != at[:-1] + 1
    if breaks_at_gap:
        begins |= lane.gap[at]
    begin = begins.nonzero()[0]
    end = ends_of(begins).nonzero()[0] + 1
    first, last = at[begin], at[end - 1]
    slot, known = _slots(table, near, key[begin], new_key[begin])
    goes_on = known & table["running"][slot] & new_key[begin] & lane.head[first]
    if breaks_at_gap:
        goes_on &= ~lane.gap[first]
    return Segments(begin, end, first, last, key[begin], slot, goes_on)


def _slots(
    table: Columns, near: Places, key: NDArray[np.int64], new_key: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Slot of each segment's subject, and whether the table had it before."""
    wanted = key[new_key]
    had = (table["row"][near.slot].astype(np.int64) << _SUBJECT_BITS) | table["subject"][near.slot]
    found = np.zeros(len(wanted), bool)
    slot = np.full(len(wanted), _NOWHERE, np.int64)
    if len(had):
        order = had.argsort()
        place = had.searchsorted(wanted, sorter=order)
        nearest = order[np.minimum(place, len(had) - 1)]
        found = had[nearest] == wanted
        slot[found] = near.slot[nearest[found]]
    fresh = wanted[~found]
    added = table.add(len(fresh))
    table["row"][added] = fresh >> _SUBJECT_BITS
    table["subject"][added] = fresh & ((1 << _SUBJECT_BITS) - 1)
    slot[~found] = added
    which = new_key.cumsum() - 1
    return slot[which], found[which]


def first_from(
    time_ms: NDArray[np.int64], begin: NDArray[np.int64], end: NDArray[np.int64], enough_ms: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The first index from each `begin` to before each `end` with a time of at least `enough_ms`.

    Where there is none, the last one.
    """
    index = end - 1
    for one in (begin < index).nonzero()[0].tolist():
        first, last = int(begin[one]), int(index[one])
        index[one] = min(first + int(time_ms[first : last + 1].searchsorted(enough_ms[one])), last)
    return index


def broken_off(table: Columns, near: Places, segments: Segments) -> Places:
    """The running slots that no segment continues: they end where their vehicle first appears."""
    running = table["running"].copy()
    running[segments.slot[segments.goes_on]] = False
    ended = running[near.slot]
    return Places(near.slot[ended], near.at[ended])


def ended_within(lane: Lane, now: Segments) -> Places:
    """The segments that end before their vehicle's last report, and the report after each."""
    over = ~lane.tail[now.last]
    return Places(now.slot[over], now.last[over] + 1)
