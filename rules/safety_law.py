"""What the rulebook asks of active-safety alarms, a row for each vehicle class."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.zone import parse_hours
from rules.local_time import in_window
from rules.rulebook import CLASS_CODES, Rulebook
from rules.safety_kinds import KINDS

MINUTES = 1440  # of a day


class SafetyLaw(NamedTuple):
    """Every array has a row for each class code."""

    grade_kmh: NDArray[np.float64]  # above, a camera's alarm without a level is of the graver one
    sent_level: NDArray[np.uint8]  # (classes, 3): our level of the level as sent
    tyre_level: NDArray[np.uint8]  # (classes, 16): our level of each event of a tyre, 0 no alarm
    least_level: NDArray[np.uint8]  # (classes, kinds): the lightest of a rule, 0 where none is set
    wheel_ms: NDArray[np.float64]  # driving from which on an alarm of fatigue is a fused one
    phone_kmh: NDArray[np.float64]  # speed above which the telephone is
    headway: NDArray[np.bool_]  # (classes, minutes of the day): when following too closely is


@kept
def safety_law(book: Rulebook) -> SafetyLaw:
    """What a rulebook says."""
    return SafetyLaw(
        grade_kmh=book.by_class("safety_grade_speed_kmh"),
        sent_level=_lists_by_class(book, "safety_sent_level"),
        tyre_level=_lists_by_class(book, "tpms_bit_level"),
        least_level=np.array([book.by_class(f"{kind}_least_level") for kind in KINDS]).T.astype(np.uint8),
        wheel_ms=book.by_class("fused_fatigue_driving_s") * 1000,
        phone_kmh=book.by_class("fused_phone_speed_kmh"),
        headway=_hours_by_class(book, "fused_headway_hours"),
    )


def _lists_by_class(book: Rulebook, name: str) -> NDArray[np.uint8]:
    """An entry that is a list."""
    return np.array([book.for_class(name, code) for code in range(CLASS_CODES)], np.uint8)


def _hours_by_class(book: Rulebook, name: str) -> NDArray[np.bool_]:
    """An entry that is hours of the day, as minutes that are in them."""
    inside, minute = np.zeros((CLASS_CODES, MINUTES), bool), np.arange(MINUTES)
    for code in range(CLASS_CODES):
        hours = book.for_class(name, code)
        for start, end in parse_hours(hours) if hours else ():
            inside[code] |= in_window(minute, start, end)
    return inside
