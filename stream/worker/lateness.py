"""When late reports are evaluated: soon, but never so often that the reports in order have to wait for it."""

from __future__ import annotations

import time

from rules.change import EpisodeChange
from stream.worker import metrics
from stream.worker.partition import Partition

#: Evaluating late reports may take this part of a worker's time. It costs an evaluation of the last minutes
#: of the whole partition, some tenths of a second, whether one report was late or thousands.
_SHARE = 0.1


def due(partition: Partition) -> bool:
    """Whether late reports wait in a partition, and it is their turn."""
    return partition.engine.late > 0 and time.monotonic() >= partition.late_due_s


def late_changes(partition: Partition) -> list[EpisodeChange]:
    """What the late reports of a partition change, if it is their turn; what a change of rulebook left
    over."""
    if partition.engine.late and not due(partition):
        return []
    waiting = partition.engine.late
    started_s = time.monotonic()
    changes = partition.engine.late_changes()
    if waiting:
        cost_s = time.monotonic() - started_s
        partition.late_due_s = time.monotonic() + cost_s * (1 / _SHARE - 1)
        metrics.LATE_S.observe(cost_s)
        metrics.LATE_REPORTS.inc(waiting)
    return changes
