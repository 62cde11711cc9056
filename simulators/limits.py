"""What the law asks of each class of vehicle, as the simulated drivers know it.

Speed on expressways: Implementing Regulations of the Road Traffic Safety Law art. 78 (100 km/h for anything
but a small car); dangerous goods 80 km/h, No 29 of 2019 art. 46; coaches at night, 22:00-06:00, at most 80 %
of the day's limit, Measures for Dynamic Supervision art. 25. Hours: art. 62(7) of the Regulations; who drives
passengers: 2 h of one night and 8 h in 24, GA/T 2372-2026; 8 h a day, Measures art. 25. Warnings half an hour
before, GB/T 19056-2012 4.4.1.4.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

VEHICLE_CLASSES: Final = ("heavy_truck", "tour_coach", "line_coach", "hazmat")
COACHES: Final = frozenset({"tour_coach", "line_coach"})
DAY_LIMIT_KMH: Final = {"heavy_truck": 100.0, "tour_coach": 100.0, "line_coach": 100.0, "hazmat": 80.0}
COACH_NIGHT_LIMIT_KMH: Final = 80.0
LONGEST_DRIVING_S: Final = 14_400
SHORTEST_REST_S: Final = 1_200
LONGEST_NIGHT_S: Final = 7_200
LONGEST_IN_24_H_S: Final = 28_800
LONGEST_DAY_S: Final = 28_800
EARLY_WARNING_S: Final = 1_800
SPEEDING_COUNTS_AFTER_S: Final = 30
NEAR_LIMIT_KMH: Final = 5.0  # from so much below the limit up it is near
STOPPED_SPEED_KMH: Final = 5.0
# After a silence longer than this nobody knows what the vehicle did.
GAP_S: Final = 300

DAY_S: Final = 86_400
CHINA_OFFSET_S: Final = 8 * 3600
NIGHT_BEGINS_S: Final = 22 * 3600
NIGHT_ENDS_S: Final = 6 * 3600
# Coaches stand from 02:00 to 05:00 (Passenger Transport Safety Code, art. 38) and are reminded before.
BAN_BEGINS_S: Final = 2 * 3600
BAN_ENDS_S: Final = 5 * 3600
BAN_REMINDER_S: Final = 1_800
BAN_SPEED_KMH: Final = 20.0
BAN_COUNTS_AFTER_S: Final = 300


def second_of_day(time_s: float) -> float:
    """Seconds since midnight in Asia/Shanghai of a time in seconds since 1970 UTC."""
    return (time_s + CHINA_OFFSET_S) % DAY_S


def limits_kmh(vehicle_class: str, time_ms: Ints) -> NDArray[np.float64]:
    """The limit that holds for a class at each time, in km/h."""
    limits = np.full(len(time_ms), DAY_LIMIT_KMH[vehicle_class])
    if vehicle_class in COACHES:
        of_day_s = (time_ms // 1000 + CHINA_OFFSET_S) % DAY_S
        limits[(of_day_s >= NIGHT_BEGINS_S) | (of_day_s < NIGHT_ENDS_S)] = COACH_NIGHT_LIMIT_KMH
    return limits
