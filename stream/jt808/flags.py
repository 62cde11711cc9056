"""Names of the alarm and status bits of 0x0200 (JT/T 808-2013, tables 24-25; 2019, tables 24-25)."""

from __future__ import annotations

from stream.jt808.header import Edition

#: Names of the alarm bits of 2011 and 2013.
ALARMS = {
    0: "emergency",
    1: "overspeed",
    2: "fatigue",
    3: "danger_warning",
    4: "gnss_module_fault",
    5: "gnss_antenna_open",
    6: "gnss_antenna_short",
    7: "main_power_low",
    8: "main_power_lost",
    9: "display_fault",
    10: "tts_fault",
    11: "camera_fault",
    12: "ic_card_module_fault",
    13: "overspeed_warning",
    14: "fatigue_warning",
    18: "daily_driving_overtime",
    19: "parking_overtime",
    20: "area_crossing",
    21: "route_crossing",
    22: "segment_time",
    23: "off_route",
    24: "vss_fault",
    25: "fuel_abnormal",
    26: "stolen",
    27: "illegal_ignition",
    28: "illegal_movement",
    29: "collision_warning",
    30: "rollover_warning",
    31: "illegal_door_open",
}
_ALARMS_2019 = {
    3: "dangerous_driving",
    15: "forbidden_period_driving",
    16: "tyre_pressure_warning",
    17: "right_turn_blind_spot_abnormal",
    29: "collision_rollover",
    31: "reserved_31",
}
_STATUS = {
    0: "acc_on",
    1: "positioned",
    2: "south",
    3: "west",
    4: "out_of_service",
    5: "encrypted_position",
    10: "fuel_line_cut",
    11: "circuit_cut",
    12: "door_locked",
    13: "door_1_open",
    14: "door_2_open",
    15: "door_3_open",
    16: "door_4_open",
    17: "door_5_open",
    18: "gps",
    19: "beidou",
    20: "glonass",
    21: "galileo",
}
_STATUS_2019 = {6: "forward_collision_warning", 7: "lane_departure_warning", 22: "moving"}
_LOAD = ("empty", "half_loaded", "load_reserved", "full")


def _names(bits: int, names: dict[int, str], prefix: str) -> list[str]:
    return [names.get(bit, f"{prefix}_{bit}") for bit in range(32) if bits >> bit & 1]


def alarm_names(bits: int, edition: Edition) -> list[str]:
    """Names of the alarm bits set, lowest first; "reserved_N" for a bit the edition does not define."""
    return _names(bits, ALARMS | _ALARMS_2019 if edition == "2019" else ALARMS, "reserved")


def status_names(bits: int, edition: Edition) -> list[str]:
    """Names of the status bits set, lowest first; bits 8-9 together are the load: half_loaded or full."""
    names = _STATUS | _STATUS_2019 if edition == "2019" else _STATUS
    found = _names(bits & ~0x300, names, "reserved")
    load = bits >> 8 & 3
    return [*found, _LOAD[load]] if load else found
