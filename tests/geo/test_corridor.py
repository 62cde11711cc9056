"""Corridors: odd input of the array function; what it finds is tested with the routes."""

from __future__ import annotations

import numpy as np
import pytest

from geo.corridor import corridor_place, make_lines
from geo.distance import haversine_m

LINES = make_lines([np.array([[118.0, 32.0], [118.1, 32.0], [118.1, 32.1]]), np.array([[118.0, 32.0]])])


def test_numbers_arrays_and_nothing() -> None:
    offset_m, along_m = corridor_place(LINES, 0, 118.1, 32.05)
    way_m = haversine_m(118.0, 32.0, 118.1, 32.0) + haversine_m(118.1, 32.0, 118.1, 32.05)
    assert (float(offset_m), float(along_m)) == pytest.approx((0, way_m), abs=0.5)
    offset_m, along_m = corridor_place(LINES, 0, [[118.0], [118.1]], [32.0, 32.1])
    assert offset_m.shape == along_m.shape == (2, 2)
    assert [part.shape for part in corridor_place(LINES, [], [], [])] == [(0,), (0,)]


def test_what_has_no_place() -> None:
    for part in corridor_place(LINES, [0, 0, 1], [np.nan, 118.0, 118.0], [32.0, np.inf, 32.0]):
        assert np.isnan(part).all()
    for line in (-1, 2):
        with pytest.raises(IndexError, match="0 to 1"):
            corridor_place(LINES, line, 118.0, 32.0)
