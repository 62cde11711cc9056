"""The best road near a place: weighed by rounded stretches first, which is sure nearly always, else with the
pieces themselves.

Rounded, every distance and every cost is known to within a bound. Where no comparison comes nearer than the
bound the answer is the one that the pieces themselves give; where one does, they are looked at.
"""

from __future__ import annotations

import math
from typing import Any

from geo.kernel import inlined, kernel
from geo.road_stretch import ROUNDED_DEG, ROUNDED_M, TURN_DEG, UNIT_M
from geo.road_table import METRES_A_DEGREE, REACH_M

_NONE = -1  # no road
_FAR_M2 = (REACH_M + 0.001) ** 2  # out of any reach without the exact distance, which takes a slow function
_ACROSS_DEG = 2.0 * ROUNDED_DEG  # so near to a right angle it is open which way a road is taken


@inlined
def estimate(cells: Any, p: Any, last: int, weights: Any) -> tuple[bool, int, bool, bool]:
    """Whether the stretches of a position's cell are enough to tell; then the best road, whether the last one
    is in reach, and whether the best is clearly better than the last."""
    if p.cell < 0:
        return True, _NONE, False, True
    cell = cells.place[p.cell]
    road = cells.near[cell.begin].road
    if cells.near[cell.end - 1].road != road:
        return _weigh(cells.near, cell, p, last, weights)
    square = math.inf
    for at in range(cell.begin, cell.end):
        square = min(square, _square_m(cells.near[at], p.east, p.north, cell.unit_m))
    if square > (weights.reach_m + ROUNDED_M) ** 2:
        return True, _NONE, False, True
    return square < max(0.0, weights.reach_m - ROUNDED_M) ** 2, road, road == last, road != last


@inlined
def _weigh(near: Any, cell: Any, p: Any, last: int, weights: Any) -> tuple[bool, int, bool, bool]:
    """The same in a cell of several roads.

    Where the last one is kept for certain it is called the best: which one is makes no difference then.
    """
    outside, inside = (weights.reach_m + ROUNDED_M) ** 2, max(0.0, weights.reach_m - ROUNDED_M) ** 2
    doubt_m = 2.0 * (ROUNDED_M + ROUNDED_DEG * weights.cost_a_degree_m)
    best, best_m, next_m, last_m = _NONE, math.inf, math.inf, math.inf
    for at in range(cell.begin, cell.end):
        square = _square_m(near[at], p.east, p.north, cell.unit_m)
        if square > outside:
            continue
        cost = math.sqrt(square)
        if not math.isnan(p.heading_deg):
            cost += _rounded_turn_m(near[at], p.heading_deg, weights)
        if square >= inside or math.isnan(cost):
            return False, _NONE, False, False
        if near[at].road == last:
            last_m = min(last_m, cost)
        if near[at].road == best:
            best_m = min(best_m, cost)
        elif cost < best_m:
            best, best_m, next_m = near[at].road, cost, best_m
        else:
            next_m = min(next_m, cost)
    if last_m < math.inf and last_m + doubt_m <= best_m + weights.keep_m:
        return True, last, True, False
    sure = best == _NONE or next_m > best_m + doubt_m
    sure = sure and last_m > best_m + weights.keep_m + doubt_m
    return sure, best, last_m < math.inf, True


@inlined
def _square_m(stretch: Any, east: float, north: float, narrow: float) -> float:
    """Square of the distance of a place from a stretch."""
    x0, y0 = (stretch.x0 - east) * narrow, (stretch.y0 - north) * UNIT_M
    x1, y1 = (stretch.x1 - east) * narrow, (stretch.y1 - north) * UNIT_M
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    part = 0.0 if length == 0.0 else min(1.0, max(0.0, -(x0 * dx + y0 * dy) / length))
    x, y = x0 + part * dx, y0 + part * dy
    return x * x + y * y  # type: ignore[no-any-return]


@inlined
def _rounded_turn_m(stretch: Any, heading: float, weights: Any) -> float:
    """What a heading costs against a rounded direction; NaN where that does not tell."""
    turn = abs(heading - stretch.bearing * TURN_DEG)
    if turn >= 360.0:  # no heading that a receiver has
        return math.nan
    turn = min(turn, 360.0 - turn)
    wrong = 0.0
    if stretch.oneway:
        if abs(turn - 90.0) < _ACROSS_DEG:
            return math.nan
        if turn > 90.0:
            wrong = weights.wrong_way_m
    turn = max(0.0, min(turn, 180.0 - turn) - weights.free_angle_deg)
    return wrong + turn * weights.cost_a_degree_m  # type: ignore[no-any-return]


@kernel
def choose(cells: Any, p: Any, last: int, weights: Any) -> tuple[int, float, float, bool]:
    """The best road near a position in a cell and its distance; that of the last one (NaN: out of reach); and
    whether the best is clearly better than the last. By the pieces themselves."""
    best, best_cost, best_m = _NONE, math.inf, math.nan
    last_cost, last_m = math.inf, math.nan
    narrow = math.cos(math.radians(p.latitude_deg)) * METRES_A_DEGREE
    cell = cells.place[p.cell]
    for at in range(cell.first, cell.last):
        piece = cells.piece[at]
        x, y = _apart_m(cells.ends_deg, piece, p, narrow)
        if x * x + y * y > _FAR_M2:
            continue
        distance = math.hypot(x, y)
        if distance > weights.reach_m:
            continue
        road = cells.road[piece]
        cost = distance + _turn_cost_m(cells.bearing_deg[piece], p.heading_deg, cells.oneway[road], weights)
        if cost < best_cost:
            best, best_cost, best_m = road, cost, distance
        if road == last and cost < last_cost:
            last_cost, last_m = cost, distance
    return best, best_m, last_m, last_cost > best_cost + weights.keep_m


@inlined
def _apart_m(ends: Any, piece: int, p: Any, narrow: float) -> tuple[float, float]:
    """Way from a place to the nearest point of a short piece, east and north, on the plane that touches the
    sphere at the place."""
    x0, y0 = (ends[piece, 0] - p.longitude_deg) * narrow, (ends[piece, 1] - p.latitude_deg) * METRES_A_DEGREE
    x1, y1 = (ends[piece, 2] - p.longitude_deg) * narrow, (ends[piece, 3] - p.latitude_deg) * METRES_A_DEGREE
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    part = 0.0 if length == 0.0 else min(1.0, max(0.0, -(x0 * dx + y0 * dy) / length))
    return x0 + part * dx, y0 + part * dy


@inlined
def _turn_cost_m(bearing: float, heading: float, oneway: bool, weights: Any) -> Any:
    """What a heading that differs from the road's direction costs."""
    if math.isnan(heading):
        return 0.0
    turn = abs(heading - bearing)
    if turn >= 360.0:
        turn %= 360.0
    turn = min(turn, 360.0 - turn)
    wrong = 0.0
    if turn > 90.0:
        turn = 180.0 - turn
        if oneway:
            wrong = weights.wrong_way_m
    return wrong + max(0.0, turn - weights.free_angle_deg) * weights.cost_a_degree_m
