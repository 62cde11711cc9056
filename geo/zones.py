"""A set of zones that answers which of them each of many points is in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.cell_build import build_index
from geo.cell_query import STEP, find_pairs
from geo.cells import Index
from geo.geojson import load_geojson, read_zones
from geo.outlines import make_outlines
from geo.road_table import RoadTable
from geo.route import Route, read_routes
from geo.zone import Zone, ZoneError

__all__ = ["Zone", "ZoneError", "ZoneSet"]

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


class ZoneSet:
    """Zones with an index over them.

    Parameters
    ----------
    zones : sequence of Zone
        A zone's place in it is its zone index.
    routes : sequence of Route
        Routes declared beside the zones.
    roads : RoadTable, optional
        The roads beneath them.
    """

    def __init__(
        self, zones: Sequence[Zone] = (), routes: Sequence[Route] = (), roads: RoadTable | None = None
    ) -> None:
        self.zones = tuple(zones)
        self.routes = tuple(routes)
        self.roads = roads
        self._polygons = np.array([zone.polygon for zone in self.zones], object)
        shapely.prepare(self._polygons)
        self._index: Index | None = build_index(make_outlines(self.zones)) if self.zones else None

    def __len__(self) -> int:
        return len(self.zones)

    @classmethod
    def from_geojson(cls, source: str | Path | Mapping[str, Any], roads: RoadTable | None = None) -> ZoneSet:
        """Zones of a GeoJSON FeatureCollection: the path of a file, or the parsed document.

        The properties of a feature are those of docs/rules/zones.md.

        Raises
        ------
        ZoneError
            Names the file, the feature by its number, and the zone at fault, and says why.
        """
        if isinstance(source, Mapping):
            return cls(read_zones(source), read_routes(source["features"]), roads)
        document = load_geojson(Path(source))
        try:
            return cls(read_zones(document), read_routes(document["features"]), roads)
        except ZoneError as error:
            raise ZoneError(f"zones {source}: {error}") from error

    def with_former(self, names: Sequence[Sequence[str]]) -> ZoneSet:
        """These zones followed by former ones, given as (id, name, name_en), that no point is in any more."""
        former = [Zone(one, name, name_en, shapely.Polygon(), rules=()) for one, name, name_en in names]
        extended = ZoneSet.__new__(ZoneSet)
        extended.zones = (*self.zones, *former)
        extended.routes, extended.roads = self.routes, self.roads
        extended._polygons, extended._index = self._polygons, self._index
        return extended

    def query(self, longitude_deg: Any, latitude_deg: Any) -> Pairs:
        """Which points are in which zones; a zone's boundary belongs to it.

        Parameters
        ----------
        longitude_deg, latitude_deg : array_like of shape (n,), degrees, WGS-84
            Points with NaN are in no zone.

        Returns
        -------
        tuple of two int64 arrays of shape (m,)
            Point index and zone index of every pair, in order of point, then zone.

        Examples
        --------
        >>> square = Zone("a", "a", "a", shapely.box(118.0, 32.0, 118.1, 32.1))
        >>> points, zones = ZoneSet([square]).query([118.05, 118.1, 118.2], [32.05, 32.0, 32.05])
        >>> points.tolist(), zones.tolist()
        ([0, 1], [0, 0])
        """
        x = np.ascontiguousarray(longitude_deg, np.float64)
        y = np.ascontiguousarray(latitude_deg, np.float64)
        begin, room = 0, len(x) + (self._index.most if self._index else 0)
        todo = np.empty((STEP, 2), np.int64)
        points, zones = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        while self._index is not None and begin < len(x):
            point, zone, ask = (np.empty(room, np.int64) for _ in range(3))
            index = tuple(self._index.frame), tuple(self._index[1:])
            begin, count, asked = find_pairs(begin, x, y, *index, todo, point, zone, ask)
            point, zone, ask = point[:count], zone[:count], ask[:asked]
            if asked:
                keep = np.ones(count, bool)
                keep[ask] = shapely.intersects_xy(self._polygons[zone[ask]], x[point[ask]], y[point[ask]])
                point, zone = point[keep], zone[keep]
            points.append(point)
            zones.append(zone)
            room *= 2
        return (points[1], zones[1]) if len(points) == 2 else (np.concatenate(points), np.concatenate(zones))
