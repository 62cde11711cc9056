"""GCJ-02: known points, the way back, and nothing outside China."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.datum import gcj02_to_wgs84, wgs84_to_gcj02
from geo.distance import haversine_m
from tests.properties import PROPERTY

CHINA = (st.floats(75, 134), st.floats(4, 53))


@PROPERTY
@given(*CHINA)
def test_there_and_back_is_under_a_micrometre(longitude: float, latitude: float) -> None:
    back = gcj02_to_wgs84(*wgs84_to_gcj02([longitude], [latitude]))
    assert haversine_m([longitude], [latitude], *back)[0] < 1e-6


@PROPERTY
@given(st.floats(71.9, 137.9), st.floats(0.8, 55.9))
def test_at_the_border_the_way_back_is_off_by_the_shift_at_most(longitude: float, latitude: float) -> None:
    back = gcj02_to_wgs84(*wgs84_to_gcj02([longitude], [latitude]))
    assert haversine_m([longitude], [latitude], *back)[0] < 2500


def test_numbers_nothing_and_nan() -> None:
    for change in (wgs84_to_gcj02, gcj02_to_wgs84):
        assert [np.shape(part) for part in change(118.0, 32.0)] == [(), ()]
        assert [part.shape for part in change([], [])] == [(0,), (0,)]
        assert np.isnan(change([np.nan, 118.0], [np.nan, np.nan])).tolist() == [[True, False], [True, True]]


@PROPERTY
@given(*CHINA)
def test_the_shift_is_some_hundred_metres(longitude: float, latitude: float) -> None:
    assert 10 < haversine_m([longitude], [latitude], *wgs84_to_gcj02([longitude], [latitude]))[0] < 1200


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
    ],
)
def test_published_pairs(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    """Pairs that the test suites of the open implementations share."""
    longitude, latitude = wgs84_to_gcj02([wgs84[0]], [wgs84[1]])
    assert (longitude[0], latitude[0]) == pytest.approx(gcj02, abs=1e-9)


@pytest.mark.parametrize("place", [(0.0, 51.5), (-97.7, 30.3), (-6.8, 34.0), (139.7, 35.7)])
def test_nothing_happens_abroad(place: tuple[float, float]) -> None:
    for change in (wgs84_to_gcj02, gcj02_to_wgs84):
        assert np.allclose(change([place[0]], [place[1]]), [[place[0]], [place[1]]], atol=0)
