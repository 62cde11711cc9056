"""From vehicle keys to row numbers, many at once: an open-addressing hash table in numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_ROWS = 1 << 24  # 16 million vehicles in one partition: far above a nation's fleet, far below int32
_FIRST_BITS = 10
_EMPTY = -1
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: neighbouring keys land far apart


class IndexFullError(RuntimeError):
    """More vehicles than one partition's state is made for; use more partitions."""


class KeyIndex:
    """Row numbers of int64 keys, in order of first appearance."""

    def __init__(self) -> None:
        self._bits = _FIRST_BITS
        self._slots = np.full(1 << self._bits, _EMPTY, np.int32)
        self._keys = np.empty(1 << (self._bits - 1), np.int64)
        self.rows = 0

    @property
    def keys(self) -> NDArray[np.int64]:
        """The keys in row order."""
        return self._keys[: self.rows]

    def find(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row number of each key; -1 where it is not known."""
        slot = self._home(keys)
        found = self._slots[slot].astype(np.int64)
        open_ = ((found != _EMPTY) & (self._keys[found] != keys)).nonzero()[0]
        mask = len(self._slots) - 1
        # The table is at most half full, so every walk meets an empty slot.
        while len(open_):
            slot[open_] = (slot[open_] + 1) & mask
            row = self._slots[slot[open_]].astype(np.int64)
            found[open_] = row
            open_ = open_[(row != _EMPTY) & (self._keys[row] != keys[open_])]
        return found

    def find_or_add(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row number of each key; keys not yet known get the next rows, in order of appearance.

        Raises
        ------
        IndexFullError
            The keys would exceed `MAX_ROWS`; nothing was added.
        """
        found = self.find(keys)
        missing = (found == _EMPTY).nonzero()[0]
        if len(missing):
            _, first = np.unique(keys[missing], return_index=True)
            self._add(keys[missing[np.sort(first)]])
            found[missing] = self.find(keys[missing])
        return found

    def _add(self, new: NDArray[np.int64]) -> None:
        rows = self.rows + len(new)
        if rows > MAX_ROWS:
            raise IndexFullError(f"{rows} vehicles in one partition are more than {MAX_ROWS}; add partitions")
        first, self.rows = self.rows, rows
        if 2 * rows > len(self._slots):
            self._bits = int(2 * rows - 1).bit_length()
            keys = np.empty(1 << (self._bits - 1), np.int64)
            keys[:first] = self._keys[:first]
            self._keys, self._slots = keys, np.full(1 << self._bits, _EMPTY, np.int32)
            self._keys[first:rows] = new
            self._place(np.arange(rows))
        else:
            self._keys[first:rows] = new
            self._place(np.arange(first, rows))

    def _place(self, rows: NDArray[np.int64]) -> None:
        slot = self._home(self._keys[rows])
        mask = len(self._slots) - 1
        while len(rows):
            free = self._slots[slot] == _EMPTY
            self._slots[slot[free]] = rows[free]
            # Of several rows that met in one slot the last one written has it; the others walk on.
            left = self._slots[slot] != rows
            rows, slot = rows[left], (slot[left] + 1) & mask

    def _home(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        hashed = keys.view(np.uint64) * _SPREAD
        return (hashed >> np.uint64(64 - self._bits)).view(np.int64)
