"""What an engine remembers of every vehicle: its newest report and the clocks of its driver."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.columns import NONE, Columns
from rules.key_index import KeyIndex

TIE_MEMORY = 4  # reports of one time whose exact copies are recognised; more than two are a broken terminal

LAYOUT: dict[str, tuple[str, object]] = {
    "time_ms": ("i8", NONE),
    "speed_kmh": ("f8", 0.0),
    "fix_ms": ("i8", NONE),  # newest report with a position
    "fix_longitude_deg": ("f8", np.nan),
    "fix_latitude_deg": ("f8", np.nan),
    "odometer_mm": ("i8", 0),
    "driver_key": ("i8", 0),
    "digest_0": ("i8", 0),  # contents of the reports of the newest time, oldest first; 0 is none
    "digest_1": ("i8", 0),
    "digest_2": ("i8", 0),
    "digest_3": ("i8", 0),
    "clock_start_ms": ("i8", NONE),
    "stop_start_ms": ("i8", NONE),
    "drive_found_ms": ("i8", NONE),
    "drive_longitude_deg": ("f8", 0.0),
    "drive_latitude_deg": ("f8", 0.0),
    "drive_bridged": ("?", False),
}


class Vehicles:
    """One row a vehicle; rows are never removed, so a row number names a vehicle for good."""

    def __init__(self) -> None:
        self.index = KeyIndex()
        self.columns = Columns(LAYOUT)

    def __len__(self) -> int:
        return self.index.rows

    @property
    def keys(self) -> NDArray[np.int64]:
        """Vehicle key of each row."""
        return self.index.keys

    def rows_of(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row of each key; an unknown vehicle gets a new one."""
        rows = self.index.find_or_add(keys)
        if self.index.rows > self.columns.rows:
            self.columns.add(self.index.rows - self.columns.rows)
        return rows
