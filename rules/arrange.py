"""Putting a batch in order: which reports count, in which order, and what becomes of the others."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.change import Disposition
from rules.reports import Reports, digest
from rules.rounds import ends_of, starts_of
from rules.rulebook import Rulebook
from rules.vehicles import TIE_MEMORY, Vehicles

EARLIEST_MS = 946_684_800_000  # 2000-01-01: before it no terminal of this standard existed
LATEST_MS = 4_102_444_800_000  # 2100-01-01: JT/T 808 writes a year with two digits, 20YY

_ROW_BITS = 32  # position in the batch in the low half of a sort key, vehicle row in the high half


@dataclass(frozen=True, slots=True)
class Arranged:
    """Dispositions of the n input rows, and the evaluated reports with their vehicle rows, in order."""

    disposition: NDArray[np.uint8]
    reports: Reports
    row: NDArray[np.int64]


def impossible(rulebook: Rulebook, reports: Reports, refused: Counter[str]) -> NDArray[np.bool_]:
    """Mask of reports that cannot be true; adds to `refused` how many for which reason.

    A report that fails several tests counts under the first.
    """
    ahead_ms = round(rulebook.clock_ahead_s * 1000)
    time = reports.time_ms
    # Written so that NaN fails too.
    good = {
        "time_too_early": time >= EARLIEST_MS,
        "time_ahead": (time <= reports.received_ms + ahead_ms) & (time < LATEST_MS),
        "longitude": np.abs(reports.longitude_deg) <= 180.0,
        "latitude": np.abs(reports.latitude_deg) <= 90.0,
        "speed": (reports.speed_kmh >= 0.0) & (reports.speed_kmh <= rulebook.speed_possible_kmh),
    }
    bad = np.zeros(len(reports), bool)
    for reason, passed in good.items():
        failed = ~passed
        if failed.any():
            refused[reason] += int(np.count_nonzero(failed & ~bad))
            bad |= failed
    return bad


def arrange(rulebook: Rulebook, vehicles: Vehicles, reports: Reports, refused: Counter[str]) -> Arranged:
    """Sort a batch by vehicle and time, arrival order between equals, and judge each report.

    The vehicles' memory of the contents of their newest time is brought up to date; nothing else of them is.
    """
    disposition = np.zeros(len(reports), np.uint8)
    bad = impossible(rulebook, reports, refused)
    index = (~bad).nonzero()[0]
    disposition[bad] = Disposition.IMPOSSIBLE
    index, row = _sorted(vehicles.rows_of(reports.vehicle_key[index]), reports.time_ms, index)
    newest = vehicles.columns["time_ms"][row]
    late = reports.time_ms[index] < newest
    if late.any():
        disposition[index[late]] = Disposition.LATE
        index, row, newest = index[~late], row[~late], newest[~late]
    reports = reports.take(index)
    tie, copy = _ties(vehicles, reports, row, newest)
    disposition[index[tie]] = Disposition.TIE
    if copy.any():
        disposition[index[copy]] = Disposition.DUPLICATE
        reports, row = reports.take(~copy), row[~copy]
    return Arranged(disposition, reports, row)


def _sorted(
    row: NDArray[np.int64], time_ms: NDArray[np.int64], index: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Index and row in order of (row, time, arrival). Most batches are in time order: one sort settles it."""
    packed = np.sort((row << _ROW_BITS) | np.arange(len(row)))
    order, row_sorted = packed & ((1 << _ROW_BITS) - 1), packed >> _ROW_BITS
    time = time_ms[index[order]]
    if ((time[1:] < time[:-1]) & (row_sorted[1:] == row_sorted[:-1])).any():
        order = np.lexsort((time_ms[index], row))
        row_sorted = row[order]
    return index[order], row_sorted


def _ties(
    vehicles: Vehicles, reports: Reports, row: NDArray[np.int64], newest_ms: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of reports with the time of the one before, and of those among them that are exact copies."""
    time, content = reports.time_ms, digest(reports)
    head = starts_of(row)
    tail = ends_of(head)
    before = np.empty_like(time)
    before[1:] = time[:-1]
    before[head] = newest_ms[head]
    tie = time == before
    copy = np.zeros(len(tie), bool)
    memory: dict[int, list[int]] = {}
    seen: list[int] = []
    for at in tie.nonzero()[0]:
        if head[at]:
            seen = _recall(vehicles, int(row[at]))
        elif not tie[at - 1]:
            seen = [int(content[at - 1])]
        copy[at] = int(content[at]) in seen
        if not copy[at]:
            seen = [*seen, int(content[at])][-TIE_MEMORY:]
        if tail[at]:
            memory[int(row[at])] = seen
    _memorise(vehicles, row[tail], content[tail], memory)
    return tie, copy


def _recall(vehicles: Vehicles, row: int) -> list[int]:
    contents = (int(vehicles.columns[f"digest_{place}"][row]) for place in range(TIE_MEMORY))
    return [content for content in contents if content]


def _memorise(
    vehicles: Vehicles, row: NDArray[np.int64], content: NDArray[np.int64], memory: dict[int, list[int]]
) -> None:
    """Keep the contents of each vehicle's newest time: one report's, or for a few vehicles several."""
    vehicles.columns["digest_0"][row] = content
    for place in range(1, TIE_MEMORY):
        vehicles.columns[f"digest_{place}"][row] = 0
    for vehicle, seen in memory.items():
        for place, one in enumerate(seen):
            vehicles.columns[f"digest_{place}"][vehicle] = one
