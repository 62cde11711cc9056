"""The tail of a stream: the reports given, in order, however many at a time; and which others are copies."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.reports import COLUMN_TYPES, Reports
from rules.tail import Tail
from tests.properties import PROPERTY


def made(numbers: list[int]) -> Reports:
    """A report for each number; the same number is the same report."""
    number = np.array(numbers, np.int64)
    return Reports.build(
        vehicle_key=number % 5,
        time_ms=number * 1000,
        longitude_deg=118 + number / 1e4,
        latitude_deg=np.full(len(number), 32.0),
        speed_kmh=number % 90,
    )


parts = st.lists(st.lists(st.integers(0, 300), max_size=4), max_size=150)


@PROPERTY
@given(parts, st.lists(st.integers(0, 300), max_size=20), st.integers(1, 40))
def test_it_is_what_was_added(added: list[list[int]], asked: list[int], looked_every: int) -> None:
    tail = Tail()
    for turn, numbers in enumerate(added, 1):
        tail.add(made(numbers))
        if turn % looked_every == 0:
            tail.whole()
    expected = made([number for numbers in added for number in numbers])
    assert len(tail) == len(expected)
    whole = tail.whole()
    for name in COLUMN_TYPES:
        assert np.array_equal(getattr(whole, name), getattr(expected, name), equal_nan=True)
    known = {number for numbers in added for number in numbers}
    assert tail.copies(made(asked)).tolist() == [number in known for number in asked]
