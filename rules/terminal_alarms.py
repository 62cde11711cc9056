"""The terminal's own alarms: the 32 bits of a report's alarm flags (JT/T 808, table of alarm flags).

Most bits stay up while their condition lasts: an episode is as long as the bit is up. Some are events, which
a terminal repeats until it is acknowledged: they are told once. Bit 0, the emergency button, is a rule of its
own: told at its first report whatever else goes on, open while the terminal holds it up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.holding import NEVER_MS
from rules.rulebook import CLASS_CODES, Rulebook
from rules.telling import Levels, Told

BITS = 32
EMERGENCY = 0

NAMES: tuple[tuple[str, str, str], ...] = (
    ("emergency", "紧急报警", "Emergency button"),
    ("overspeed", "超速报警", "Overspeed"),
    ("fatigue", "疲劳驾驶", "Fatigue"),
    ("danger_warning", "危险预警（2019版：危险驾驶行为）", "Danger warning (2019: dangerous driving)"),
    ("gnss_fault", "GNSS模块故障", "GNSS module fault"),
    ("antenna_open", "GNSS天线未接或剪断", "GNSS antenna open"),
    ("antenna_short", "GNSS天线短路", "GNSS antenna short"),
    ("power_low", "主电源欠压", "Main power low"),
    ("power_lost", "主电源掉电", "Main power lost"),
    ("display_fault", "显示器故障", "Display fault"),
    ("tts_fault", "TTS模块故障", "Speech module fault"),
    ("camera_fault", "摄像头故障", "Camera fault"),
    ("card_fault", "道路运输证IC卡模块故障", "Permit card module fault"),
    ("overspeed_warning", "超速预警", "Overspeed pre-warning"),
    ("fatigue_warning", "疲劳驾驶预警", "Fatigue pre-warning"),
    ("forbidden_driving", "违规行驶", "Driving in a forbidden period"),
    ("tyre_pressure", "胎压预警", "Tyre pressure warning"),
    ("right_turn_blind_spot", "右转盲区异常", "Right-turn blind spot abnormal"),
    ("daily_overtime", "当天累计驾驶超时", "Daily driving overtime"),
    ("parking_overtime", "超时停车", "Parking overtime"),
    ("area", "进出区域", "Area entered or left"),
    ("route", "进出路线", "Route entered or left"),
    ("segment_time", "路段行驶时间不足或过长", "Segment time too short or too long"),
    ("off_route", "路线偏离", "Off route"),
    ("speed_sensor_fault", "VSS故障", "Speed sensor fault"),
    ("fuel_abnormal", "油量异常", "Fuel abnormal"),
    ("stolen", "车辆被盗", "Vehicle stolen"),
    ("illegal_ignition", "非法点火", "Illegal ignition"),
    ("illegal_movement", "非法位移", "Illegal movement"),
    ("collision", "碰撞（2019版：碰撞侧翻）", "Collision (2019: or rollover)"),
    ("rollover_warning", "侧翻预警", "Rollover warning"),
    ("illegal_door", "非法开门", "Illegal door opening"),
)
"""Name, Chinese, English of each bit. Where the editions differ the text says both."""


def set_terms(book: Rulebook, terms: NDArray[np.void]) -> None:
    """The terms of conditions 0 to 31, which are the bits, for every class."""
    pulses = [int(bit) for bit in book.terminal_pulse_bits]
    terms["instant"][:, pulses] = True
    terms["hold_ms"][:, :BITS] = NEVER_MS
    join_ms = np.rint(book.by_class("terminal_pulse_join_s") * 1000).astype(np.int64)
    terms["join_ms"][:, pulses] = join_ms[:, None]


def watched_bits(book: Rulebook) -> int:
    """Mask of the bits that are told of any class. The emergency button cannot be switched off."""
    lists = {tuple(book.for_class("terminal_bit_level", code)) for code in range(CLASS_CODES)}
    return 1 | sum(1 << bit for bit, levels in enumerate(zip(*lists, strict=True)) if any(levels))


RULES = {EMERGENCY: "emergency", **dict.fromkeys(range(1, BITS), "terminal_alarm")}

SUBJECTS = {bit: str(bit) for bit in RULES if bit != EMERGENCY}


def levels_of_bits(book: Rulebook) -> Levels:
    """The level of each bit, for every class."""
    lists = [book.for_class("terminal_bit_level", code) for code in range(CLASS_CODES)]
    levels = [[int(level) for level in of_bit] for of_bit in zip(*lists, strict=True)]
    levels[EMERGENCY] = [int(level) or 1 for level in book.by_class("emergency_level").tolist()]
    return levels


def describe(finding: Any, level: int) -> Told:
    """A finding of a bit in words."""
    bit = finding.what
    name, chinese, english = NAMES[bit]
    detail = {"bit": bit, "alarm": name, "alarm_zh": chinese, "alarm_en": english}
    return Told(level, detail)
