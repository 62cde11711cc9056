"""The speed limit that holds for each report: the lowest that applies, and which it was."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.local_time import in_window, time_of_day_ms
from rules.reports import Reports
from rules.rulebook import Rulebook
from rules.vehicle_class import PASSENGER_CLASSES

SOURCES = ("posted", "class", "night", "zone")
POSTED, CLASS, NIGHT, ZONE = range(len(SOURCES))

_HOUR_MS = 3_600_000


def limits(rulebook: Rulebook, reports: Reports) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Limit of each of n reports in km/h, and its source as an index into `SOURCES`.

    The lower of the posted limit and the class's limit (the posted one when equal); for coaches at night that
    limit times the night factor. A posted limit that is NaN or not above 0 is none.
    """
    limit_kmh = rulebook.by_class("class_limit_kmh")[reports.vehicle_class]
    source = np.full(len(reports), CLASS, np.uint8)
    posted = (reports.limit_kmh > 0) & (reports.limit_kmh <= limit_kmh)
    if posted.any():
        limit_kmh[posted] = reports.limit_kmh[posted]
        source[posted] = POSTED
    coach = np.isin(reports.vehicle_class, PASSENGER_CLASSES)
    if rulebook.coach_night_factor < 1 and coach.any():
        at = coach.nonzero()[0]
        start_ms, end_ms = rulebook.night_start_h * _HOUR_MS, rulebook.night_end_h * _HOUR_MS
        at = at[in_window(time_of_day_ms(reports.time_ms[at]), start_ms, end_ms)]
        # Rounded, so that 80 % of a limit is the number a person would write.
        limit_kmh[at] = np.round(limit_kmh[at] * rulebook.coach_night_factor, 6)
        source[at] = NIGHT
    return limit_kmh, source
