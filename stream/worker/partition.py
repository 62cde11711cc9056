"""One partition in a worker's hands: its rule state and its place in the log."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from rules.timely import Timely


class Order(Enum):
    """Where a record stands against what the partition expects next."""

    NEXT = "next"
    REPEATED = "repeated"
    AHEAD = "ahead"


@dataclass(slots=True)
class Partition:
    """Mutable: `expected_offset` moves when a record is evaluated, `written_offset` when it is committed.
    `names` are ids of vehicles of which late reports wait."""

    number: int
    epoch: int
    engine: Timely
    expected_offset: int
    written_offset: int
    snapshot_due_s: float = 0.0
    late_due_s: float = 0.0
    names: dict[int, str] = field(default_factory=dict)
    sought_offset: int = -1

    def order(self, offset: int) -> Order:
        """Classify a record by its offset. AHEAD is said once for each place: a log with holes (compaction,
        transaction markers) shows the same hole again after a seek, and then it is really there."""
        if offset < self.expected_offset:
            return Order.REPEATED
        if offset > self.expected_offset and self.sought_offset != self.expected_offset:
            return Order.AHEAD
        return Order.NEXT
