"""The engine: the state of one partition, fed with reports, telling changes of episodes."""

from __future__ import annotations

import numpy as np

from geo.zones import ZoneSet
from rules.change import Disposition, EpisodeChange, Outcome
from rules.reports import Reports
from rules.rulebook import Rulebook

__all__ = ["Disposition", "Engine", "EpisodeChange", "Outcome"]


class Engine:
    """State of one partition."""

    def __init__(self, rulebook: Rulebook, zones: ZoneSet) -> None:
        self.rulebook = rulebook
        self.zones = zones

    def process(self, reports: Reports) -> Outcome:
        """Take reports of any number in arrival order; tell what became of each and what changed."""
        return Outcome(np.zeros(len(reports), np.uint8), [])

    def open_changes(self) -> list[EpisodeChange]:
        """The current truth of every episode that is still open."""
        return []

    def snapshot(self) -> bytes:
        """The whole state as Arrow IPC, versioned and self-describing."""
        return b""

    @classmethod
    def restore(cls, rulebook: Rulebook, zones: ZoneSet, data: bytes) -> Engine:
        """The engine that a snapshot was taken of."""
        return cls(rulebook, zones)
