"""What an active-safety alarm is: the rule that its peripheral, province and event code stand for.

T/JSATL 12-2017 tables 4-15 to 4-18; T/GDRTA 002-2020 adds events to ADAS and DSM. Events that are no alarms
(a sign seen, a periodic photo, a change of driver) stand for no rule.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.safety import ADAS, BSD, DSM, TPMS

GUANGDONG = 1
NO_KIND = 255

# Numbers are in snapshots: add new ones behind, never change one.
KINDS = (
    "adas_forward_collision",
    "adas_lane_departure",
    "adas_headway",
    "adas_pedestrian",
    "adas_lane_change",
    "adas_road_sign",
    "adas_obstacle",
    "adas_solid_line",
    "adas_aisle_pedestrian",
    "adas_other",
    "dsm_fatigue",
    "dsm_phone",
    "dsm_smoking",
    "dsm_distraction",
    "dsm_absent",
    "dsm_lens_covered",
    "dsm_overtime",
    "dsm_seat_belt",
    "dsm_glasses",
    "dsm_hands_off",
    "dsm_phone_play",
    "dsm_other",
    "tpms",
    "bsd",
)
NUMBER = {name: number for number, name in enumerate(KINDS)}

_EVENTS: dict[int, dict[int, str | None]] = {
    ADAS: {
        0x01: "adas_forward_collision",
        0x02: "adas_lane_departure",
        0x03: "adas_headway",
        0x04: "adas_pedestrian",
        0x05: "adas_lane_change",
        0x06: "adas_road_sign",
        0x07: "adas_obstacle",
        0x10: None,
        0x11: None,
    },
    DSM: {
        0x01: "dsm_fatigue",
        0x02: "dsm_phone",
        0x03: "dsm_smoking",
        0x04: "dsm_distraction",
        0x05: "dsm_absent",
        0x10: None,
        0x11: None,
    },
}
_OTHER = {ADAS: "adas_other", DSM: "dsm_other", TPMS: "tpms", BSD: "bsd"}
_GUANGDONG = {
    (ADAS, 0x12): "adas_solid_line",
    (ADAS, 0x13): "adas_aisle_pedestrian",
    (DSM, 0x06): "dsm_lens_covered",
    (DSM, 0x08): "dsm_overtime",
    (DSM, 0x0A): "dsm_seat_belt",
    (DSM, 0x0B): "dsm_glasses",
    (DSM, 0x0C): "dsm_hands_off",
    (DSM, 0x0D): "dsm_phone_play",
}


def kind_of(peripheral: int, dialect: int, event: int) -> str | None:
    """The rule of one alarm, None where it stands for none.

    >>> kind_of(0x65, 0, 2), kind_of(0x65, 1, 0x0D), kind_of(0x64, 0, 0x10)
    ('dsm_phone', 'dsm_phone_play', None)
    """
    if dialect == GUANGDONG and (peripheral, event) in _GUANGDONG:
        return _GUANGDONG[peripheral, event]
    return _EVENTS.get(peripheral, {}).get(event, _OTHER.get(peripheral))


def _table() -> NDArray[np.uint8]:
    table = np.full((256, 2, 256), NO_KIND, np.uint8)
    for peripheral in _OTHER:
        for dialect in (0, GUANGDONG):
            for event in range(256):
                kind = kind_of(peripheral, dialect, event)
                table[peripheral, dialect, event] = NO_KIND if kind is None else NUMBER[kind]
    return table


KIND_TABLE = _table()
"""Number of the rule in `KINDS` by peripheral, whether the dialect is Guangdong's, and event; `NO_KIND` where
an alarm stands for none."""
