"""Putting a batch in order: which reports count, in which order, and what becomes of the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from rules.change import Disposition
from rules.entries import ENTRY, PLAN, Said, fill
from rules.parameters import compile_parameters
from rules.reports import Reports, digest
from rules.rulebook import Rulebook
from rules.vehicles import Vehicles

EARLIEST_MS = 946_684_800_000  # 2000-01-01: before it no terminal of this standard existed
LATEST_MS = 4_102_444_800_000  # 2100-01-01: JT/T 808 writes a year with two digits, 20YY

_ROW_BITS = 32  # position in the batch in the low half of a sort key, vehicle row in the high half
_REPORT = (1 << _ROW_BITS) - 1


@dataclass(frozen=True, slots=True)
class Arranged:
    """Dispositions of the n input rows, and the entries of those that count. The entries are good until the
    next batch is arranged."""

    disposition: NDArray[np.uint8]
    entries: NDArray[np.void]


class Arranger:
    """Arranges batch after batch in the same memory."""

    def __init__(self, book: Rulebook, vehicles: Vehicles) -> None:
        self.refused: Counter[str] = Counter()
        self._book = book
        self._vehicles = vehicles
        self._parameters = compile_parameters(book, PLAN)
        self._entries = np.zeros(0, ENTRY)

    def arrange(self, reports: Reports) -> Arranged:
        """Sort a batch by vehicle and time, arrival order between equals, and judge each report; the
        vehicles' newest reports are brought up to date."""
        count = len(reports)
        disposition = np.zeros(count, np.uint8)
        bad = impossible(self._book, reports, self.refused)
        if bad is None:
            good = np.arange(count)
            rows = self._vehicles.rows_of(np.ascontiguousarray(reports.vehicle_key))
        else:
            good = (~bad).nonzero()[0]
            disposition[bad] = Disposition.IMPOSSIBLE
            rows = np.zeros(count, np.int32)
            rows[good] = self._vehicles.rows_of(reports.vehicle_key[good])
        order = _order(rows, reports.time_ms, good)
        if len(self._entries) < count:
            self._entries = np.zeros(count, ENTRY)
        filled = fill(
            order,
            rows,
            tuple(np.ascontiguousarray(getattr(reports, name)) for name in Said._fields),
            digest(reports),
            self._vehicles.table.rows,
            self._parameters,
            disposition,
            self._entries,
        )
        return Arranged(disposition, self._entries[:filled])


def impossible(book: Rulebook, reports: Reports, refused: Counter[str]) -> NDArray[np.bool_] | None:
    """Mask of reports that cannot be true, None where all can; adds to `refused` how many for which reason.

    A report that fails several tests counts under the first.
    """
    ahead_ms = round(book.clock_ahead_s * 1000)
    time = reports.time_ms
    columns = (reports.received_ms, reports.longitude_deg, reports.latitude_deg, reports.speed_kmh)
    if _all_possible(time, *columns, ahead_ms, float(book.speed_possible_kmh)):
        return None
    # Written so that NaN fails too.
    good = {
        "time_too_early": time >= EARLIEST_MS,
        "time_ahead": (time <= reports.received_ms + ahead_ms) & (time < LATEST_MS),
        "longitude": np.abs(reports.longitude_deg) <= 180.0,
        "latitude": np.abs(reports.latitude_deg) <= 90.0,
        "speed": (reports.speed_kmh >= 0.0) & (reports.speed_kmh <= book.speed_possible_kmh),
    }
    bad = np.zeros(len(reports), bool)
    for reason, passed in good.items():
        failed = ~passed
        if failed.any():
            refused[reason] += int(np.count_nonzero(failed & ~bad))
            bad |= failed
    return bad


@kernel
def _all_possible(
    time_ms: Any, received_ms: Any, x: Any, y: Any, speed_kmh: Any, ahead_ms: int, possible_kmh: float
) -> bool:
    """Whether no report is impossible, which is so for most batches."""
    good = True
    for i in range(len(time_ms)):
        good &= EARLIEST_MS <= time_ms[i] < LATEST_MS and time_ms[i] <= received_ms[i] + ahead_ms
        good &= abs(x[i]) <= 180.0 and abs(y[i]) <= 90.0 and 0.0 <= speed_kmh[i] <= possible_kmh
    return good


def _order(rows: NDArray[np.int32], time_ms: NDArray[np.int64], good: NDArray[np.int64]) -> NDArray[np.int64]:
    """The good reports in order of (row, time, arrival). Most batches are in time order: one
    sort at most settles it."""
    packed = np.empty(len(good), np.int64)
    if _pack(rows, time_ms, good, packed):
        return good
    packed.sort()
    order = np.empty(len(good), np.int64)
    if _unpack(packed, time_ms, order):
        return order
    return good[np.lexsort((time_ms[good], rows[good]))]


@kernel
def _pack(rows: Any, time_ms: Any, good: Any, packed: Any) -> bool:
    """Write sort keys; returns whether they are in order, and times of equal rows too: fleets whose vehicles
    report in turn come so."""
    sorted_so_far = True
    row, time = np.int32(-1), np.int64(0)
    for i in range(len(good)):
        report = good[i]
        packed[i] = np.int64(rows[report]) << _ROW_BITS | report
        sorted_so_far &= rows[report] > row or (rows[report] == row and time_ms[report] >= time)
        row, time = rows[report], time_ms[report]
    return sorted_so_far


@kernel
def _unpack(packed: Any, time_ms: Any, order: Any) -> bool:
    """Write the reports of sorted keys; returns whether the times of equal rows are in order."""
    in_time = True
    for i in range(len(packed)):
        order[i] = packed[i] & _REPORT
        same = i > 0 and packed[i] >> _ROW_BITS == packed[i - 1] >> _ROW_BITS
        in_time &= not same or time_ms[order[i]] >= time_ms[order[i - 1]]
    return in_time
