"""The map that reports are judged on: zones and routes from one file, roads from another."""

from pathlib import Path

from geo.road_sources import import_roads
from geo.road_table import RoadTable
from geo.zones import ZoneSet

TABLE_SUFFIX = ".npz"
"""Of a road table that `haulwatch roads import` wrote: read in a fraction of the time of its source."""


def load_map(zones: str | Path | None, roads: str | Path | None) -> ZoneSet:
    """Zones, routes and roads of the files given.

    Raises:
        ZoneError, RoadError: a file cannot be read or is faulty; says which and why.
    """
    table = load_roads(Path(roads)) if roads else None
    return ZoneSet.from_geojson(zones, table) if zones else ZoneSet(roads=table)


def load_roads(path: Path) -> RoadTable:
    """A road table, or the roads of a GeoJSON or OpenStreetMap file."""
    return RoadTable.load(path) if path.suffix == TABLE_SUFFIX else import_roads(path)


def import_table(source: Path, target: Path) -> int:
    """`haulwatch roads import`: turn a map into a road table; returns how many roads it has."""
    table = import_roads(source)
    table.save(target)
    return len(table)
