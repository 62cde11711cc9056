"""The peaks of runs over a limit: how fast, how far over which limit, in which tier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.columns import Columns

LAYOUT: dict[str, tuple[str, Any]] = {
    "max_speed_kmh": ("f8", -np.inf),
    "excess_kmh": ("f8", -np.inf),
    "limit_kmh": ("f8", 0.0),
    "source": ("u1", 0),
    "tier": ("u1", 0),
}


@dataclass(frozen=True, slots=True)
class Peaks:
    """n sets of peaks. `excess_kmh` is the largest, `limit_kmh` with `source` what it exceeded."""

    max_speed_kmh: NDArray[np.float64]
    excess_kmh: NDArray[np.float64]
    limit_kmh: NDArray[np.float64]
    source: NDArray[np.uint8]
    tier: NDArray[np.uint8]

    @staticmethod
    def read(table: Columns, part: str, slot: NDArray[np.int64]) -> Peaks:
        """Peaks of slots of a table, in whose columns they stand behind the name of a part."""
        return Peaks(*(table[f"{part}_{name}"][slot] for name in LAYOUT))

    def write(self, table: Columns, part: str, slot: NDArray[np.int64]) -> None:
        """Put the peaks where `read` finds them."""
        for name in LAYOUT:
            table[f"{part}_{name}"][slot] = getattr(self, name)

    def take(self, index: NDArray[np.int64]) -> Peaks:
        """Some of the sets."""
        return Peaks(*(getattr(self, name)[index] for name in LAYOUT))

    def raised(self, later: Peaks) -> Peaks:
        """The peaks of both; of equal excesses the earlier one's limit stays."""
        higher = later.excess_kmh > self.excess_kmh
        return Peaks(
            np.maximum(self.max_speed_kmh, later.max_speed_kmh),
            np.maximum(self.excess_kmh, later.excess_kmh),
            np.where(higher, later.limit_kmh, self.limit_kmh),
            np.where(higher, later.source, self.source),
            np.maximum(self.tier, later.tier),
        )

    def highest(self, begin: NDArray[np.int64], end: NDArray[np.int64]) -> Peaks:
        """The peaks over the sets from each `begin` to before each `end`; of equals the first counts."""
        counts = end - begin
        if (counts == 1).all():
            return self.take(begin)
        bounds = counts.cumsum() - counts
        index = np.arange(counts.sum()) + (begin - bounds).repeat(counts)
        excess_kmh = self.excess_kmh[index]
        most = np.maximum.reduceat(excess_kmh, bounds)
        is_most = excess_kmh == most.repeat(counts)
        worst = np.minimum.reduceat(np.where(is_most, index, len(self.tier)), bounds)
        return Peaks(
            np.maximum.reduceat(self.max_speed_kmh[index], bounds),
            most,
            self.limit_kmh[worst],
            self.source[worst],
            np.maximum.reduceat(self.tier[index], bounds),
        )
