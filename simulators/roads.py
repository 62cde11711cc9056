"""A synthetic road network of Jiangsu: expressways and national roads between real places, WGS-84.

The places are real, the lines between them are drawn: curved, jittered polylines that are the same in
every run. Good enough to look at and to drive on, not a map.
"""

import heapq
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulators.places import PLACES

Floats = NDArray[np.float64]

METRES_PER_DEGREE = 111_195.0
POINT_SPACING_M = 300.0
# How far a road wanders from the straight line, as a share of its length, for the first bends of its course.
WANDER = {"expressway": 0.016, "national": 0.024}

_EXPRESSWAYS = (
    ("G42", "昆山 苏州 无锡 常州 丹阳 南京"),
    ("G2", "新沂 沭阳 淮安 宝应 高邮 泰州 靖江 江阴 无锡"),
    ("G15", "连云港 响水 阜宁 盐城 东台 海安 南通 常熟 太仓"),
    ("G30", "连云港 新沂 徐州"),
    ("G25", "连云港 沭阳 宿迁 泗洪 盱眙 六合 南京 溧阳 宜兴 常州"),
    ("G2513", "淮安 宿迁 徐州"),
    ("G40", "启东 南通 泰州 扬州 六合"),
    ("G4011", "扬州 镇江 丹阳 溧阳"),
    ("S28", "海安 泰州"),
    ("S29", "盐城 兴化 泰州 泰兴 靖江"),
    ("S18", "淮安 阜宁"),
    ("S35", "泰兴 常州"),
    ("S38", "常熟 江阴 常州"),
    ("S48", "昆山 常熟"),
    ("S49", "苏州 常熟"),
)
_NATIONAL_ROADS = (
    ("G104", "徐州 宿迁 泗洪 盱眙 六合 南京 溧阳 宜兴"),
    ("G204", "连云港 响水 阜宁 盐城 东台 海安 南通 常熟 太仓"),
    ("G205", "新沂 沭阳 淮安 洪泽 盱眙 南京"),
    ("G310", "连云港 新沂 徐州"),
    ("G312", "昆山 苏州 无锡 常州 丹阳 镇江 南京"),
    ("G328", "南京 扬州 泰州 海安 南通 启东"),
    ("G233", "阜宁 淮安 宝应 高邮 扬州 镇江 丹阳 溧阳"),
    ("G344", "东台 兴化 高邮"),
    ("G345", "南通 泰兴 泰州"),
    ("G346", "太仓 常熟 江阴 常州 溧阳"),
    ("S229", "兴化 泰州 泰兴 靖江 江阴 无锡"),
    ("S324", "宿迁 沭阳 响水"),
    ("S331", "盐城 兴化 宝应 金湖 盱眙"),
    ("S227", "苏州 常熟"),
    ("S339", "太仓 昆山"),
    ("S240", "宜兴 常州"),
    ("G236", "连云港 沭阳"),
)


@dataclass(frozen=True, slots=True)
class Road:
    """One stretch of road between two nodes, drawn from the first to the second."""

    road_id: str
    road_class: str  # "expressway" or "national"
    first: str
    second: str
    longitude_deg: Floats
    latitude_deg: Floats
    length_m: float


@dataclass(frozen=True, slots=True)
class Network:
    """Every road, and the indices of the roads at each node."""

    roads: tuple[Road, ...]
    at_node: dict[str, tuple[int, ...]]


def lengths_m(longitude_deg: Floats, latitude_deg: Floats) -> Floats:
    """Length of each piece of a polyline in metres, shape (n - 1,); a local flat-earth approximation."""
    north_m = np.diff(latitude_deg) * METRES_PER_DEGREE
    middle_rad = np.radians((latitude_deg[1:] + latitude_deg[:-1]) / 2)
    east_m = np.diff(longitude_deg) * METRES_PER_DEGREE * np.cos(middle_rad)
    return np.hypot(east_m, north_m)


