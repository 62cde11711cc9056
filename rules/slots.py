"""Sparse state: records that exist only while something goes on, strung on their vehicle.

A slot belongs to an owner (a vehicle or driver) whose own record holds the number of its first slot; each
slot names the next one, and so do the free slots. Kernels take and give back slots themselves; they stop when
few are left, and the caller provides more.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.kernel import kernel
from rules.records import NO_ROW, Layout, Records

LINKS: dict[str, tuple[str, Any]] = {"next": ("i4", NO_ROW), "owner": ("i4", NO_ROW)}
"""The fields every layout of slots begins with; a free slot has no owner."""

OF_OWNER: Layout = {"first": ("i4", NO_ROW)}
"""What an owner of slots of one kind keeps: the number of his first."""

FIRST, COUNT = 0, 1


@kept
def _with_links(layout: Layout) -> Layout:
    return LINKS | dict(layout)


class Slots:
    """A table of slots. `free` holds the number of the first free slot and how many are free."""

    def __init__(self, layout: Layout) -> None:
        self.table = Records(_with_links(layout))
        self.free: NDArray[np.int32] = np.array([NO_ROW, 0], np.int32)

    @property
    def rows(self) -> NDArray[np.void]:
        """All slots, the free ones too."""
        return self.table.rows

    @property
    def used(self) -> int:
        """Number of slots that have an owner."""
        return len(self.table) - int(self.free[COUNT])

    def provide(self, count: int) -> None:
        """See that at least `count` slots are free."""
        missing = count - int(self.free[COUNT])
        if missing > 0:
            known = len(self.table)
            self.table.grow(known + max(missing, known // 2))
            following = self.rows["next"][known:]
            following[:] = np.arange(known + 1, len(self.table) + 1)
            following[-1] = self.free[FIRST]
            self.free[:] = known, self.free[COUNT] + len(following)

    def chain(self, numbers: NDArray[np.int32]) -> None:
        """Add slots, which must be as new, to the free ones."""
        if len(numbers):
            following = np.append(numbers[1:], self.free[FIRST])
            self.rows["next"][numbers] = following
            self.free[:] = numbers[0], self.free[COUNT] + len(numbers)

    def of_owners(self) -> NDArray[np.int64]:
        """Numbers of the slots in use."""
        numbers: NDArray[np.int64] = (self.rows["owner"] != NO_ROW).nonzero()[0]
        return numbers


@kernel
def take_slot(slots: Any, free: Any, owner: int, first: int) -> int:
    """Take a free slot for an owner whose first slot so far is `first`; there must be one. Its other fields
    are those of its last use."""
    number = free[FIRST]
    free[FIRST] = slots[number].next
    free[COUNT] -= 1
    slots[number].owner = owner
    slots[number].next = first
    return int(number)


@kernel
def give_back(slots: Any, free: Any, number: int) -> None:
    """Return a slot that is no longer strung on its owner."""
    slots[number].owner = NO_ROW
    slots[number].next = free[FIRST]
    free[FIRST] = number
    free[COUNT] += 1


@kernel
def unstring(slots: Any, free: Any, first: int, before: int, number: int) -> int:
    """Give back a slot of an owner whose first one is `first`; `before` is the slot naming it, or `NO_ROW`.
    Returns the owner's first slot from here on."""
    following = slots[number].next
    if before == NO_ROW:
        first = following
    else:
        slots[before].next = following
    give_back(slots, free, number)
    return int(first)
