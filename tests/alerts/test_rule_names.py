"""Every rule that an engine can tell has its words: for operators, for drivers, for the documents."""

from __future__ import annotations

import re
import string

import pytest

from alerts.driver_warnings import driver_text
from alerts.rule_names import RULE_NAMES, rule_name
from rules.catalogue import catalogue
from rules.every_rule import every_rule
from rules.rulebook import default_rulebook

CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: Rules without a voice, and why: the camera warns by itself at once; a pressed button must stay silent;
#: nobody at the wheel can put data right; leaving a zone asks for nothing.
SILENT = {
    *("adas_forward_collision", "adas_lane_departure", "adas_headway", "adas_pedestrian", "adas_lane_change"),
    *("adas_road_sign", "adas_obstacle", "adas_solid_line", "adas_aisle_pedestrian", "adas_other", "bsd"),
    *("dsm_absent", "dsm_glasses", "dsm_other", "emergency", "terminal_alarm", "zone_exit"),
    *("position_drift", "position_frozen", "position_jump", "clock_suspect", "speed_source_suspect"),
    *("speed_source_check", "offline_displacement", "silent_driving", "offline_24h", "invalid_data"),
}
DETAIL: dict[str, object] = {
    **{"limit_kmh": 80.0, "limit_s": 14_400, "driving_s": 12_650, "departure": "08:30"},
    **{"zone_name": "长江大桥", "route_name": "一号线", "forbidden_hours": "02:00-05:00"},
}


def test_the_catalogue_has_the_rules_of_the_engine() -> None:
    assert len(set(every_rule())) == len(every_rule())
    assert set(catalogue()) == set(every_rule())


@pytest.mark.parametrize("rule", every_rule())
def test_every_rule_has_its_words(rule: str) -> None:
    one = catalogue()[rule]
    assert rule_name(rule) == {"zh": one.zh, "en": one.en}
    for chinese, english in ((one.zh, one.en), (one.finds_zh, one.finds_en)):
        assert CHINESE.search(chinese)
        assert english.isascii()
    assert one.law
    assert all(text and grade in "ABCD" for text, grade in one.law)
    if rule.endswith("_pre"):
        assert "预警" in one.zh or "提醒" in one.zh
        assert "early warning" in one.en


@pytest.mark.parametrize("rule", every_rule())
def test_every_driver_is_told_where_a_voice_helps(rule: str) -> None:
    text = driver_text(rule, DETAIL)
    assert (text is None) == (rule in SILENT)
    if text is None:
        return
    assert CHINESE.match(text)
    assert len(text.encode("gbk")) < 100
    fields = {name for _, name, _, _ in string.Formatter().parse(catalogue()[rule].driver) if name}
    assert fields <= {*DETAIL, "limit_hours", "left_minutes"}
    if fields:
        assert driver_text(rule, {}) is None


def test_names_differ() -> None:
    for place in (0, 1):
        assert len({names[place] for names in RULE_NAMES.values()}) == len(RULE_NAMES)


def test_times_are_spoken_in_hours_and_minutes() -> None:
    told = driver_text("continuous_driving_pre", DETAIL)
    assert told == "您连续驾驶即将满4小时，请在29分钟内停车休息二十分钟"
    assert driver_text("driving_24h", {"limit_s": 28_800}) == "您24小时内累计驾驶已超过8小时，请停止驾驶"


def test_the_rulebook_speaks_of_rules_that_exist() -> None:
    families = {"*", "active_safety"}
    for entry in default_rulebook().entries.values():
        for rule in entry.rules:
            assert rule in families or rule in catalogue(), (entry.name, rule)
