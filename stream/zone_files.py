"""`haulwatch zones`: a zone file checked, made into areas for terminals, and made from such areas."""

import json
import sys
from pathlib import Path

from geo.terminal_area import area_of_zone, features_of_areas
from geo.zone import ZoneError
from geo.zones import ZoneSet
from rules.rulebook import default_rulebook
from rules.zones import check_zones
from stream.map_files import read_places


def run(action: str, path: str) -> int:
    """Print what was asked for. Raises ``ZoneError``: the file cannot be used; says where and why."""
    if action == "from-areas":
        print(json.dumps(_collection(Path(path)), ensure_ascii=False))
        return 0
    zones, told = read_places(Path(path))
    for line in told:
        print(f"{path}: {line}", file=sys.stderr)
    try:
        check_zones(default_rulebook(), zones)
    except ZoneError as error:
        raise ZoneError(f"zones {path}: {error}") from error
    if action == "check":
        print(f"{path}: {len(zones.zones)} zones and {len(zones.routes)} routes, no faults")
        return 0
    return _print_areas(zones)


def _print_areas(zones: ZoneSet) -> int:
    """A line a zone; 1 when a terminal can't be told of one of them, which is said on stderr."""
    code = 0
    for number, zone in enumerate(zones.zones, start=1):
        try:
            area = area_of_zone(zone, int(zone.id) if zone.id.isdecimal() else number)
        except ZoneError as error:
            print(error, file=sys.stderr)
            code = 1
            continue
        print(json.dumps(area, ensure_ascii=False))
    return code


def _collection(path: Path) -> dict[str, object]:
    """The zones of areas, one JSON object a line, each as the command `area_set` has them."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ZoneError(f"areas {path}: cannot be read: {error}") from error
    features = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            area_set = json.loads(line)
            if not isinstance(area_set, dict):
                raise ZoneError("must be a JSON object with a shape")
            features += features_of_areas(area_set)
        except (ValueError, RecursionError) as error:
            raise ZoneError(f"areas {path}: line {number}: {error}") from error
    return {"type": "FeatureCollection", "features": features}
