"""What the alarms of an episode said, joined in the bits of its run: levels as sent, tyres, degrees.

| bits | meaning |
|---|---|
| 0-2 | an alarm was sent with level 0, 1, 2 |
| 3-18 | events of tyres, bits 0 to 15 (T/JSATL 12-2017 table 4-20) |
| 19-50 | the tyres that had one, 0 to 31 |
| 51-61 | degrees of fatigue, 0 to 10 (table 4-17) |
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.kernel import kernel

TYRE_BITS = 16
_TYRES = 32
_WORST = 10
_EVENTS_AT, _TYRES_AT, _DEGREES_AT = 3, 19, 51

TYRE_EVENTS: tuple[tuple[str, str, str], ...] = (
    ("periodic_report", "胎压定时上报", "Periodic report"),
    ("pressure_high", "胎压过高", "Pressure high"),
    ("pressure_low", "胎压过低", "Pressure low"),
    ("temperature_high", "胎温过高", "Temperature high"),
    ("sensor_abnormal", "传感器异常", "Sensor abnormal"),
    ("imbalance", "胎压不平衡", "Pressure imbalance"),
    ("slow_leak", "慢漏气", "Slow leak"),
    ("battery_low", "电池电量低", "Sensor battery low"),
)
"""Name, Chinese, English of the bits of a tyre's event; bits 8 to 15 are the maker's own."""
_CUSTOM = ("custom", "自定义", "Custom")


@kernel
def pack(sent: int, tyre_bits: int, tyres: int, degree: int) -> int:
    """The bits of an alarm. A degree beyond 10 is taken for 10."""
    bits = np.int64(1) << sent | (np.int64(tyre_bits) & ((1 << TYRE_BITS) - 1)) << _EVENTS_AT
    bits |= np.int64(tyres) << _TYRES_AT
    return bits | np.int64(1) << (_DEGREES_AT + min(degree, _WORST))  # type: ignore[return-value]


def joined(rule: str, bits: int) -> dict[str, Any]:
    """The fields of an alert that the bits of its run say."""
    said: dict[str, Any] = {"sent_level": (bits & 0b111).bit_length() - 1}
    if rule in ("dsm_fatigue", "fused_fatigue"):
        said["max_degree"] = (bits >> _DEGREES_AT).bit_length() - 1
    if rule == "tpms":
        events = [event_of(bit) for bit in range(1, TYRE_BITS) if bits >> (_EVENTS_AT + bit) & 1]
        said["tyres"] = [tyre for tyre in range(_TYRES) if bits >> (_TYRES_AT + tyre) & 1]
        for place, name in enumerate(("tyre_events", "tyre_events_zh", "tyre_events_en")):
            said[name] = list(dict.fromkeys(event[place] for event in events))
    return said


def event_of(bit: int) -> tuple[str, str, str]:
    """Name, Chinese, English of a bit of a tyre's event.

    >>> event_of(2)[0], event_of(9)[0]
    ('pressure_low', 'custom')
    """
    return TYRE_EVENTS[bit] if bit < len(TYRE_EVENTS) else _CUSTOM
