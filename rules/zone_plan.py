"""What each zone asks, as columns: which rules, for whom, when, and how long."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from geo.zones import Zone, ZoneError, ZoneSet
from rules.local_time import DAY_MS, OFFSET_MS
from rules.vehicle_class import CODE_OF_NAME

CLASS_CODES = 256
MINUTE_MS = 60_000

# What is watched of a vehicle in a zone. Each is a presence of its own, since each counts from its own
# moment.
CROSSING, STAY, FORBIDDEN = range(3)
WHATS = 3


class ZonePlan(NamedTuple):
    """k zones. `asks[what, zone]` marks the zones that ask for it; `threshold_ms[what, zone]` is how long a
    vehicle must have been present to be found; `for_class[class, zone]` whether the zone is meant for the
    class; the hours of a zone are the windows `from_ms` to `to_ms` of the day from `hours[zone]` on to before
    `hours[zone + 1]`."""

    asks: NDArray[np.bool_]
    enter: NDArray[np.bool_]
    exit: NDArray[np.bool_]
    threshold_ms: NDArray[np.int64]
    limit_kmh: NDArray[np.float64]
    weather_kmh: NDArray[np.float64]
    run_min_ms: NDArray[np.int64]
    for_class: NDArray[np.bool_]
    hours: NDArray[np.int64]
    from_ms: NDArray[np.int64]
    to_ms: NDArray[np.int64]
    valid_from_ms: NDArray[np.int64]
    valid_to_ms: NDArray[np.int64]


@kernel
def in_hours(plan: ZonePlan, zone: int, time_ms: int) -> bool:
    """Whether a time lies in the hours of a zone; a zone without hours is on all day."""
    begin, end = plan.hours[zone], plan.hours[zone + 1]
    of_day_ms = (time_ms + OFFSET_MS) % DAY_MS
    inside = begin == end
    for one in range(begin, end):
        after, before = of_day_ms >= plan.from_ms[one], of_day_ms < plan.to_ms[one]
        spans_midnight = plan.from_ms[one] > plan.to_ms[one]
        inside |= (after or before) if spans_midnight else (after and before)
    return bool(inside)


@kernel
def is_valid(plan: ZonePlan, zone: int, time_ms: int) -> bool:
    """Whether a zone is in force at a time."""
    return bool(plan.valid_from_ms[zone] <= time_ms < plan.valid_to_ms[zone])


def make_plan(zones: ZoneSet, run_min_ms: NDArray[np.int64]) -> ZonePlan:
    """The plan of a zone set; `run_min_ms` is how long a run over a zone's limit lasts where it does not say.

    Raises
    ------
    ZoneError
        A zone names a vehicle class that does not exist.
    """
    count = len(zones.zones)
    plan = ZonePlan(
        asks=np.zeros((WHATS, count), bool),
        enter=np.array(["enter" in zone.rules for zone in zones.zones], bool),
        exit=np.array(["exit" in zone.rules for zone in zones.zones], bool),
        threshold_ms=np.zeros((WHATS, count), np.int64),
        limit_kmh=np.full(count, np.inf),
        weather_kmh=np.full(count, np.inf),
        run_min_ms=run_min_ms,
        for_class=np.ones((CLASS_CODES, count), bool),
        hours=np.concatenate([[0], np.cumsum([len(zone.hours) for zone in zones.zones])]).astype(np.int64),
        from_ms=_minutes_ms(zones, 0),
        to_ms=_minutes_ms(zones, 1),
        valid_from_ms=np.array([zone.valid_ms[0] for zone in zones.zones], np.int64),
        valid_to_ms=np.array([zone.valid_ms[1] for zone in zones.zones], np.int64),
    )
    for index, zone in enumerate(zones.zones):
        _enter(plan, index, zone)
    return plan


def _enter(plan: ZonePlan, index: int, zone: Zone) -> None:
    """Put one zone into the plan."""
    plan.asks[CROSSING, index] = plan.enter[index] or plan.exit[index]
    plan.asks[STAY, index] = "stay" in zone.rules
    plan.asks[FORBIDDEN, index] = "forbidden" in zone.rules
    plan.threshold_ms[(CROSSING, FORBIDDEN), index] = round(zone.dwell_s * 1000)
    if zone.max_stay_s is not None:
        plan.threshold_ms[STAY, index] = round(zone.max_stay_s * 1000) + 1  # longer than, not as long as
    if zone.limit_kmh is not None and "weather" in zone.rules:
        plan.weather_kmh[index] = zone.limit_kmh
    if zone.limit_kmh is not None and "speed" in zone.rules:
        plan.limit_kmh[index] = zone.limit_kmh
    if zone.speed_min_s is not None:
        plan.run_min_ms[index] = round(zone.speed_min_s * 1000)
    if zone.vehicle_classes:
        plan.for_class[:, index] = False
        plan.for_class[[_code(zone, name) for name in zone.vehicle_classes], index] = True


def _minutes_ms(zones: ZoneSet, side: int) -> NDArray[np.int64]:
    return np.array([window[side] * MINUTE_MS for zone in zones.zones for window in zone.hours], np.int64)


def _code(zone: Zone, name: str) -> int:
    if name not in CODE_OF_NAME:
        known = ", ".join(CODE_OF_NAME)
        raise ZoneError(f"zone {zone.id!r}: vehicle class {name!r} is not known; it must be one of {known}")
    return CODE_OF_NAME[name]
