"""Reports matched to roads: the matching against the nearest stretch of a `shapely.STRtree` alone.

The map is a grid of streets, each beside a service road 30 m off, so that every place is near two roads and
many near four. The rival finds the nearest stretch of road of each position and knows neither heading nor
what road the vehicle was on; it is the least that any matching with a tree has to do.
"""

from __future__ import annotations

import math
import time
from statistics import median

import numpy as np
import shapely

from geo.road_class import CODES
from geo.road_match import NO_ROAD, Before, match, warm_up
from geo.road_table import Road, build

VEHICLES, REPORTS_EACH = 2_000, 20
ROUNDS = 5
STREETS = 60  # each way, 500 m apart
_SIDE_DEG = STREETS * 0.005
_METRE_DEG = 1 / 111_195


def run() -> dict[str, object]:
    """Rates of positions, their ratio, and how often the two name the same road."""
    roads = _town()
    table = build(roads)
    pieces = np.concatenate([np.stack([road.line[:-1], road.line[1:]], axis=1) for road in roads])
    owner = np.repeat(np.arange(len(roads)), [len(road.line) - 1 for road in roads])
    tree = shapely.STRtree(shapely.linestrings(pieces))
    longitude, latitude, heading, true = _drives()
    count = len(longitude)
    head = np.zeros(count, np.bool_)
    head[::REPORTS_EACH] = True
    speed = np.full(count, 40.0)
    warm_up()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        started = time.process_time()
        found = match(table, longitude, latitude, heading, speed, head, Before.nothing(count))
        ours.append(time.process_time() - started)
        started = time.process_time()
        nearest = owner[tree.nearest(shapely.points(longitude, latitude))]
        theirs.append(time.process_time() - started)
    ratios = [other / own for own, other in zip(ours, theirs, strict=True)]
    same_vehicle = ~head[1:]
    return {
        "positions": count,
        "roads": len(roads),
        "positions_per_s": count / min(ours),
        "tree_positions_per_s": count / min(theirs),
        "ratio_to_tree": median(ratios),
        "right_percent": 100 * float(np.mean(found.road == true)),
        "tree_right_percent": 100 * float(np.mean(nearest == true)),
        "changes_of_road": int(np.count_nonzero((np.diff(found.road) != 0) & same_vehicle)),
        "tree_changes_of_road": int(np.count_nonzero((np.diff(nearest) != 0) & same_vehicle)),
        "on_no_road": int(np.count_nonzero(found.road == NO_ROAD)),
    }


def _town() -> list[Road]:
    """Streets to the east, then streets to the north, each beside a service road 30 m off."""
    roads = []
    for along_east in (True, False):
        for number in range(STREETS):
            place = 0.005 * number
            for kind, aside_deg in (("highway", 0.0), ("urban", 30 * _METRE_DEG)):
                along = np.linspace(0, _SIDE_DEG, 4 * STREETS)
                across = np.full(len(along), place + aside_deg)
                line = np.stack([along, across] if along_east else [across, along], axis=1)
                name = f"{'east' if along_east else 'north'} {number} {kind}"
                roads.append(Road(name, name, CODES[kind], math.nan, False, line + np.array([118.0, 32.0])))
    return roads


def _drives() -> tuple[np.ndarray, ...]:
    """Vehicles on streets chosen by lot, 220 m a report, with errors of 6 m and 4 degrees; their streets."""
    draw = np.random.default_rng(11)
    street = draw.integers(0, STREETS, VEHICLES)
    east, service = draw.random(VEHICLES) < 0.5, draw.random(VEHICLES) < 0.5
    start = draw.uniform(0, _SIDE_DEG * 0.8, VEHICLES)
    along = start[:, None] + np.arange(REPORTS_EACH) * 220 * _METRE_DEG
    across = np.broadcast_to((0.005 * street + service * 30 * _METRE_DEG)[:, None], along.shape)
    x, y = np.where(east[:, None], along, across), np.where(east[:, None], across, along)
    noise = draw.normal(0, 6 * _METRE_DEG, (2, *x.shape))
    heading = np.where(east, 90.0, 0.0)[:, None] + draw.normal(0, 4, x.shape)
    road = 2 * street + service + np.where(east, 0, 2 * STREETS)
    longitude, latitude = (118.0 + x + noise[0]).ravel(), (32.0 + y + noise[1]).ravel()
    return longitude, latitude, heading.ravel() % 360, np.repeat(road, REPORTS_EACH)
