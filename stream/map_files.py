"""The map that reports are judged on: zones and routes from one file, roads from another."""

import logging
from collections.abc import Callable
from pathlib import Path

from geo.geojson import load_geojson
from geo.passed_over import properties_passed_over
from geo.road_sources import read_roads
from geo.road_table import RoadTable, build
from geo.zones import ZoneError, ZoneSet

log = logging.getLogger(__name__)

MAX_TOLD_ROADS = 10  # broken roads told one by one; the rest is only counted

Tell = Callable[[str], object]
"""Takes a line about what a file holds that does not count; by default the log does."""

TABLE_SUFFIX = ".npz"
"""Of a road table that `haulwatch roads import` wrote: read in a fraction of the time of its source."""


def load_map(zones: str | Path | None, roads: str | Path | None, tell: Tell = log.warning) -> ZoneSet:
    """Zones, routes and roads of the files given. Told are properties that nobody reads, and broken roads.

    Raises:
        ZoneError, RoadError: a file cannot be read or is faulty; says which and why.
    """
    table = load_roads(Path(roads), tell) if roads else None
    if not zones:
        return ZoneSet(roads=table)
    places, told = read_places(Path(zones), table)
    for line in told:
        tell(f"zones {zones}: {line}")
    return places


def read_places(path: Path, roads: RoadTable | None = None) -> tuple[ZoneSet, list[str]]:
    """The zones and routes of a GeoJSON file, and a line for each kind of property that nobody reads.

    Raises:
        ZoneError: the file cannot be read or is faulty; names the file and says why.
    """
    document = load_geojson(path)
    try:
        return ZoneSet.from_geojson(document, roads), properties_passed_over(document["features"])
    except ZoneError as error:
        raise ZoneError(f"zones {path}: {error}") from error


def load_roads(path: Path, tell: Tell = log.warning) -> RoadTable:
    """A road table, or the roads of a GeoJSON or OpenStreetMap file; roads that are broken are left out and
    told."""
    if path.suffix == TABLE_SUFFIX:
        return RoadTable.load(path)
    read = read_roads(path)
    for broken in read.broken[:MAX_TOLD_ROADS]:
        tell(f"roads {path}: {broken}; it is left out")
    if read.broken:
        tell(f"roads {path}: {len(read.broken)} left out as broken, {len(read.roads)} taken")
    return build(read.roads)


def import_table(source: Path, target: Path) -> int:
    """`haulwatch roads import`: turn a map into a road table; returns how many roads it has."""
    table = load_roads(source)
    table.save(target)
    return len(table)
