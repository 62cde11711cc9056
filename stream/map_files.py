"""The map that reports are judged on: zones and routes from one file, roads from another."""

import logging
from pathlib import Path

from geo.road_sources import read_roads
from geo.road_table import RoadTable, build
from geo.zones import ZoneError, ZoneSet

log = logging.getLogger(__name__)

MAX_TOLD_ROADS = 10  # broken roads told one by one; the rest is only counted

TABLE_SUFFIX = ".npz"
"""Of a road table that `haulwatch roads import` wrote: read in a fraction of the time of its source."""


def load_map(zones: str | Path | None, roads: str | Path | None) -> ZoneSet:
    """Zones, routes and roads of the files given.

    Raises:
        ZoneError, RoadError: a file cannot be read or is faulty; says which and why.
    """
    table = load_roads(Path(roads)) if roads else None
    if not zones:
        return ZoneSet(roads=table)
    try:
        return ZoneSet.from_geojson(zones, table)
    except ZoneError as error:
        if str(zones) in str(error):
            raise
        raise ZoneError(f"zones {zones}: {error}") from error


def load_roads(path: Path) -> RoadTable:
    """A road table, or the roads of a GeoJSON or OpenStreetMap file; roads that are broken are left out, and
    the log says which."""
    if path.suffix == TABLE_SUFFIX:
        return RoadTable.load(path)
    read = read_roads(path)
    for broken in read.broken[:MAX_TOLD_ROADS]:
        log.warning("roads %s: %s; it is left out", path, broken)
    if read.broken:
        log.warning("roads %s: %d left out as broken, %d taken", path, len(read.broken), len(read.roads))
    return build(read.roads)


def import_table(source: Path, target: Path) -> int:
    """`haulwatch roads import`: turn a map into a road table; returns how many roads it has."""
    table = load_roads(source)
    table.save(target)
    return len(table)
