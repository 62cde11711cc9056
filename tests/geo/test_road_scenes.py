"""Scenes in which road matching could flap: how often it changes roads, against where the vehicle is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geo.road_class import CODES
from geo.road_match import NO_ROAD, Before, match
from geo.road_table import Road, build

METRE = 1 / 111_195.0797  # degrees of latitude
NARROW = math.cos(math.radians(32.0))
DEVIATION_M = 6.0  # of a position: what receivers of trucks do among trees and walls


def road(name, points_m, *, oneway=False, road_class="highway"):
    """A road through points in metres east and north of one place."""
    line = np.array([[118.0 + x * METRE / NARROW, 32.0 + y * METRE] for x, y in points_m])
    return Road(name, name, CODES[road_class], math.nan, oneway, line)


def driven(points_m, step_m):
    """Places every so many metres along a way, and the heading at each."""
    points = np.array(points_m, float)
    lengths = np.hypot(*np.diff(points, axis=0).T)
    along = np.append(0, lengths.cumsum())
    metres = np.arange(0, along[-1], step_m)
    edge = np.clip(np.searchsorted(along, metres, "right") - 1, 0, len(lengths) - 1)
    part = ((metres - along[edge]) / lengths[edge])[:, None]
    way = np.diff(points, axis=0)[edge]
    return points[edge] + part * way, np.degrees(np.arctan2(way[:, 0], way[:, 1])) % 360


def matched(roads, places_m, heading, *, noise=0, speed=60.0, deviation_m=DEVIATION_M):
    """Names of the roads of one vehicle, report by report."""
    table = build(roads)
    count = len(places_m)
    if noise:
        draw = np.random.default_rng(noise)
        # Errors of receivers drift: those of one second are much those of the second before.
        errors = draw.normal(0, deviation_m * 0.6, (count, 2))
        for at in range(1, count):
            errors[at] += 0.8 * errors[at - 1]
        places_m = places_m + errors
        heading = (heading + draw.normal(0, 4, count)) % 360
    head = np.zeros(count, bool)
    head[:1] = True
    speed = np.broadcast_to(np.asarray(speed, float), count)
    lon, lat = 118.0 + places_m[:, 0] * METRE / NARROW, 32.0 + places_m[:, 1] * METRE
    found = match(table, lon, lat, heading, speed, head, Before.nothing(count))
    return ["" if one == NO_ROAD else roads[one].name for one in found.road.tolist()]


def changes(names):
    """The roads in order, each once for every time the vehicle came to it."""
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


SEEDS = range(1, 9)
EXPRESSWAY = road("expressway", [(0, 0), (6000, 0)], oneway=True, road_class="expressway")
SERVICE = road("service", [(0, -30), (6000, -30)])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("step_m", [25.0, 500.0])
def test_expressway_and_service_road_30_m_apart(seed, step_m):
    for y, name in ((0, "expressway"), (-30, "service")):
        places, heading = driven([(100, y), (5900, y)], step_m)
        assert changes(matched([EXPRESSWAY, SERVICE], places, heading, noise=seed)) == [name]


RAMP_M = [(1000, 0), (1000 + 600 * math.cos(math.radians(8)), -600 * math.sin(math.radians(8))), (2000, -300)]
RAMP = road("ramp", RAMP_M, oneway=True, road_class="ramp")


@pytest.mark.parametrize("seed", SEEDS)
def test_ramp_that_leaves_at_8_degrees(seed):
    places, heading = driven([(100, 0), *RAMP_M], 22.0)
    names = matched([EXPRESSWAY, RAMP], places, heading, noise=seed)
    assert changes(names) == ["expressway", "ramp"]
    # Told apart as soon as the ramp is farther off than errors reach: 50 m aside, 360 m behind the fork.
    assert all(name == "ramp" for name, (x, _) in zip(names, places, strict=True) if x > 1450)
    places, heading = driven([(100, 0), (5000, 0)], 22.0)
    assert changes(matched([EXPRESSWAY, RAMP], places, heading, noise=seed)) == ["expressway"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("angle", [25, 60, 90, 120])
def test_crossing_above_or_below(seed, angle):
    dx, dy = 500 * math.cos(math.radians(angle)), 500 * math.sin(math.radians(angle))
    bridge = road("bridge", [(3000 - dx, -dy), (3000 + dx, dy)])
    places, heading = driven([(2500, 0), (3500, 0)], 12.0)
    assert changes(matched([EXPRESSWAY, bridge], places, heading, noise=seed)) == ["expressway"]
    places, heading = driven([(3000 - dx, -dy), (3000 + dx, dy)], 12.0)
    assert changes(matched([EXPRESSWAY, bridge], places, heading, noise=seed)) == ["bridge"]


EAST = road("east", [(0, 0), (4000, 0)], oneway=True)
WEST = road("west", [(4000, 14), (0, 14)], oneway=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_dual_carriageway_in_both_directions(seed):
    for points, name in (([(50, 0), (3900, 0)], "east"), ([(3900, 14), (50, 14)], "west")):
        places, heading = driven(points, 20.0)
        assert changes(matched([EAST, WEST], places, heading, noise=seed, deviation_m=9.0)) == [name]


@pytest.mark.parametrize("seed", SEEDS)
def test_u_turn_changes_the_carriageway_once(seed):
    turn = [(2000 + 7 * math.sin(a), 7 - 7 * math.cos(a)) for a in np.linspace(0, math.pi, 9)]
    places, heading = driven([(1000, 0), *turn, (1000, 14)], 10.0)
    assert changes(matched([EAST, WEST], places, heading, noise=seed)) == ["east", "west"]


@pytest.mark.parametrize("seed", SEEDS)
def test_u_turn_on_one_road_changes_nothing(seed):
    side = road("side", [(1500, -300), (1500, 300)])
    both = road("both", [(0, 0), (4000, 0)])
    places, heading = driven([(1000, -2), (1510, -2), (1510, 2), (1000, 2)], 5.0)
    assert changes(matched([both, side], places, heading, noise=seed, speed=15.0, deviation_m=3.0)) == [
        "both"
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_roundabout(seed):
    ring_m = [(30 * math.sin(a), -30 * math.cos(a)) for a in np.linspace(0, 2 * math.pi, 25)]
    ring = road("ring", ring_m, oneway=True)
    south = road("south", [(0, -600), (0, -30)])
    north = road("north", [(0, 30), (0, 600)])
    west = road("west", [(-600, 0), (-30, 0)])
    places, heading = driven([(0, -500), *ring_m[:13], (0, 500)], 8.0)
    names = matched([ring, south, north, west], places, heading, noise=seed, speed=25.0, deviation_m=3.0)
    assert changes(names) == ["south", "ring", "north"]


def test_after_a_gap_the_road_it_is_on_counts():
    far = road("far", [(0, 2000), (6000, 2000)])
    places = np.array([[1000, 0.0], [1020, 0.0], [3000, 2000.0], [3020, 2000.0]])
    assert matched([EXPRESSWAY, far], places, np.full(4, 90.0)) == ["expressway"] * 2 + ["far"] * 2


def test_off_the_map_there_is_no_road_and_back_on_it_there_is():
    places = np.array([[1000, 0.0], [1020, 300.0], [1040, 300.0], [1060, 0.0]])
    assert matched([EXPRESSWAY], places, np.full(4, 90.0)) == ["expressway", "", "", "expressway"]


@pytest.mark.parametrize("seed", SEEDS)
def test_without_a_heading_the_nearest_road_is_kept(seed):
    crossing = road("crossing", [(3000, -500), (3000, 500)])
    places, _ = driven([(2500, 0), (3500, 0)], 12.0)
    heading = np.full(len(places), math.nan)
    names = matched(
        [road("along", [(0, 0), (6000, 0)]), crossing], places, heading, noise=seed, deviation_m=3.0
    )
    assert changes(names) in (["along"], ["along", "crossing", "along"])


def test_against_a_oneway_road_that_is_the_only_one():
    places, heading = driven([(3900, 0), (100, 0)], 50.0)
    assert changes(matched([EAST], places, heading)) == ["east"]


def test_standing_at_a_crossing_with_headings_of_chance():
    crossing = road("crossing", [(3000, -500), (3000, 500)])
    places, heading = driven([(2800, 0), (2995, 0)], 15.0)
    draw = np.random.default_rng(5)
    places = np.concatenate([places, np.array([2995, 0]) + draw.normal(0, 4, (60, 2))])
    heading = np.concatenate([heading, draw.uniform(0, 360, 60)])
    speed = np.where(np.arange(len(places)) < len(places) - 60, 50.0, 0.5)
    along = road("along", [(0, 0), (6000, 0)])
    assert changes(matched([along, crossing], places, heading, speed=speed)) == ["along"]
