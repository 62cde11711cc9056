"""A batch ready for the rules: evaluated reports by vehicle and time, each with what came before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.distance import haversine_m
from rules.columns import NONE, Columns
from rules.reports import Reports
from rules.rounds import ends_of, starts_of
from rules.rulebook import Rulebook

_T = TypeVar("_T", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Batch:
    """n evaluated reports, sorted by vehicle row, then time; "before" is the vehicle's previous report.

    `known` tells whether there is one; where not, `before_ms` is no time. `gap` marks reports that end a gap;
    `moved_m` is the way from the last fix before to the last fix now (NaN without both); `odometer_mm` adds
    these up in whole millimetres, so that no cut of the stream changes a sum by rounding. The fix columns
    hold the newest position known, NaN before the first.
    """

    reports: Reports
    row: NDArray[np.int64]
    head: NDArray[np.bool_]
    tail: NDArray[np.bool_]
    known: NDArray[np.bool_]
    before_ms: NDArray[np.int64]
    before_speed_kmh: NDArray[np.float64]
    gap: NDArray[np.bool_]
    fix_longitude_deg: NDArray[np.float64]
    fix_latitude_deg: NDArray[np.float64]
    moved_m: NDArray[np.float64]
    odometer_mm: NDArray[np.int64]
    new_driver: NDArray[np.bool_]
    driver_key: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)

    def place(self, at: int) -> tuple[float, float]:
        """Longitude and latitude to show for a report: the newest fix, or what it says without one."""
        east, north = float(self.fix_longitude_deg[at]), float(self.fix_latitude_deg[at])
        if east == east:
            return east, north
        return float(self.reports.longitude_deg[at]), float(self.reports.latitude_deg[at])

    def places(self, at: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`place` for m reports."""
        east, north = self.fix_longitude_deg[at], self.fix_latitude_deg[at]
        known = ~np.isnan(east)
        said_east, said_north = self.reports.longitude_deg[at], self.reports.latitude_deg[at]
        return np.where(known, east, said_east), np.where(known, north, said_north)


def make_batch(rulebook: Rulebook, state: Columns, reports: Reports, row: NDArray[np.int64]) -> Batch:
    """The batch of n reports that are already in order of vehicle row and time."""
    head = starts_of(row)
    tail = ends_of(head)
    begin = head.nonzero()[0]
    begin_row = row[begin]
    before_ms = _previous(reports.time_ms, begin, state["time_ms"][begin_row])
    known = before_ms != NONE
    east, north = _fixes(reports, state, row, begin)
    moved_m = haversine_m(
        _previous(east, begin, state["fix_longitude_deg"][begin_row]),
        _previous(north, begin, state["fix_latitude_deg"][begin_row]),
        east,
        north,
    )
    new_driver, driver = _drivers(reports.driver_key, state, row, begin)
    return Batch(
        reports=reports,
        row=row,
        head=head,
        tail=tail,
        known=known,
        before_ms=before_ms,
        before_speed_kmh=_previous(reports.speed_kmh, begin, state["speed_kmh"][begin_row]),
        gap=known & (reports.time_ms - before_ms > round(rulebook.gap_s * 1000)),
        fix_longitude_deg=east,
        fix_latitude_deg=north,
        moved_m=moved_m,
        odometer_mm=_odometer(moved_m, begin, state["odometer_mm"][begin_row]),
        new_driver=new_driver,
        driver_key=driver,
    )


def remember(state: Columns, batch: Batch) -> None:
    """Write the newest report of each vehicle of a batch into the state."""
    last = (batch.tail).nonzero()[0]
    row, reports = batch.row[last], batch.reports
    state["time_ms"][row] = reports.time_ms[last]
    state["speed_kmh"][row] = reports.speed_kmh[last]
    state["fix_longitude_deg"][row] = batch.fix_longitude_deg[last]
    state["fix_latitude_deg"][row] = batch.fix_latitude_deg[last]
    state["odometer_mm"][row] = batch.odometer_mm[last]
    state["driver_key"][row] = batch.driver_key[last]


def _previous(column: NDArray[_T], begin: NDArray[np.int64], before: NDArray[_T]) -> NDArray[_T]:
    shifted = np.empty_like(column)
    shifted[1:] = column[:-1]
    shifted[begin] = before
    return shifted


def _newest(said: NDArray[np.bool_], begin: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of the newest report of the same vehicle in this batch that said it; -1 where none did."""
    position = np.arange(len(said))
    source = np.maximum.accumulate(np.where(said, position, -1))
    first = np.zeros(len(said), np.int64)
    first[begin] = begin
    return np.where(source >= np.maximum.accumulate(first), source, -1)


def _fixes(
    reports: Reports, state: Columns, row: NDArray[np.int64], begin: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if reports.positioned.all():
        return reports.longitude_deg, reports.latitude_deg
    source = _newest(reports.positioned, begin)
    here = source >= 0
    east = np.where(here, reports.longitude_deg[source], state["fix_longitude_deg"][row])
    north = np.where(here, reports.latitude_deg[source], state["fix_latitude_deg"][row])
    return east, north


def _odometer(
    moved_m: NDArray[np.float64], begin: NDArray[np.int64], before_mm: NDArray[np.int64]
) -> NDArray[np.int64]:
    moved_mm = np.rint(np.nan_to_num(moved_m) * 1000.0).astype(np.int64)
    total = moved_mm.cumsum()
    offset = np.zeros(len(total), np.int64)
    jump = before_mm - total[begin] + moved_mm[begin]
    offset[begin[0]] = jump[0]
    offset[begin[1:]] = jump[1:] - jump[:-1]
    summed: NDArray[np.int64] = total + offset.cumsum()
    return summed


def _drivers(
    driver: NDArray[np.int64], state: Columns, row: NDArray[np.int64], begin: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Where a driver takes over from another known one, and who is known to drive after each report."""
    before = state["driver_key"][row]
    said = driver != 0
    if not said.any():
        return said, before
    source = _newest(said, begin)
    now = np.where(source >= 0, driver[source], before)
    known = _previous(now, begin, before[begin])
    return (known != 0) & (now != known), now
