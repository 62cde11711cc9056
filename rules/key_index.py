"""From 64-bit keys to row numbers: an open-addressing hash table."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.bits import prefetch
from geo.kernel import inlined, kernel
from rules.records import AHEAD

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

    def find(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """Row number of each key; -1 where it is not known."""
        found = np.empty(len(keys), np.int32)
        _find(keys, self._slots, self._keys, self._bits, found)
        return found

    def find_or_add(self, keys: NDArray[np.int64]) -> NDArray[np.int32]:
        """Row number of each key; keys not yet known get the next rows, in order of appearance.

        Raises
        ------
        IndexFullError
            The keys would exceed `MAX_ROWS`; nothing was added.
        """
        found = np.empty(len(keys), np.int32)
        missing = _find(keys, self._slots, self._keys, self._bits, found)
        if missing:
            new = np.empty(missing, np.int64)
            new = new[: _news(keys, found, new)]
            self._make_room(len(np.unique(new)))
            self.rows = _add(new, self._slots, self._keys, self._bits, self.rows)
            _find(keys, self._slots, self._keys, self._bits, found)
        return found

    def _make_room(self, count: int) -> None:
        rows = self.rows + count
        if rows > MAX_ROWS:
            raise IndexFullError(f"{rows} vehicles in one partition are more than {MAX_ROWS}; add partitions")
        # At most half full, so every walk meets an empty slot soon.
        if 2 * rows > len(self._slots):
            self._bits = int(2 * rows - 1).bit_length()
            known, self._keys = self.keys, np.empty(1 << (self._bits - 1), np.int64)
            self._slots = np.full(1 << self._bits, _EMPTY, np.int32)
            _add(known, self._slots, self._keys, self._bits, 0)


@inlined
def _home(key: int, bits: int) -> int:
    """The slot where the search for a key begins."""
    return np.int64((np.uint64(key) * _SPREAD) >> np.uint64(64 - bits))  # type: ignore[return-value]


@inlined
def _walk(key: int, slots: Any, keys: Any, bits: int) -> int:
    """The slot of a key, or the empty one where it would stand."""
    mask = len(slots) - 1
    slot = _home(key, bits)
    while slots[slot] != _EMPTY and keys[slots[slot]] != key:
        slot = (slot + 1) & mask
    return slot


@kernel
def _find(wanted: Any, slots: Any, keys: Any, bits: int, found: Any) -> int:
    """Look keys up; returns how many are not known."""
    missing, last = 0, len(wanted) - 1
    for i in range(len(wanted)):
        prefetch(slots, _home(wanted[min(i + 2 * AHEAD, last)], bits))
        prefetch(keys, slots[_home(wanted[min(i + AHEAD, last)], bits)])
        row = slots[_walk(wanted[i], slots, keys, bits)]
        found[i] = row
        missing += row == _EMPTY
    return missing


@kernel
def _news(wanted: Any, found: Any, new: Any) -> int:
    """Write the keys that were not found, return how many; of equal ones next to each other, as a track
    has them, only the first."""
    count = 0
    for i in range(len(wanted)):
        if found[i] == _EMPTY and (count == 0 or new[count - 1] != wanted[i]):
            new[count] = wanted[i]
            count += 1
    return count


@kernel
def _add(new: Any, slots: Any, keys: Any, bits: int, rows: int) -> int:
    """Add keys, some perhaps more than once; returns the number of rows after that."""
    for i in range(len(new)):
        slot = _walk(new[i], slots, keys, bits)
        if slots[slot] == _EMPTY:
            slots[slot], keys[rows] = rows, new[i]
            rows += 1
    return rows
