"""The zones in force as GeoJSON for the map: WGS-84, whatever datum the file was drawn in.

A circle is drawn as a polygon, and said exactly by the property `circle`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import shapely

from geo.zone import Zone
from geo.zones import ZoneSet


def load_zones(path: Path | str | None) -> dict[str, Any]:
    """A FeatureCollection of the zones file; empty without one. Raises ``ZoneError`` or ``OSError``."""
    zones = ZoneSet.from_geojson(path).zones if path else ()
    return {"type": "FeatureCollection", "features": [_feature(zone) for zone in zones]}


def _feature(zone: Zone) -> dict[str, Any]:
    return {
        "type": "Feature",
        "id": zone.id,
        "geometry": shapely.geometry.mapping(zone.polygon),
        "properties": {
            "id": zone.id,
            "name": zone.name,
            "name_en": zone.name_en,
            "datum": "wgs84",
            "rules": list(zone.rules),
            "limit_kmh": zone.limit_kmh,
            "max_stay_s": zone.max_stay_s,
            "dwell_s": zone.dwell_s,
            "vehicle_classes": list(zone.vehicle_classes),
            "night_limit_kmh": zone.night_limit_kmh,
            "hours": _windows(zone.hours),
            "valid_hours": _windows(zone.valid_hours),
            "circle": zone.circle._asdict() if zone.circle else None,
        },
    }


def _windows(windows: tuple[tuple[int, int], ...]) -> str | None:
    return ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in windows) or None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
