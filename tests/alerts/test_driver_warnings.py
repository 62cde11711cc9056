"""What drivers are told, and when they are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.driver_warnings import NEWS_MS, driver_text, warnings_for
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
        {"rule": "zone_enter"},
        {"found_ms": NOW_MS - NEWS_MS - 1},
    ],
    ids=lambda change: str(change),
)
def test_what_is_no_news_is_not_told(change: dict[str, object]) -> None:
    assert warnings_for([replace(SPEEDING, **change)], NOW_MS) == []  # type: ignore[arg-type]


def test_every_sentence_fits_a_terminal_and_names_its_place() -> None:
    detail = {"limit_kmh": 60.0, "zone_name": "长江大桥"}
    for rule in ("speeding", "zone_speed", "continuous_driving", "zone_forbidden", "zone_stay"):
        text = driver_text(rule, detail)
        assert text is not None
        assert len(text.encode("gbk")) < 100
        if rule.startswith("zone"):
            assert "长江大桥" in text
