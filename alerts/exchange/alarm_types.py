"""Alarm types as JT/T 809 numbers them, for our rules, and what is told of an alert in words.

2011: 1 to 0xE. Supplementary notices and 2019 add 0x10-0x14 and 0xA001-0xA00C.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.rule_names import rule_name

OTHER = 0x0E
SOURCE_TERMINAL, SOURCE_COMPANY, SOURCE_GOVERNMENT = 1, 2, 3

_TYPES: dict[str, int] = {
    "speeding": 0x01,
    "zone_speed": 0x01,
    "continuous_driving": 0x02,
    "night_driving": 0x02,
    "dsm_fatigue": 0x02,
    "emergency": 0x03,
    "zone_enter": 0x04,
    "zone_exit": 0x05,
    "zone_forbidden": 0x08,
    "route_deviation": 0x0B,
    "driving_24h": 0x0D,
    "driving_7d": 0x0D,
    "driving_day": 0x0D,
    "forbidden_hours": 0x10,
    "adas_forward_collision": 0x11,
    "adas_lane_departure": 0x12,
    "tpms": 0x13,
    "position_drift": 0x14,
    "position_frozen": 0x14,
    "position_jump": 0x14,
    "invalid_data": 0x14,
    "clock_suspect": 0x14,
    "speed_source_suspect": 0x14,
    "zone_stay": 0xA001,
}

_OF_2011 = range(0x01, 0x0F)

_TERMINALS_OWN = ("adas_", "dsm_", "tpms", "bsd", "emergency", "terminal_alarm")


def alarm_type(rule: str, version: str) -> int:
    """The number of a rule's alarms; what a version of the standard does not have is `other`.

    >>> alarm_type("speeding", "2011"), hex(alarm_type("adas_lane_departure", "2019"))
    (1, '0x12')
    """
    number = _TYPES.get(rule.removesuffix("_pre"), OTHER)
    return number if version != "2011" or number in _OF_2011 else OTHER


def alarm_source(rule: str) -> int:
    """Who found it: the terminal (1) or the platform (2, company, as 0x1402 calls the lower one)."""
    return SOURCE_TERMINAL if rule.startswith(_TERMINALS_OWN) else SOURCE_COMPANY


def alarm_text(rule: str, detail: Mapping[str, Any]) -> str:
    """One line for people: the rule's Chinese name and the numbers it explains itself with."""
    told = [f"{key}={value}" for key, value in detail.items() if isinstance(value, int | float | str)][:8]
    return "；".join([rule_name(rule)["zh"], *told])
