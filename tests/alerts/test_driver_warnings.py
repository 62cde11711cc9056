"""What drivers are told, and when they are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.driver_warnings import MOST_CHARACTERS, NEWS_MS, driver_text, warnings_for
from alerts.revision import AlertRevision

NOW_MS = 1_780_000_000_000
SPEEDING = AlertRevision(
    seq=1,
    alert_id="a8c2cf5e-7b29-4f36-8a39-0c1d2e3f4a5b",
    revision=1,
    kind="open",
    vehicle_id="V1",
    vehicle_key=17,
    rule="speeding",
    level=2,
    start_ms=NOW_MS - 40_000,
    found_ms=NOW_MS - 1_000,
    end_ms=None,
    longitude_deg=118.0,
    latitude_deg=32.0,
    evidence="complete",
    rulebook_version="1",
    detail={"limit_kmh": 80.0},
)


def test_a_beginning_alert_is_told_once_and_expires() -> None:
    (order,) = warnings_for([SPEEDING], NOW_MS)
    text = "您已超速，限速80公里，请减速行驶"
    assert order.body == {"text": text, "urgent": True, "display": True, "speak": True}
    assert (order.vehicle_id, order.kind, order.operator) == ("V1", "text", "worker")
    assert order.valid_s == 60
    assert order.dedup is not None
    assert warnings_for([SPEEDING], NOW_MS) == [order]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "close"},
        {"kind": "update"},
        {"rule": "zone_exit"},
        {"rule": "emergency"},
        {"detail": {}},
        {"detail": {"limit_kmh": 80.0, "retrospective": True}},
        {"found_ms": NOW_MS - NEWS_MS - 1},
    ],
    ids=lambda change: str(change),
)
def test_what_is_no_news_is_not_told(change: dict[str, object]) -> None:
    assert warnings_for([replace(SPEEDING, **change)], NOW_MS) == []  # type: ignore[arg-type]


def test_what_has_no_duration_is_told_when_it_is_found() -> None:
    detail: dict[str, object] = {"zone_name": "长江大桥"}
    at_once = replace(SPEEDING, rule="zone_enter", kind="close", start_ms=SPEEDING.found_ms, detail=detail)
    [order] = warnings_for([replace(at_once, end_ms=at_once.found_ms)], NOW_MS)
    assert order.body["text"] == "您已进入长江大桥，请注意安全"
    assert warnings_for([replace(at_once, end_ms=at_once.found_ms + 1)], NOW_MS) == []


def test_no_name_makes_a_sentence_endless() -> None:
    text = driver_text("zone_forbidden", {"zone_name": "桥" * 5_000})
    assert text is not None
    assert len(text) == MOST_CHARACTERS
