"""The vehicles an engine knows: one row each, and the newest report of every one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.entries import VEHICLE_LAYOUT
from rules.key_index import KeyIndex
from rules.records import Records


class Vehicles:
    """One row a vehicle; rows are never removed, so a row number names a vehicle for good."""

    def __init__(self) -> None:
        self.index = KeyIndex()
        self.table = Records(VEHICLE_LAYOUT)

    def __len__(self) -> int:
        return self.index.rows

    @property
    def keys(self) -> NDArray[np.int64]:
        """Vehicle key of each row."""
        return self.index.keys

    def rows_of(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """Row of each key; an unknown vehicle gets a new one."""
        rows = self.index.find_or_add(keys)
        self.table.grow(self.index.rows)
        return rows
