"""Distances and bearings against a plain computation with three-dimensional vectors."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.distance import EARTH_RADIUS_M, bearing_deg, haversine_m
from tests.properties import PROPERTY

LONGITUDE = st.floats(-180, 180)
LATITUDE = st.floats(-90, 90)


def unit(longitude: float, latitude: float) -> np.ndarray:
    east, north = math.radians(longitude), math.radians(latitude)
    return np.array([math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)])


@PROPERTY
@given(LONGITUDE, LATITUDE, LONGITUDE, LATITUDE)
def test_distance_is_the_angle_between_vectors(x: float, y: float, other_x: float, other_y: float) -> None:
    a, b = unit(x, y), unit(other_x, other_y)
    angle = math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b))
    assert haversine_m([x], [y], [other_x], [other_y])[0] == pytest.approx(angle * EARTH_RADIUS_M, abs=0.5)


def test_known_distances() -> None:
    # A minute of latitude is a nautical mile, by the sphere's radius 1853.25 m.
    assert haversine_m(118.0, 32.0, 118.0, 32.0 + 1 / 60) == pytest.approx(1853.25, abs=0.01)
    assert haversine_m(0.0, 0.0, 180.0, 0.0) == pytest.approx(math.pi * EARTH_RADIUS_M)
    assert haversine_m(118.0, 32.0, 118.0, 32.0) == 0


def test_unknown_position_has_no_distance() -> None:
    assert np.isnan(haversine_m([np.nan], [32.0], [118.0], [32.0])).all()


@pytest.mark.parametrize("unknown", [np.nan, np.inf])
def test_what_is_no_position_has_no_distance_nor_direction(unknown: float) -> None:
    for function in (haversine_m, bearing_deg):
        assert np.isnan(function([unknown, 118.0], [32.0, unknown], 118.0, 33.0)).all()


def test_numbers_and_nothing() -> None:
    for function in (haversine_m, bearing_deg):
        assert np.shape(function(118.0, 32.0, 118.1, 32.1)) == ()
        assert function([], [], [], []).shape == (0,)


def test_over_the_meridian_and_at_the_poles() -> None:
    assert haversine_m(179.5, 10.0, -179.5, 10.0) == pytest.approx(haversine_m(0.0, 10.0, 1.0, 10.0))
    assert bearing_deg(179.5, 0.0, -179.5, 0.0) == pytest.approx(90)
    assert haversine_m(0.0, 90.0, 118.0, 90.0) == pytest.approx(0, abs=1e-6)
    assert bearing_deg(0.0, 90.0, 30.0, 10.0) == pytest.approx(150)
    assert bearing_deg(0.0, -90.0, 30.0, 10.0) == pytest.approx(30)


def test_distances_broadcast() -> None:
    assert haversine_m(118.0, 32.0, [118.0, 118.1, 118.2], [32.0, 32.0, 32.0]).shape == (3,)


@PROPERTY
@given(LONGITUDE, st.floats(-89, 89))
def test_bearing_to_the_poles(x: float, y: float) -> None:
    assert bearing_deg(x, y, x, 90.0) == pytest.approx(0, abs=1e-6) or bearing_deg(x, y, x, 90.0) > 359.999
    assert bearing_deg(x, y, x, -90.0) == pytest.approx(180, abs=1e-6)


@PROPERTY
@given(LONGITUDE, LATITUDE, LONGITUDE, LATITUDE)
def test_bearing_is_a_direction(x: float, y: float, other_x: float, other_y: float) -> None:
    assert 0 <= bearing_deg(x, y, other_x, other_y) < 360
