"""A lane: the reports of a batch that one rule looks at, each followed by the vehicle's next such report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.batch import Batch
from rules.columns import NONE, Columns
from rules.rounds import ends_of, starts_of
from rules.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Lane:
    """m reports: their positions in the batch, vehicle rows, and whether a gap lies before each.

    `head` and `tail` mark the first and the last of each vehicle.
    """

    batch: Batch
    at: NDArray[np.int64]
    row: NDArray[np.int64]
    head: NDArray[np.bool_]
    tail: NDArray[np.bool_]
    gap: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.at)

    @property
    def time_ms(self) -> NDArray[np.int64]:
        """Time of each report of the lane."""
        taken: NDArray[np.int64] = self.batch.reports.time_ms[self.at]
        return taken


def every_report(batch: Batch) -> Lane:
    """The lane of all reports."""
    return Lane(batch, np.arange(len(batch)), batch.row, batch.head, batch.tail, batch.gap)


def every_fix(rulebook: Rulebook, state: Columns, batch: Batch) -> Lane:
    """The lane of reports with a position; a gap is counted from fix to fix."""
    if batch.reports.positioned.all():
        at, row, head, tail = np.arange(len(batch)), batch.row, batch.head, batch.tail
    else:
        at = (batch.reports.positioned).nonzero()[0]
        row = batch.row[at]
        head = starts_of(row)
        tail = ends_of(head)
    time_ms = batch.reports.time_ms[at]
    before_ms = np.empty_like(time_ms)
    before_ms[1:] = time_ms[:-1]
    before_ms[head] = state["fix_ms"][row[head]]
    gap = (before_ms != NONE) & (time_ms - before_ms > round(rulebook.gap_s * 1000))
    state["fix_ms"][row[tail]] = time_ms[tail]
    return Lane(batch, at, row, head, tail, gap)
