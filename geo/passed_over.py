"""Names in a file that nobody reads: told, with the known name that may have been meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from geo.route import is_route

ZONE_PROPERTIES = (
    "id", "name", "name_en", "datum", "radius_m", "rules", "max_stay_s", "limit_kmh", "night_limit_kmh",
    "speed_min_s", "valid_from", "valid_until", "valid_hours", "hours", "vehicle_classes", "dwell_s",
)  # fmt: skip
ROUTE_PROPERTIES = (
    "id", "name", "name_en", "datum", "vehicles", "vehicle_classes", "width_m", "hours", "rules", "direction",
    "segments", "stations", "departures",
)  # fmt: skip
SEGMENT_PROPERTIES = ("id", "from", "to", "width_m", "limit_kmh", "night_limit_kmh", "min_s", "max_s")
STATION_PROPERTIES = ("name", "longitude_deg", "latitude_deg", "radius_m")

MAX_TOLD = 20  # names of one kind: what more there are is a table of its own, no slips of the pen

_MEANT = {
    **dict.fromkeys(
        ("speed_limit", "speed_limit_kmh", "max_speed", "max_speed_kmh", "maxspeed", "limit"), "limit_kmh"
    ),
    **dict.fromkeys(("direction", "course", "bearing", "azimuth"), "heading_deg"),
    **dict.fromkeys(("timestamp", "datetime", "gps_time"), "time"),
    **dict.fromkeys(("lon", "lng", "long"), "longitude_deg"),
    **dict.fromkeys(("lat",), "latitude_deg"),
    **dict.fromkeys(("odometer", "odometer_km"), "mileage_km"),
    **dict.fromkeys(("radius",), "radius_m"),
}
"""What other systems write for a known name, where the spelling alone would lead elsewhere."""


def nearest_name(name: str, known: Collection[str]) -> str | None:
    """The known name that may have been meant.

    >>> nearest_name("speed_limit_kmh", ZONE_PROPERTIES), nearest_name("colour", ZONE_PROPERTIES)
    ('limit_kmh', None)
    """
    folded = name.strip().lower()
    meant = _MEANT.get(folded)
    if meant in known:
        return meant
    return next(iter(get_close_matches(folded, known, 1)), None)


def tell_passed_over(counts: Mapping[str, int], known: Collection[str], one: str, many: str) -> Iterator[str]:
    """A line for each name that is not known and counts how often, in order, and one for all beyond
    `MAX_TOLD`. `one` and `many` say what bears the name, as "property of {} zone" and "... of {} zones"."""
    unknown = {name: count for name, count in counts.items() if name not in known}
    for name, count in list(unknown.items())[:MAX_TOLD]:
        near = nearest_name(name, known)
        hint = f"; did you mean {near}?" if near else ""
        yield f"{(one if count == 1 else many).format(count)} {name!r} is not known and passed over{hint}"
    if len(unknown) > MAX_TOLD:
        yield f"{len(unknown) - MAX_TOLD} more unknown names passed over"


def columns_passed_over(header: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Lines that tell of the columns of a table that nobody reads.

    >>> columns_passed_over(["id", "colour", ""], ["id", "plate_colour"])
    ("column 'colour' is not known and passed over; did you mean plate_colour?",)
    """
    counts = Counter(name for name in header if name)
    return tuple(tell_passed_over(counts, known, "column", "column"))


def properties_passed_over(features: Sequence[Any]) -> list[str]:
    """Lines that tell of the properties in GeoJSON features that neither zones nor routes have.

    >>> zone = {"geometry": {"type": "Polygon"}, "properties": {"id": 1, "max_stay": 60}}
    >>> properties_passed_over([zone, zone])
    ["property of 2 zones 'max_stay' is not known and passed over; did you mean max_stay_s?"]
    """
    kinds = {
        "zone": ZONE_PROPERTIES,
        "route": ROUTE_PROPERTIES,
        "segment": SEGMENT_PROPERTIES,
        "station": STATION_PROPERTIES,
    }
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    for feature in features:
        said = (feature.get("properties") if isinstance(feature, Mapping) else None) or {}
        counts["route" if is_route(feature) else "zone"].update(_names(said))
        if is_route(feature):
            for kind in ("segment", "station"):
                for part in said.get(f"{kind}s") or ():
                    counts[kind].update(_names(part))
    lines: list[str] = []
    for kind, known in kinds.items():
        lines += tell_passed_over(
            counts[kind], known, f"property of {{}} {kind}", f"property of {{}} {kind}s"
        )
    return lines


def _names(said: Any) -> list[str]:
    return [str(name) for name in said] if isinstance(said, Mapping) else []
