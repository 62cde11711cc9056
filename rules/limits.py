"""The speed limit that holds at an entry: the lowest that applies, and which it was."""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.kernel import kernel
from rules.local_time import DAY_MS, OFFSET_MS

SOURCES = ("posted", "class", "night", "zone", "road", "segment", "weather")
POSTED, CLASS, NIGHT, ZONE, ROAD, SEGMENT, WEATHER = range(len(SOURCES))


@kernel
def is_night(time_ms: int, from_ms: int, to_ms: int) -> bool:
    """Whether a time lies in a window of the day in Asia/Shanghai, its end excluded."""
    of_day_ms = (time_ms + OFFSET_MS) % DAY_MS
    if from_ms <= to_ms:
        return from_ms <= of_day_ms < to_ms
    return of_day_ms >= from_ms or of_day_ms < to_ms


@kernel
def limit_of(e: Any, class_limits_kmh: Any, p: Any) -> tuple[float, int]:
    """Limit of an entry in km/h and its source as an index into `SOURCES`.

    The lowest of class (by road), matched road, declared segment and posted limit, the later named of equals
    only if it is the posted one; coaches at night, that limit times the night factor; a segment's limit of
    the night, a zone's limit or a weather order where it is lower still, as it stands.
    """
    limit_kmh, source = class_limits_kmh[e.vehicle_class, e.road_class], CLASS
    if e.road_limit_kmh < limit_kmh:
        limit_kmh, source = e.road_limit_kmh, ROAD
    if e.segment_limit_kmh < limit_kmh:
        limit_kmh, source = e.segment_limit_kmh, SEGMENT
    if 0 < e.limit_kmh <= limit_kmh:
        limit_kmh, source = e.limit_kmh, POSTED
    if p.night_factor < 1 and is_night(e.time_ms, p.night_from_ms, p.night_to_ms):
        # Rounded, so that 80 % of a limit is the number a person would write.
        limit_kmh, source = np.rint(limit_kmh * p.night_factor * 1e6) / 1e6, NIGHT
    if e.segment_night_kmh < limit_kmh:
        limit_kmh, source = e.segment_night_kmh, SEGMENT
    if e.zone_limit_kmh < limit_kmh:
        limit_kmh, source = e.zone_limit_kmh, ZONE
    if e.weather_limit_kmh < limit_kmh:
        limit_kmh, source = e.weather_limit_kmh, WEATHER
    return limit_kmh, source
