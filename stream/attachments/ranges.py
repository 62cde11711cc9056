"""Which bytes of a file have come: half-open ranges, merged, in order.

Pure, so that any order, overlap, repetition and cut of chunks can be tested without a socket.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

MAX_RANGES = 4096
"""Pieces of a file that do not touch. A terminal sends 64 KiB chunks, a few of them lost; who sends every
second byte would make the list itself the attack. 4,096 hold a 512 MiB file of which every second chunk is
missing."""


class TooManyRanges(ValueError):
    """The file has come in more pieces than are kept apart; the newest was not taken."""


class Ranges:
    """Bytes that are there, as ascending ranges ``[start, end)`` that do not touch each other."""

    __slots__ = ("_ends", "_limit", "_starts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = (), limit: int = MAX_RANGES) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._limit = limit
        for start, end in ranges:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        """Note that the bytes from `start` up to `end` are there.

        Raises ``TooManyRanges``, changing nothing, and ``ValueError`` for a range that is none.
        """
        if not 0 <= start <= end:
            raise ValueError(f"{start}..{end} is no range")
        if start == end:
            return
        # Neighbours that touch become one: those ending at or behind `start`, beginning at or before `end`.
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first == last and len(self._starts) >= self._limit:
            raise TooManyRanges(f"more than {self._limit} pieces of one file")
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def missing(self, size: int) -> Iterator[tuple[int, int]]:
        """The ranges of a file of `size` bytes that are not there, ascending."""
        at = 0
        for start, end in zip(self._starts, self._ends, strict=True):
            if start >= size:
                break
            if at < start:
                yield at, start
            at = end
        if at < size:
            yield at, size

    def complete(self, size: int) -> bool:
        """Whether all of a file of `size` bytes is there."""
        return next(self.missing(size), None) is None

    @property
    def bytes_there(self) -> int:
        """How many bytes are there."""
        return sum(self._ends) - sum(self._starts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(list(self._starts), list(self._ends), strict=True)

    def __len__(self) -> int:
        return len(self._starts)
