"""Growing tables of records: the state of a rule family, a row a vehicle, a driver or a slot.

Records, not columns: a state machine that looks at one vehicle touches one or two lines of memory, however
many fields it has. Kernels take the whole table as one argument and read `table[row].field`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept

NONE = int(np.iinfo(np.int64).min)  # "no time yet": a time no report can have
NO_ROW = -1

Layout = Mapping[str, tuple[str, Any]]
"""From field names to (numpy type, value of a new row). A field called `zone` holds an index of a zone."""

AHEAD = 8
"""How many entries ahead a kernel asks memory for records. A batch touches as many vehicles, whose records
lie scattered over tables that no cache holds, and an access waits some 100 ns: 8 entries take longer than
that, and what was asked for, some 4 lines of 64 bytes each, still is in the first cache."""

_FIRST_CAPACITY = 64


def record_type(layout: Layout) -> np.dtype[np.void]:
    """The record of a layout, its fields where a C compiler would put them."""
    return np.dtype([(name, kind) for name, (kind, _) in layout.items()], align=True)


@kept
def _blank(layout: Layout) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """One new row of a layout, and an empty table of such rows."""
    row = np.zeros(1, record_type(layout))
    for name, (_, value) in layout.items():
        row[name] = value
    return row, row[:0]


def plain(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Rows as mere bytes, the same memory: numpy copies records field by field, in ten times the time."""
    return rows.view((np.void, rows.itemsize))


def chosen(rows: NDArray[np.void], index: Any) -> NDArray[np.void]:
    """The rows that an index selects, copied."""
    selected: NDArray[np.void] = plain(rows)[index].view(rows.dtype)
    return selected


class Records:
    """n rows; `rows` is a view of what is in use, valid until rows are added."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._empty, self._store = _blank(layout)
        self.rows = self._store

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def blank(self) -> NDArray[np.void]:
        """One new row."""
        return self._empty

    def grow(self, count: int) -> None:
        """Make it `count` rows at least; new ones have the layout's values."""
        known = len(self.rows)
        if count <= known:
            return
        if count > len(self._store):
            grown = np.empty(max(count, len(self._store) * 3 // 2, _FIRST_CAPACITY), self._empty.dtype)
            plain(grown)[:known] = plain(self.rows)
            self._store = grown
        plain(self._store)[known:count] = plain(self._empty)
        self.rows = self._store[:count]

    @property
    def row_bytes(self) -> int:
        """Bytes a row takes."""
        return self._empty.itemsize
