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
        self._views = dict(self._store)

    def __len__(self) -> int:
        return self.rows

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._views[name]

    def add(self, count: int) -> NDArray[np.int64]:
        """Append rows with the layout's values; returns their numbers."""
        first = self.rows
        if count:
            self._resize(first + count)
            for name, (_, value) in self.layout.items():
                self._views[name][first:] = value
        return np.arange(first, first + count)

    def remove(self, dead: NDArray[np.bool_]) -> None:
        """Drop the rows of a mask; rows from the end take their places, so numbers change."""
        kept = self.rows - int(np.count_nonzero(dead))
        holes = dead[:kept].nonzero()[0]
        movers = kept + (~dead[kept:]).nonzero()[0]
        for column in self._views.values():
            column[holes] = column[movers]
        self._resize(kept)

    @property
    def row_bytes(self) -> int:
        """Bytes a row takes."""
        return sum(column.itemsize for column in self._store.values())

    def _resize(self, rows: int) -> None:
        self.rows = rows
        for name, column in self._store.items():
            if rows > len(column):
                grown = np.empty(max(rows, 2 * len(column), _FIRST_CAPACITY), column.dtype)
                grown[: len(column)] = column
                self._store[name] = column = grown
            self._views[name] = column[:rows]
