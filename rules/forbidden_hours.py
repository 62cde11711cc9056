"""Forbidden hours: a class of vehicles must not run at some hours of the day, exempt vehicles excepted.

Running is a speed over `forbidden_hours_speed_kmh` for `forbidden_hours_min_s` without a break. In the time
before, a running vehicle is reminded once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.kernel import kernel
from geo.zone import parse_hours
from rules.finding import Told, seconds
from rules.identity import vehicle_key
from rules.local_time import DAY_MS, OFFSET_MS
from rules.rulebook import CLASS_CODES, Rulebook
from rules.vehicle_class import NAME_OF_CODE

FREE, SOON, FORBIDDEN = range(3)
MINUTE_MS = 60_000
_MINUTES = DAY_MS // MINUTE_MS
_EXEMPT_FOR_EVER_MS = int(np.iinfo(np.int64).max)


@kept
def hours_table(book: Rulebook) -> NDArray[np.uint8]:
    """What each minute of the day (columns) is for each class (rows): free, soon forbidden, or forbidden."""
    table = np.zeros((CLASS_CODES, _MINUTES), np.uint8)
    lead_min = np.ceil(book.by_class("forbidden_hours_lead_s") / 60).astype(np.int64)
    for code in range(CLASS_CODES):
        hours = book.for_class("forbidden_hours", code)
        for start, end in parse_hours(hours) if hours else ():
            length = (end - start) % _MINUTES or _MINUTES
            soon = (start - np.arange(1, min(int(lead_min[code]), _MINUTES - length) + 1)) % _MINUTES
            table[code, soon] = np.maximum(table[code, soon], SOON)
            table[code, (start + np.arange(length)) % _MINUTES] = FORBIDDEN
    return table


@kernel
def hours_of(table: Any, vehicle_class: int, time_ms: int) -> int:
    """What the minute of a time is for a class."""
    return int(table[vehicle_class, (time_ms + OFFSET_MS) % DAY_MS // MINUTE_MS])


class Exempt:
    """Until when each vehicle row is exempt; the past where it is not."""

    def __init__(self, book: Rulebook) -> None:
        self.until_ms = np.empty(0, np.int64)
        self._until_of: dict[int, int] = {}
        for one in book.exemptions:
            if one.kind == "short_line" and not (one.one_way_km or 0) <= book.forbidden_hours_exempt_km:
                continue
            until_ms = _EXEMPT_FOR_EVER_MS if one.until_ms is None else one.until_ms
            for vehicle in one.vehicles:
                key = vehicle_key(vehicle)
                self._until_of[key] = max(until_ms, self._until_of.get(key, 0))

    def follow(self, keys: NDArray[np.int64]) -> None:
        """Look the vehicles up that are new among the keys of all rows."""
        known = len(self.until_ms)
        if len(keys) == known:
            return
        new = np.zeros(len(keys) - known, np.int64)
        if self._until_of:
            new[:] = [self._until_of.get(key, 0) for key in keys[known:].tolist()]
        self.until_ms = np.append(self.until_ms, new)


def describe(record: Any, book: Rulebook, reminder: bool) -> Told:
    """A finding in words."""
    code = int(record["vehicle_class"])
    rule = "forbidden_hours_pre" if reminder else "forbidden_hours"
    detail: dict[str, Any] = {
        "forbidden_hours": book.for_class("forbidden_hours", code),
        "vehicle_class": NAME_OF_CODE.get(code, "unknown"),
        "max_speed_kmh": float(record["a"]),
    }
    if not reminder:
        detail["distance_m"] = round(float(record["b"]), 1)
        detail["min_s"] = seconds(book.for_class("forbidden_hours_min_s", code) * 1000)
    return Told(rule, book.for_class(f"{rule}_level", code), detail)
