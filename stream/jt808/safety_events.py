"""Event codes and levels of active safety (T/JSATL 12-2017, tables 4-15 to 4-20; T/GDRTA 002-2020)."""

from __future__ import annotations

from stream.jt808.alarm_identifier import Dialect

ADAS, DSM, TPMS, BSD = 0x64, 0x65, 0x66, 0x67

ADAS_EVENTS = {
    0x01: "forward_collision",
    0x02: "lane_departure",
    0x03: "too_close",
    0x04: "pedestrian_collision",
    0x05: "frequent_lane_change",
    0x06: "road_sign_overrun",
    0x07: "obstacle",
    0x10: "road_sign_recognition_event",
    0x11: "active_capture_event",
}
DSM_EVENTS = {
    0x01: "fatigue",
    0x02: "phone_call",
    0x03: "smoking",
    0x04: "distracted",
    0x05: "driver_abnormal",
    0x10: "automatic_capture_event",
    0x11: "driver_change_event",
}
BSD_EVENTS = {0x01: "rear_approach", 0x02: "left_rear_approach", 0x03: "right_rear_approach"}
#: Bits of a tyre's event.
TYRE_EVENTS = {
    **{0: "periodic_report", 1: "pressure_high", 2: "pressure_low", 3: "temperature_high"},
    **{4: "sensor_abnormal", 5: "imbalance", 6: "slow_leak", 7: "battery_low"},
}
_EVENTS = {ADAS: ADAS_EVENTS, DSM: DSM_EVENTS, BSD: BSD_EVENTS}
_EVENTS_OF_DIALECT = {
    (ADAS, Dialect.GUANGDONG): {0x12: "solid_line_change", 0x13: "aisle_passenger"},
    (DSM, Dialect.GUANGDONG): {
        0x06: "lens_covered",
        0x08: "driving_overtime",
        0x0A: "seat_belt",
        0x0B: "infrared_sunglasses",
        0x0C: "both_hands_off",
        0x0D: "playing_with_phone",
    },
}
# A level as sent to the platform's: in the standards 2 is the graver one, here 1 is.
_PLATFORM_LEVELS = {1: 2, 2: 1}
# What a camera reports of itself is an event, no alarm.
_WITHOUT_LEVEL = frozenset({(ADAS, 0x10), (ADAS, 0x11), (DSM, 0x10), (DSM, 0x11)})


def event_name(peripheral: int, event: int, dialect: Dialect) -> str | None:
    """The name of an event code; None for a custom one, and for tyres, whose events are bits."""
    wider = _EVENTS_OF_DIALECT.get((peripheral, dialect), {})
    return wider.get(event) or _EVENTS.get(peripheral, {}).get(event)


def platform_level(peripheral: int, event: int, level: int) -> int:
    """How grave an alarm is for the platform: 1 the graver, 2 the other, 0 without level.

    The standards grade by a speed: above it 2, else 1 (T/JSATL 12-2017, 4.4); events and BSD have none,
    whatever stands in the field.
    """
    if (peripheral, event) in _WITHOUT_LEVEL:
        return 0
    return _PLATFORM_LEVELS.get(level, 0)
