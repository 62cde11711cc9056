"""Since when a partition has been hearing its vehicles: the clock by which others are silent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.records import NONE
from rules.reports import Reports

LIVE_MS = 120_000
"""A report that arrives within this time shows what is heard now; older ones are sent after a dead zone or an
outage, of one vehicle sooner than of another, and say nothing of who is silent."""

BREAK_MS = 300_000
"""After so long without any live report nobody was heard: an outage of the platform or its network.
Silence counts from its end on, or it would make an alert of every vehicle that is back after the first."""


class Hearing:
    """Mutable: the time of the newest live report, and since when there has been one every five minutes."""

    def __init__(self, newest_ms: int = NONE, since_ms: int = NONE) -> None:
        self.newest_ms = newest_ms
        self.since_ms = since_ms

    def note(self, reports: Reports, taken: NDArray[np.bool_]) -> None:
        """Take note of reports in order of arrival; `taken` are those that count."""
        live = taken & (reports.received_ms - reports.time_ms <= LIVE_MS)
        if not live.any():
            return
        times_ms = reports.time_ms[live]
        before_ms = max(self.newest_ms, int(times_ms[0]) - BREAK_MS - 1)
        heard_ms = np.maximum.accumulate(np.append(before_ms, times_ms))
        breaks = (np.diff(heard_ms) > BREAK_MS).nonzero()[0]
        if len(breaks):
            self.since_ms = int(heard_ms[breaks[-1] + 1])
        self.newest_ms = int(heard_ms[-1])