def _node_position(name: str, road_class: str) -> tuple[float, float]:
    """National roads meet in the town, expressways at an interchange some kilometres outside it."""
    place = PLACES[name]
    if road_class == "national":
        return place.longitude_deg, place.latitude_deg
    bearing_rad = (zlib.crc32(name.encode()) % 360) * math.pi / 180
    return place.longitude_deg + 0.06 * math.sin(bearing_rad), place.latitude_deg + 0.05 * math.cos(
        bearing_rad
    )


def _draw(road_id: str, road_class: str, first: str, second: str) -> Road:
    """Draw a road as a straight line plus sine bends that vanish at both ends."""
    random = np.random.default_rng(zlib.crc32(f"{road_id}{first}{second}".encode()))
    start, end = _node_position(first, road_class), _node_position(second, road_class)
    straight_m = float(lengths_m(np.array([start[0], end[0]]), np.array([start[1], end[1]]))[0])
    share = np.linspace(0.0, 1.0, max(8, int(straight_m / POINT_SPACING_M)) + 1)
    offset_m = np.zeros_like(share)
    for bend in range(1, 8):
        size_m = WANDER[road_class] * straight_m / bend**1.3 * random.normal()
        offset_m += size_m * np.sin(bend * math.pi * share)
    scale = math.cos(math.radians((start[1] + end[1]) / 2))
    east, north = (end[0] - start[0]) * scale, end[1] - start[1]
    reach = math.hypot(east, north)
    across_deg = offset_m / METRES_PER_DEGREE
    longitude_deg = start[0] + (end[0] - start[0]) * share - across_deg * north / reach / scale
    latitude_deg = start[1] + (end[1] - start[1]) * share + across_deg * east / reach
    length_m = float(lengths_m(longitude_deg, latitude_deg).sum())
    return Road(road_id, road_class, first, second, longitude_deg, latitude_deg, length_m)


@cache
def jiangsu() -> Network:
    """Build the network (about 130 roads); the same in every process."""
    roads: list[Road] = []
    at_node: dict[str, list[int]] = {}
    for road_class, named in (("expressway", _EXPRESSWAYS), ("national", _NATIONAL_ROADS)):
        for road_id, stops in named:
            names = stops.split()
            for first, second in pairwise(names):
                for node in (first, second):
                    at_node.setdefault(node, []).append(len(roads))
                roads.append(_draw(road_id, road_class, first, second))
    return Network(tuple(roads), {node: tuple(indices) for node, indices in at_node.items()})


def shortest_path(
    network: Network, start: str, goal: str, allowed: Callable[[int], bool]
) -> list[tuple[int, bool]] | None:
    """Find the shortest way over the roads for which ``allowed(index)`` holds.

    Returns pairs (road index, forward: from its first node to its second), or None where there is no way.
    """
    best_m = {start: 0.0}
    came_by: dict[str, tuple[str, int, bool]] = {}
    frontier = [(0.0, start)]
    while frontier:
        reached_m, node = heapq.heappop(frontier)
        if node == goal:
            return _trace(came_by, goal)
        if reached_m > best_m[node]:
            continue
        for index in network.at_node.get(node, ()):
            if not allowed(index):
                continue
            road = network.roads[index]
            forward = road.first == node
            other = road.second if forward else road.first
            total_m = reached_m + road.length_m
            if total_m < best_m.get(other, math.inf):
                best_m[other] = total_m
                came_by[other] = (node, index, forward)
                heapq.heappush(frontier, (total_m, other))
    return None


def _trace(came_by: dict[str, tuple[str, int, bool]], goal: str) -> list[tuple[int, bool]]:
    """Follow the search back from the goal to where it began."""
    steps: list[tuple[int, bool]] = []
    node = goal
    while node in came_by:
        node, index, forward = came_by[node]
        steps.append((index, forward))
    return steps[::-1]
