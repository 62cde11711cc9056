"""Which bytes have come, against a plain set of byte numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.attachments.ranges import Ranges, TooManyRanges

SIZE = 60

pieces = st.lists(st.tuples(st.integers(0, SIZE + 5), st.integers(0, 20)).map(lambda p: (p[0], p[0] + p[1])))


def missing_by_bytes(added: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    there = {byte for start, end in added for byte in range(start, end)}
    found: list[tuple[int, int]] = []
    for byte in range(size):
        if byte in there:
            continue
        if found and found[-1][1] == byte:
            found[-1] = (found[-1][0], byte + 1)
        else:
            found.append((byte, byte + 1))
    return found


@given(pieces, st.integers(0, SIZE))
def test_missing_is_what_no_piece_brought(added: list[tuple[int, int]], size: int) -> None:
    ranges = Ranges(added)
    assert list(ranges.missing(size)) == missing_by_bytes(added, size)
    assert ranges.complete(size) == (not missing_by_bytes(added, size))
    assert ranges.bytes_there == len({byte for start, end in added for byte in range(start, end)})


@given(pieces)
def test_ranges_are_ascending_and_do_not_touch(added: list[tuple[int, int]]) -> None:
    found = list(Ranges(added))
    assert all(start < end for start, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))


@given(pieces, st.randoms())
def test_order_and_repetition_do_not_matter(added: list[tuple[int, int]], random: object) -> None:
    again = added + added
    random.shuffle(again)  # type: ignore[attr-defined]
    assert list(Ranges(again)) == list(Ranges(added))


@given(pieces)
def test_kept_ranges_are_read_back(added: list[tuple[int, int]]) -> None:
    ranges = Ranges(added)
    assert list(Ranges(list(ranges))) == list(ranges)


def test_more_pieces_than_are_kept_apart_are_refused_and_change_nothing() -> None:
    ranges = Ranges(((10 * n, 10 * n + 1) for n in range(4)), limit=4)
    with pytest.raises(TooManyRanges):
        ranges.add(100, 101)
    assert len(ranges) == 4
    ranges.add(1, 10)  # joins two, makes room
    ranges.add(100, 101)
    assert list(ranges) == [(0, 11), (20, 21), (30, 31), (100, 101)]


@pytest.mark.parametrize("bad", [(-1, 3), (5, 4)])
def test_what_is_no_range_is_refused(bad: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no range"):
        Ranges().add(*bad)
