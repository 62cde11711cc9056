"""Growing columns: rows of state as one array a field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

NONE = int(np.iinfo(np.int64).min)  # "no time yet": a time no report can have

_FIRST_CAPACITY = 64


class Columns:
    """n rows of named columns; arrays are views of what is in use, valid until rows are added.

    Parameters
    ----------
    layout : mapping of name to (numpy type, value of a new row)
    """

    def __init__(self, layout: Mapping[str, tuple[str, Any]]) -> None:
        self.layout = dict(layout)
        self.rows = 0
        self._store = {name: np.empty(0, dtype) for name, (dtype, _) in layout.items()}

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._store[name][: self.rows]

    def add(self, count: int) -> NDArray[np.int64]:
        """Append rows with the layout's values; returns their numbers."""
        first, self.rows = self.rows, self.rows + count
        if self.rows > self.capacity:
            self._reserve(max(self.rows, 2 * self.capacity, _FIRST_CAPACITY))
        for name, (_, value) in self.layout.items():
            self._store[name][first : self.rows] = value
        return np.arange(first, self.rows)

    def remove(self, dead: NDArray[np.bool_]) -> None:
        """Drop the rows of a mask; rows from the end take their places, so numbers change."""
        kept = self.rows - int(np.count_nonzero(dead))
        holes = np.flatnonzero(dead[:kept])
        movers = kept + np.flatnonzero(~dead[kept:])
        for column in self._store.values():
            column[holes] = column[movers]
        self.rows = kept

    @property
    def capacity(self) -> int:
        """Rows there is room for."""
        return len(next(iter(self._store.values())))

    @property
    def row_bytes(self) -> int:
        """Bytes a row takes."""
        return sum(column.itemsize for column in self._store.values())

    def _reserve(self, capacity: int) -> None:
        for name, column in self._store.items():
            grown = np.empty(capacity, column.dtype)
            grown[: len(column)] = column
            self._store[name] = grown
