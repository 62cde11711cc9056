"""Ways over the network: which roads a class of vehicle avoids, and the lines it drives along."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from simulators.places import CITIES
from simulators.roads import METRES_PER_DEGREE, Network, Road, jiangsu, lengths_m, shortest_path
from simulators.zones import Zone, load, zones_for

Floats = NDArray[np.float64]
Steps = tuple[tuple[int, bool], ...]

# A road this near to a zone counts as leading through it: position noise must never reach the zone.
CLEARANCE_M = 400.0
# Sharper corners than these are taken slowly, at the speed given (m/s).
CORNER_DEG = {"expressway": 25.0, "national": 30.0}
CORNER_SPEED_MPS = {"expressway": 14.0, "national": 8.0}
SHORTEST_TRIP_M, LONGEST_TRIP_M = 35_000.0, 260_000.0


@dataclass(frozen=True, slots=True)
class Path:
    """A line to drive along, with the distance of each point from its start and the corners on it."""

    start: str
    goal: str
    road_class: str
    longitude_deg: Floats
    latitude_deg: Floats
    along_m: Floats
    corners: tuple[tuple[float, float], ...]  # (metres along, m/s), in order
    steps: Steps
    halt: tuple[float, float] | None = (
        None  # where one may outstay a zone's welcome: metres along, seconds allowed
    )

    @property
    def length_m(self) -> float:
        """From the first point to the last."""
        return float(self.along_m[-1])


@dataclass(frozen=True, slots=True)
class Crossing:
    """A road through a zone, and how many metres along it the zone begins."""

    path: Path
    entry_m: float


@dataclass
class RoadBook:
    """The network with its zones: finds ways around them or through them. Paths are shared and cached."""

    network: Network = field(default_factory=jiangsu)
    zones: tuple[Zone, ...] = field(default_factory=load)

    def __post_init__(self) -> None:
        self._touched = {
            zone.zone_id: frozenset(i for i, road in enumerate(self.network.roads) if _touches(road, zone))
            for zone in self.zones
        }
        self._paths: dict[tuple[str, str, str, frozenset[int]], Path | None] = {}
        self._trips: dict[tuple[str, str, str], tuple[Path, ...]] = {}
        self._crossings: dict[tuple[str, str], tuple[Crossing, ...]] = {}

    def watched_roads(self, vehicle_class: str) -> frozenset[int]:
        """Roads that lead through or near a zone in which this class is watched."""
        hit = [self._touched[zone.zone_id] for zone in zones_for(self.zones, vehicle_class)]
        return frozenset().union(*hit)

    def path(
        self, start: str, goal: str, road_class: str, avoid: frozenset[int] = frozenset()
    ) -> Path | None:
        """The shortest path on roads of one class that avoids some of them; None where there is none."""
        key = (start, goal, road_class, avoid)
        if key not in self._paths:
            roads = self.network.roads
            steps = shortest_path(
                self.network, start, goal, lambda i: i not in avoid and roads[i].road_class == road_class
            )
            self._paths[key] = self.along(tuple(steps), start, goal) if steps else None
        return self._paths[key]

    def trips(self, start: str, road_class: str, vehicle_class: str) -> tuple[Path, ...]:
        """Trips from a place to cities that touch no watched zone, of sensible length where there are any."""
        key = (start, road_class, vehicle_class)
        if key not in self._trips:
            avoid = self.watched_roads(vehicle_class)
            goals = [city.name for city in CITIES if city.name != start]
            found = [self.path(start, goal, road_class, avoid) for goal in goals]
            paths = sorted((path for path in found if path), key=lambda path: path.length_m)
            fit = [path for path in paths if SHORTEST_TRIP_M <= path.length_m <= LONGEST_TRIP_M]
            self._trips[key] = tuple(fit or paths[:3])
        return self._trips[key]

    def crossings(
        self, road_class: str, vehicle_class: str, start: str | None = None
    ) -> tuple[Crossing, ...]:
        """Roads through a watched zone, in both directions; with ``start`` only those that begin there."""
        key = (road_class, vehicle_class)
        if key not in self._crossings:
            self._crossings[key] = self._find_crossings(road_class, vehicle_class)
        return tuple(each for each in self._crossings[key] if start in (None, each.path.start))

    def _find_crossings(self, road_class: str, vehicle_class: str) -> tuple[Crossing, ...]:
        found = []
        for index in sorted(self.watched_roads(vehicle_class)):
            road = self.network.roads[index]
            if road.road_class != road_class:
                continue
            for forward in (True, False):
                near, far = (road.first, road.second) if forward else (road.second, road.first)
                path = self.along(((index, forward),), near, far)
                entry_m = self.entry_m(path, vehicle_class)
                if entry_m is not None and entry_m > CLEARANCE_M:
                    found.append(Crossing(replace(path, halt=self._halt(path, vehicle_class)), entry_m))
        return tuple(found)

    def _halt(self, path: Path, vehicle_class: str) -> tuple[float, float] | None:
        """The middle of a path's way through a zone that limits how long one may stay, and that limit."""
        for zone in zones_for(self.zones, vehicle_class):
            inside_m = self._inside_m(path, (zone,))
            if "stay" in zone.rules and len(inside_m):
                return float(inside_m[len(inside_m) // 2]), zone.max_stay_s
        return None

    def along(self, steps: Steps, start: str, goal: str) -> Path:
        """Join roads to one line; corners are where they meet at an angle."""
        longitude: list[Floats] = []
        latitude: list[Floats] = []
        joints: list[int] = []
        for index, forward in steps:
            road = self.network.roads[index]
            step = slice(None) if forward else slice(None, None, -1)
            skip = 1 if longitude else 0  # the node itself is already there
            longitude.append(road.longitude_deg[step][skip:])
            latitude.append(road.latitude_deg[step][skip:])
            joints.append(sum(map(len, longitude)) - 1)
        lon, lat = np.concatenate(longitude), np.concatenate(latitude)
        along_m = np.concatenate(([0.0], np.cumsum(lengths_m(lon, lat))))
        road_class = self.network.roads[steps[0][0]].road_class
        corners = tuple(
            (float(along_m[joint]), CORNER_SPEED_MPS[road_class])
            for joint in joints[:-1]
            if _turn_deg(lon, lat, joint) > CORNER_DEG[road_class]
        )
        return Path(start, goal, road_class, lon, lat, along_m, corners, steps)

    def entry_m(self, path: Path, vehicle_class: str) -> float | None:
        """Metres along a path to where it enters a zone that watches this class; None if it never does."""
        inside_m = self._inside_m(path, zones_for(self.zones, vehicle_class))
        return float(inside_m[0]) if len(inside_m) else None

    def _inside_m(self, path: Path, zones: Sequence[Zone]) -> Floats:
        """Every 25 m of a path that lie in any of some zones."""
        along_m = np.arange(0.0, path.length_m, 25.0)
        lon = np.interp(along_m, path.along_m, path.longitude_deg)
        lat = np.interp(along_m, path.along_m, path.latitude_deg)
        inside = np.zeros(len(along_m), dtype=bool)
        for zone in zones:
            inside |= zone.contains(lon, lat)
        return along_m[inside]


def _touches(road: Road, zone: Zone) -> bool:
    """Whether a road comes within the clearance of a zone."""
    west, south, east, north = zone.box
    far_deg = 2 * CLEARANCE_M / METRES_PER_DEGREE
    lon, lat = _densify(road)
    near = (lon > west - far_deg) & (lon < east + far_deg) & (lat > south - far_deg) & (lat < north + far_deg)
    if not near.any():
        return False
    lon, lat = lon[near], lat[near]
    if zone.contains(lon, lat).any():
        return True
    scale = math.cos(math.radians(south))
    ring = np.concatenate([_fine_ring(points) for points in zone.rings])
    east_deg = (lon[:, None] - ring[None, :, 0]) * scale
    north_deg = lat[:, None] - ring[None, :, 1]
    return bool(np.hypot(east_deg, north_deg).min() * METRES_PER_DEGREE < CLEARANCE_M)


def _densify(road: Road) -> tuple[Floats, Floats]:
    """Points of a road every 100 m or so."""
    at = np.arange(0, len(road.longitude_deg) - 1 + 1e-9, 1 / 3)
    whole = np.arange(len(road.longitude_deg))
    return np.interp(at, whole, road.longitude_deg), np.interp(at, whole, road.latitude_deg)


def _fine_ring(ring: Floats) -> Floats:
    """Points along a ring, sixteen to an edge."""
    at = np.arange(0, len(ring) - 1, 1 / 16)
    whole = np.arange(len(ring))
    return np.column_stack([np.interp(at, whole, ring[:, 0]), np.interp(at, whole, ring[:, 1])])


def _turn_deg(lon: Floats, lat: Floats, joint: int) -> float:
    """By how many degrees the direction changes at a point of a line."""
    scale = math.cos(math.radians(float(lat[joint])))
    before = math.atan2((lon[joint] - lon[joint - 1]) * scale, lat[joint] - lat[joint - 1])
    after = math.atan2((lon[joint + 1] - lon[joint]) * scale, lat[joint + 1] - lat[joint])
    return abs((math.degrees(after - before) + 180) % 360 - 180)
