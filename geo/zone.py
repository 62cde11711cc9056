"""One zone: a polygon and what is asked of the vehicles in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

import shapely

from geo.circle import Circle

ZONE_RULES = ("enter", "exit", "stay", "speed", "forbidden", "weather")
DATUMS = ("wgs84", "gcj02")

_WINDOW = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_MINUTES_A_DAY = 24 * 60

ALWAYS_MS = (-(1 << 62), 1 << 62)


class ZoneError(ValueError):
    """A zone that cannot be used; the text names the zone and says why."""

    exit_code = 2  # what a command ends with that was asked to use it


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon in WGS-84 degrees, with its demands.

    `hours` are windows (from, to) in minutes of the day, the end excluded, a window over midnight having
    from > to; empty means all day. `vehicle_classes` are class names; empty means every class. `speed_min_s`
    is how long a run over the zone's limit must last, None as the rulebook says. `valid_ms` bounds the times
    (milliseconds since 1970 UTC, the end excluded) in which the zone is in force, `valid_hours` the hours of
    the day, windows as in `hours`, empty for all day. `night_limit_kmh` is what the limit is at night, None
    as by day. The rule `weather` makes
    `limit_kmh` a weather order: a limit for speeding, not one of the zone. A zone with a `circle` is that
    circle, exactly; `polygon` is what maps draw for it.
    """

    id: str
    name: str
    name_en: str
    polygon: shapely.Geometry
    rules: tuple[str, ...] = ("enter", "exit")
    limit_kmh: float | None = None
    max_stay_s: float | None = None
    dwell_s: float = 0.0
    vehicle_classes: tuple[str, ...] = ()
    hours: tuple[tuple[int, int], ...] = ()
    speed_min_s: float | None = None
    valid_ms: tuple[int, int] = ALWAYS_MS
    circle: Circle | None = None
    night_limit_kmh: float | None = None
    valid_hours: tuple[tuple[int, int], ...] = ()


def parse_hours(text: str) -> tuple[tuple[int, int], ...]:
    """Windows of the day from text, several of them with commas between.

    Raises
    ------
    ZoneError
        The text is no list of windows.

    >>> parse_hours("22:00-06:00, 12:00-13:30")
    ((1320, 360), (720, 810))
    """
    windows = []
    for part in text.split(","):
        match = _WINDOW.fullmatch(part.strip())
        if match is None:
            raise ZoneError(f"hours {text!r} must look like 22:00-06:00")
        from_h, from_min, to_h, to_min = (int(number) for number in match.groups())
        start, end = from_h * 60 + from_min, to_h * 60 + to_min
        if max(from_min, to_min) > 59 or start >= _MINUTES_A_DAY or end > _MINUTES_A_DAY or start == end:
            raise ZoneError(f"hours {text!r} hold a window that is no part of a day")
        windows.append((start, end))
    return tuple(windows)
