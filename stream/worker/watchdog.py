"""Ends a worker that has stopped moving without saying so.

aiokafka can sit for ever after a broker restart, with partitions assigned and no error. A process that ends
is started again by its supervisor and goes on at its checkpoint; one that sits loses the night.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Watchdog:
    """Pure: fed with what is known and the time. A partition is stalled when records wait and its place in
    the log has not moved for `patience_s`."""

    patience_s: float
    _waiting: dict[int, tuple[int, float]] = field(default_factory=dict)

    def stalled(self, lag: Mapping[int, int], position: Mapping[int, int], now_s: float) -> list[int]:
        """Partitions that are stalled. `lag`: records waiting, `position`: next offset, both by partition."""
        found = []
        for partition, offset in position.items():
            if not lag.get(partition):
                self._waiting.pop(partition, None)
                continue
            known, since_s = self._waiting.get(partition, (-1, now_s))
            if offset != known:
                self._waiting[partition] = (offset, now_s)
            elif now_s - since_s > self.patience_s:
                found.append(partition)
        return found
