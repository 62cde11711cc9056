"""What each zone asks, as columns: which rules, for whom, when, and how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.zones import Zone, ZoneError, ZoneSet
from rules.local_time import in_window, time_of_day_ms
from rules.vehicle_class import CODE_OF_NAME

CLASS_CODES = 256
MINUTE_MS = 60_000

# What is watched of a vehicle in a zone. Each is a presence of its own, since each counts from its own
# moment.
CROSSING, STAY, FORBIDDEN = range(3)
WHATS = 3


@dataclass(frozen=True, slots=True)
class ZonePlan:
    """k zones. `asks[what]` marks the zones that ask for it; `threshold_ms[what]` is how long a vehicle must
    have been present to be found; `for_class[class, zone]` whether the zone is meant for the class."""

    zones: tuple[Zone, ...]
    asks: NDArray[np.bool_]
    threshold_ms: NDArray[np.int64]
    limit_kmh: NDArray[np.float64]
    for_class: NDArray[np.bool_]
    has_hours: NDArray[np.bool_]

    def in_hours(self, zone: NDArray[np.int64], time_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each of m times lies in the hours of its zone; a zone without hours is on all day."""
        inside = ~self.has_hours[zone]
        of_day_ms = time_of_day_ms(time_ms)
        for index in np.unique(zone[~inside]):
            mine = zone == index
            for start, end in self.zones[index].hours:
                inside |= mine & in_window(of_day_ms, start * MINUTE_MS, end * MINUTE_MS)
        return inside


def make_plan(zones: ZoneSet) -> ZonePlan:
    """The plan of a zone set.

    Raises
    ------
    ZoneError
        A zone names a vehicle class that does not exist.
    """
    count = len(zones)
    asks = np.zeros((WHATS, count), bool)
    threshold_ms = np.zeros((WHATS, count), np.int64)
    limit_kmh = np.full(count, np.inf)
    for_class = np.ones((CLASS_CODES, count), bool)
    for index, zone in enumerate(zones.zones):
        asks[CROSSING, index] = "enter" in zone.rules or "exit" in zone.rules
        asks[STAY, index] = "stay" in zone.rules
        asks[FORBIDDEN, index] = "forbidden" in zone.rules
        threshold_ms[(CROSSING, FORBIDDEN), index] = round(zone.dwell_s * 1000)
        if zone.max_stay_s is not None:
            threshold_ms[STAY, index] = round(zone.max_stay_s * 1000) + 1  # longer than, not as long as
        if zone.limit_kmh is not None and "speed" in zone.rules:
            limit_kmh[index] = zone.limit_kmh
        if zone.vehicle_classes:
            for_class[:, index] = False
            for_class[[_code(zone, name) for name in zone.vehicle_classes], index] = True
    has_hours = np.array([bool(zone.hours) for zone in zones.zones], bool)
    return ZonePlan(zones.zones, asks, threshold_ms, limit_kmh, for_class, has_hours)


def _code(zone: Zone, name: str) -> int:
    if name not in CODE_OF_NAME:
        known = ", ".join(CODE_OF_NAME)
        raise ZoneError(f"zone {zone.id!r}: vehicle class {name!r} is not known; it must be one of {known}")
    return CODE_OF_NAME[name]
