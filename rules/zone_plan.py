"""What each zone asks, as columns: which rules, for whom, when, and how long."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from geo.zones import Zone, ZoneError, ZoneSet
from rules.local_time import DAY_MS, OFFSET_MS
from rules.records import Layout, record_type
from rules.vehicle_class import CODE_OF_NAME

ALL_OTHERS = 63  # the bit of every class that has none of its own
MINUTE_MS = 60_000

# What is watched of a vehicle in a zone. Each is a presence of its own, since each counts from its own
# moment.
CROSSING, STAY, FORBIDDEN = range(3)
WHATS = 3


ZONE_LAYOUT: Layout = {
    "class_bits": ("i8", 0),  # bit c: the zone is meant for class c; the highest bit for all without a bit
    "asks": ("u1", 0),  # bit w: the zone asks for what w
    "enter": ("?", False),
    "exit": ("?", False),
    "dwell_ms": ("i8", 0),  # how long a vehicle must have been present to be found
    "stay_ms": ("i8", 0),  # the same for a stay
    "limit_kmh": ("f8", np.inf),
    "night_kmh": ("f8", np.inf),
    "weather_kmh": ("f8", np.inf),
    "run_min_ms": ("i8", 0),  # how long a run over the limit must last
    "valid_from_ms": ("i8", 0),
    "valid_to_ms": ("i8", 0),
    "hours": ("i4", 0),  # its windows of the day for what is forbidden: from which on, to before which
    "hours_end": ("i4", 0),
    "valid_hours": ("i4", 0),  # its windows in which it is in force
    "valid_hours_end": ("i4", 0),
}
"""What one zone asks: a record, so that looking at a zone takes two lines of memory."""


class ZonePlan(NamedTuple):
    """k zones as records of `ZONE_LAYOUT`, and the windows `from_ms` to `to_ms` of the day of all of them."""

    zones: NDArray[np.void]
    from_ms: NDArray[np.int64]
    to_ms: NDArray[np.int64]


@kernel
def in_windows(plan: Any, begin: int, end: int, time_ms: int) -> bool:
    """Whether a time lies in one of the windows from `begin` to before `end`; without any it always does."""
    of_day_ms = (time_ms + OFFSET_MS) % DAY_MS
    inside = begin == end
    for one in range(begin, end):
        after, before = of_day_ms >= plan.from_ms[one], of_day_ms < plan.to_ms[one]
        spans_midnight = plan.from_ms[one] > plan.to_ms[one]
        inside |= (after or before) if spans_midnight else (after and before)
    return bool(inside)


@kernel
def holds_for(plan: Any, zone: int, vehicle_class: int, time_ms: int) -> bool:
    """Whether a zone is meant for a class of vehicles and in force at a time."""
    z = plan.zones[zone]
    if not (z.class_bits >> min(vehicle_class, ALL_OTHERS)) & 1:
        return False
    if not z.valid_from_ms <= time_ms < z.valid_to_ms:
        return False
    if z.valid_hours == z.valid_hours_end:
        return True
    return in_windows(plan, z.valid_hours, z.valid_hours_end, time_ms)


def make_plan(zones: ZoneSet, run_min_ms: NDArray[np.int64]) -> ZonePlan:
    """The plan of a zone set; `run_min_ms` is how long a run over a zone's limit lasts where it does not say.

    Raises
    ------
    ZoneError
        A zone names a vehicle class that does not exist.
    """
    windows: list[tuple[int, int]] = []
    rows = [_row(zone, windows) for zone in zones.zones]
    records = np.array(rows, record_type(ZONE_LAYOUT))
    unsaid = records["run_min_ms"] < 0
    records["run_min_ms"][unsaid] = run_min_ms[unsaid]
    bounds_ms = np.array(windows, np.int64).reshape(-1, 2) * MINUTE_MS
    return ZonePlan(records, np.ascontiguousarray(bounds_ms[:, 0]), np.ascontiguousarray(bounds_ms[:, 1]))


def _row(zone: Zone, windows: list[tuple[int, int]]) -> tuple[Any, ...]:
    """The values of one zone's record; its windows are appended to those before."""
    class_bits = sum(1 << _code(zone, name) for name in set(zone.vehicle_classes)) or -1
    asked = {CROSSING: ("enter", "exit"), STAY: ("stay",), FORBIDDEN: ("forbidden",)}
    asks = sum(1 << what for what, rules in asked.items() if set(rules) & set(zone.rules))
    # Longer than, not as long as.
    stay_ms = 0 if zone.max_stay_s is None else round(zone.max_stay_s * 1000) + 1
    limit_kmh = np.inf if zone.limit_kmh is None else zone.limit_kmh
    night_kmh = limit_kmh if zone.night_limit_kmh is None else zone.night_limit_kmh
    speed, weather = "speed" in zone.rules, "weather" in zone.rules
    hours, valid_hours = len(windows), len(windows) + len(zone.hours)
    windows += (*zone.hours, *zone.valid_hours)
    return (
        class_bits,
        asks,
        "enter" in zone.rules,
        "exit" in zone.rules,
        round(zone.dwell_s * 1000),
        stay_ms,
        limit_kmh if speed else np.inf,
        night_kmh if speed else np.inf,
        limit_kmh if weather else np.inf,
        -1 if zone.speed_min_s is None else round(zone.speed_min_s * 1000),
        *zone.valid_ms,
        hours,
        valid_hours,
        valid_hours,
        len(windows),
    )


def _code(zone: Zone, name: str) -> int:
    if name not in CODE_OF_NAME:
        known = ", ".join(CODE_OF_NAME)
        raise ZoneError(f"zone {zone.id!r}: vehicle class {name!r} is not known; it must be one of {known}")
    return CODE_OF_NAME[name]
