"""What operators read: names of rules, plate colours, times."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.plate_colour import plate_colour_code
from alerts.rule_names import rule_name
from alerts.times import iso_text, to_datetime, to_ms

RULES = [
    *("speeding", "continuous_driving", "night_driving", "driving_24h", "driving_7d", "forbidden_hours"),
    *("zone_enter", "zone_exit", "zone_stay", "zone_speed", "zone_forbidden", "route_deviation"),
]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_both_names(rule: str) -> None:
    for name in (rule, rule + "_pre"):
        names = rule_name(name)
        assert any("\u4e00" <= character <= "\u9fff" for character in names["zh"])
        assert names["en"].isascii()
        assert names["zh"] != name
    assert "预警" in rule_name(rule + "_pre")["zh"]


def test_a_rule_without_a_name_reads_as_itself() -> None:
    assert rule_name("new_rule") == {"zh": "new_rule", "en": "new rule"}
    assert rule_name("_pre") == {"zh": "_pre", "en": " pre"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("1", 1), ("蓝", 1), ("蓝色", 1), ("黄牌", 2), ("Yellow", 2), (" 5 ", 5), ("绿色", 5)),
        *(("黄绿色", 93), ("渐变绿", 94), ("94", 94), ("", 0), ("无牌", 0), ("其他", 9), ("9", 9)),
    ],
)
def test_plate_colours(text: str, code: int) -> None:
    assert plate_colour_code(text) == code


@given(st.text(max_size=6))
def test_any_text_is_a_colour_or_refused(text: str) -> None:
    try:
        code = plate_colour_code(text)
    except ValueError:
        return
    assert code in range(95)


@given(st.integers(0, 10**13))
def test_times_round_trip(time_ms: int) -> None:
    time = to_datetime(time_ms)
    assert to_ms(time) == time_ms
    assert datetime.fromisoformat(iso_text(time_ms)) == time
    assert iso_text(time).endswith("+08:00")


def test_times_in_shanghai() -> None:
    assert iso_text(datetime(2026, 11, 22, 16, 30, tzinfo=UTC)) == "2026-11-23T00:30:00+08:00"
    assert iso_text(to_ms(datetime(2026, 11, 22, tzinfo=UTC)) + 50) == "2026-11-22T08:00:00.050+08:00"
