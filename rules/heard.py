"""When each driver was last heard of, in whichever vehicle: what comes of him from elsewhere and is older
comes out of turn, although it may be the newest of its vehicle."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rules.key_index import KeyIndex
from rules.records import NONE, Layout, Records
from rules.reports import Reports

_LAYOUT: Layout = {"time_ms": ("i8", NONE), "vehicle_key": ("i8", 0)}


class Seats(Protocol):
    """What knows who sits where: an engine."""

    def seated(self, keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Key of the driver last at the wheel of each vehicle, 0 for none, and whether he still is."""


class Settled(Protocol):
    """What knows how far the reports of a vehicle are settled: an engine."""

    def newest_ms(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Time of the newest report of each vehicle; `rules.records.NONE` where none is known."""


class Heard:
    """Mutable: the newest report of each driver who has one that is not settled, 16 bytes a driver and the
    index; up to as many again who have none are not forgotten yet."""

    def __init__(self) -> None:
        self._index = KeyIndex()
        self._newest = Records(_LAYOUT)

    def __len__(self) -> int:
        return self._index.rows

    def out_of_turn(self, reports: Reports, seats: Seats) -> int:
        """How many reports, not yet taken, are of drivers who have been heard of in other vehicles since, or
        at the same time."""
        late = np.zeros(len(reports), bool)
        for key in (reports.driver_key, seats.seated(reports.vehicle_key)[0]):
            row = self._index.find(np.ascontiguousarray(key))
            of = ((key != 0) & (row >= 0)).nonzero()[0]
            newest = self._newest.rows[row[of]]
            elsewhere = newest["vehicle_key"] != reports.vehicle_key[of]
            late[of] |= elsewhere & (newest["time_ms"] >= reports.time_ms[of])
        return int(np.count_nonzero(late))

    def note(self, reports: Reports, taken: NDArray[np.bool_], seats: Seats) -> None:
        """Take note of reports that an engine has taken, in any order."""
        seated, here = seats.seated(reports.vehicle_key)
        key = np.where(reports.driver_key != 0, reports.driver_key, np.where(here, seated, 0))
        of = (taken & (key != 0)).nonzero()[0]
        of = of[reports.time_ms[of].argsort(kind="stable")]
        row = self._index.find_or_add(np.ascontiguousarray(key[of]))
        self._newest.grow(self._index.rows)
        newer = reports.time_ms[of] >= self._newest.rows["time_ms"][row]
        # Of a driver's reports in one batch the last one, which is the newest, stays.
        self._newest.rows["time_ms"][row[newer]] = reports.time_ms[of[newer]]
        self._newest.rows["vehicle_key"][row[newer]] = reports.vehicle_key[of[newer]]

    def forget(self, settled: Settled) -> None:
        """Drop the drivers whose newest report is settled, unless they are few: an older one of theirs would
        find nothing behind it that it could change."""
        rows = self._newest.rows
        keep = rows["time_ms"] > settled.newest_ms(np.ascontiguousarray(rows["vehicle_key"]))
        if 2 * np.count_nonzero(keep) >= len(rows):
            return
        kept, keys = rows[keep], self._index.keys[keep]
        self._index, self._newest = KeyIndex(), Records(_LAYOUT)
        self._index.find_or_add(keys)
        self._newest.grow(len(kept))
        self._newest.rows[:] = kept
