"""Road matching against a plain search through every piece of every road, bit by bit.

Scenes of chance around one place: roads across each other, side by side, on top of each other (the two
directions of one line), ramps, rings, dead ends, at the equator, in China and at the edges of the map.
"""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.road_class import CODES
from geo.road_match import Before, MatchSettings, match
from geo.road_table import CELL_DEG, METRES_A_DEGREE, Road, build
from tests.properties import PROPERTY

PLACES = (
    (118.0, 32.0),
    (0.0, 0.0),
    (87.6, 43.8),
    (179.99, 51.0),
    (-179.99, -33.0),
    (25.0, 84.98),
    (25.0, -84.98),
)
REPORTS = 60


def distances_m(ends, east, north):
    """Distance of a place from each piece, on the plane that touches the earth there."""
    narrow = math.cos(math.radians(north)) * METRES_A_DEGREE
    x0, y0 = (ends[:, 0] - east) * narrow, (ends[:, 1] - north) * METRES_A_DEGREE
    x1, y1 = (ends[:, 2] - east) * narrow, (ends[:, 3] - north) * METRES_A_DEGREE
    dx, dy = x1 - x0, y1 - y0
    with np.errstate(invalid="ignore"):
        part = np.clip(-(x0 * dx + y0 * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    part = np.where(dx * dx + dy * dy == 0.0, 0.0, part)
    return np.hypot(x0 + part * dx, y0 + part * dy)


def turn_costs_m(bearing, oneway, heading, weights):
    turn = abs(heading - bearing) % 360.0
    turn = np.minimum(turn, 360.0 - turn)
    against = turn > 90.0
    turn = np.where(against, 180.0 - turn, turn)
    wrong = np.where(against & oneway, weights.wrong_way_m, 0.0)
    return wrong + np.maximum(0.0, turn - weights.free_angle_deg) * weights.cost_a_degree_m


def plain_search(table, x, y, heading, speed, weights, before=(-1, -1, 0)):
    """Road, rival, times and distance of each report of one vehicle."""
    road, rival, times = before
    told = []
    for east, north, degrees, kmh in zip(
        x.tolist(), y.tolist(), heading.tolist(), speed.tolist(), strict=True
    ):
        near = np.empty(0, int)
        if abs(east) <= 180.0 and abs(north) <= 85.0:
            distance = distances_m(table.piece_ends_deg, east, north)
            near = (distance <= weights.reach_m).nonzero()[0]
        best, best_cost, best_m, here_cost, here_m = -1, math.inf, math.nan, math.inf, math.nan
        if len(near):
            owner, cost = table.piece_road[near], distance[near]
            if kmh >= weights.heading_from_kmh and not math.isnan(degrees):
                turns = turn_costs_m(table.piece_bearing_deg[near], table.oneway[owner], degrees, weights)
                cost = cost + turns
            at = int(cost.argmin())
            best, best_cost, best_m = int(owner[at]), cost[at], distance[near][at]
            if (owner == road).any():
                at = int(np.where(owner == road, cost, np.inf).argmin())
                here_cost, here_m = cost[at], distance[near][at]
        if best == road or not here_cost > best_cost + weights.keep_m:
            rival, times = -1, 0
        else:
            times, rival = (times + 1 if best == rival else 1), best
        if math.isnan(here_m) or times >= weights.keep_reports:
            road, here_m, rival, times = best, best_m, -1, 0
        told.append((road, rival, times, here_m))
    return told


def some_roads(draw, metre):
    """Lines in metres around a place, as degrees from it; each with others beside, across and upon it."""
    lines = []
    for _ in range(draw.integers(0, 4)):
        begin, angle = draw.uniform(-250, 250, 2), draw.uniform(0, 2 * math.pi)
        way = np.array([math.cos(angle), math.sin(angle)])
        steps = np.sort(draw.uniform(0, draw.choice([30, 300, 900]), draw.integers(2, 6)))
        line = begin + steps[:, None] * way
        line[1:-1] += draw.normal(0, draw.choice([0, 1, 20]), line[1:-1].shape)
        lines.append(line)
        aside = np.array([-way[1], way[0]])
        for kind in draw.choice(6, draw.integers(0, 3)):
            if kind == 0:
                lines.append(line[::-1])
            elif kind == 1:
                lines.append(line + aside * draw.choice([0.01, 0.03, 0.2, 3.5, 14, 30, 49.99, 100]))
            elif kind == 2:
                lines.append(line[0] + np.array([[0, 0], way * 100 + aside * 14, way * 200 + aside * 80]))
            elif kind == 3:
                lines.append(line.mean(axis=0) + np.outer([-200, 200], aside))
            elif kind == 4:
                ring = np.linspace(0, 2 * math.pi, 13)
                lines.append(line[-1] + 30 * np.column_stack([np.cos(ring), np.sin(ring)]))
            else:
                lines.append(line.copy())
    return [line * metre for line in lines]


def some_table(draw, place, metre):
    high = np.array([180.0, 85.0])
    roads = []
    for number, line in enumerate(some_roads(draw, metre)):
        line = np.clip(line + place, -high, high)
        if (line != line[0]).any():
            oneway = bool(draw.integers(0, 2))
            roads.append(Road(str(number), "", CODES["highway"], math.nan, oneway, line))
    return build(roads)


def some_drive(draw, table, place, metre):
    """Places near the roads, at their ends, between them, and in between some that are nowhere."""
    count = REPORTS
    if len(table.piece_ends_deg) and draw.random() < 0.9:
        piece = np.sort(draw.integers(0, len(table.piece_ends_deg), count))
        ends = table.piece_ends_deg[piece]
        part = draw.choice([0.0, 0.5, 1.0, draw.random()], count)[:, None]
        spot = ends[:, :2] * (1 - part) + ends[:, 2:] * part
        aside = draw.normal(0, 1, (count, 2)) * draw.choice([0, 0.02, 5, 25, 50], (count, 1))
        spot = spot + aside * metre
    else:
        spot = place + np.cumsum(draw.normal(0, 20, (count, 2)), axis=0) * metre
    if draw.random() < 0.3:
        spot = np.round(spot / CELL_DEG * 4) * CELL_DEG / 4  # on the borders of the cells
    spot[draw.random(count) < 0.03] = np.nan
    spot[draw.random(count) < 0.02] *= 1.2
    stand = draw.random(count) < 0.2
    for at in range(1, count):
        if stand[at]:
            spot[at] = spot[at - 1]
    heading = draw.uniform(0, 360, count).round(int(draw.integers(0, 2)))
    if draw.random() < 0.5 and len(table.piece_bearing_deg):
        heading = draw.choice(table.piece_bearing_deg, count) + draw.choice([0, 20, 90, 180, 270, 360], count)
    heading[draw.random(count) < 0.1] = math.nan
    return spot[:, 0], spot[:, 1], heading, draw.choice([0.0, 4.9, 5.0, 60.0], count)


def some_weights(draw):
    if draw.random() < 0.5:
        return MatchSettings()
    return MatchSettings(
        reach_m=float(draw.choice([1.0, 20.0, 50.0, 60.0])),
        free_angle_deg=float(draw.choice([0.0, 20.0, 90.0])),
        cost_a_degree_m=float(draw.choice([0.0, 0.3, 1.0, 100.0])),
        wrong_way_m=float(draw.choice([0.0, 10.0, 60.0, 1000.0])),
        keep_m=float(draw.choice([0.0, 0.01, 5.0, 15.0, 60.0])),
        keep_reports=int(draw.choice([1, 2, 3, 100])),
        heading_from_kmh=float(draw.choice([0.0, 5.0, 60.0])),
    )


@PROPERTY
@given(st.integers(0, 2**32 - 1))
def test_matching_is_the_plain_search(seed):
    draw = np.random.default_rng(seed)
    place = np.array(PLACES[draw.integers(0, len(PLACES))])
    metre = np.array([1 / math.cos(math.radians(place[1])), 1.0]) / METRES_A_DEGREE
    table = some_table(draw, place, metre)
    weights = some_weights(draw)
    x, y, heading, speed = some_drive(draw, table, place, metre)
    roads = len(table)
    begins = np.sort(draw.integers(0, REPORTS, 3))  # of other vehicles, which were somewhere before
    head = np.zeros(REPORTS, bool)
    head[0] = head[begins] = True
    before = Before(
        *(
            draw.integers(low, high, REPORTS).astype(np.int32)
            for low, high in ((-1, roads), (-1, roads), (0, 3))
        )
    )
    found = match(table, x, y, heading, speed, head, before, weights)
    expected = []
    edges = [*head.nonzero()[0].tolist(), REPORTS]
    for begin, end in pairwise(edges):
        was = before.road[begin], before.rival[begin], before.times[begin]
        expected += plain_search(
            table, x[begin:end], y[begin:end], heading[begin:end], speed[begin:end], weights, was
        )
    columns = [np.array(column) for column in zip(*expected, strict=True)]
    assert found.road.tolist() == columns[0].tolist()
    assert found.rival.tolist() == columns[1].tolist()
    assert found.times.tolist() == columns[2].tolist()
    np.testing.assert_array_equal(found.offset_m, columns[3])


@pytest.mark.parametrize(
    "change",
    [{"keep_reports": 0}, {"keep_m": -1.0}, {"cost_a_degree_m": math.nan}, {"wrong_way_m": math.inf}],
)
def test_weights_that_are_none_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        MatchSettings(**change)
