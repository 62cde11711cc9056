"""The queue of alerts: order, cursors, filters, history, acknowledgement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.desk import models
from tests.desk.running import RunningDesk, add_vehicle, store_changes
from tests.store.changes import START_MS, Change, alert_id

COUNT = 23


@pytest.fixture(scope="module", autouse=True)
def alerts(desk: RunningDesk) -> None:
    """Alerts 0..22: every third speeding, else zone_enter; the even ones ended; on vehicles V0..V4."""
    add_vehicle(desk.dsn, "V1", vehicle_class="hazmat")
    for number in range(COUNT):
        opened = Change(
            alert_id(number),
            vehicle_key=number % 5,
            rule="zone_enter" if number % 3 else "speeding",
            detail={"number": number},
        )
        closed = replace(opened, kind="close", end_ms=START_MS + 60_000)
        store_changes(desk.dsn, *([opened, closed] if number % 2 == 0 else [opened]))


def numbers(page: dict) -> list[int]:
    models.AlertPage.model_validate(page)
    return [alert["detail"]["number"] for alert in page["alerts"]]


def test_following_by_cursor_misses_nothing(desk: RunningDesk) -> None:
    seen, cursor = [], "0"
    while True:
        page = desk.get("/api/alerts", after=cursor, limit=4).json()
        cursor = page["cursor"]
        if not page["alerts"]:
            break
        seen += numbers(page)
    assert sorted(seen) == list(range(COUNT))
    assert desk.get("/api/alerts", after=cursor).json()["cursor"] == cursor


def test_first_look_is_newest_first(desk: RunningDesk) -> None:
    page = desk.get("/api/alerts", order="newest", limit=10).json()
    seen = numbers(page)
    assert seen == list(range(COUNT - 1, COUNT - 11, -1))
    assert desk.get("/api/alerts", after=page["cursor"]).json()["alerts"] == []
    while page["next"]:
        page = desk.get("/api/alerts", order="newest", limit=10, before=page["next"]).json()
        seen += numbers(page)
    assert seen == list(range(COUNT - 1, -1, -1))


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        ({"rule": "speeding"}, lambda n: n % 3 == 0),
        ({"rule": "speeding,zone_enter"}, lambda n: True),
        ({"rule": "none"}, lambda n: False),
        ({"state": "open"}, lambda n: n % 2 == 1),
        ({"state": "ended", "rule": "speeding"}, lambda n: n % 6 == 0),
        ({"vehicle_id": "V3"}, lambda n: n % 5 == 3),
        ({"vehicle_id": "V3\x00"}, lambda n: n % 5 == 3),
        ({"acknowledged": "true"}, lambda n: False),
        ({"acknowledged": "false"}, lambda n: True),
    ],
)
def test_filters(desk: RunningDesk, filters: dict, wanted) -> None:
    assert numbers(desk.get("/api/alerts", **filters).json()) == [n for n in range(COUNT) if wanted(n)]


def test_an_alert_in_full(desk: RunningDesk) -> None:
    body = desk.get(f"/api/alerts/{alert_id(6)}").json()
    models.Alert.model_validate(body)
    assert body["rule_name"] == {"zh": "超速", "en": "Speeding"}
    assert (body["vehicle_id"], body["plate"], body["vehicle_class"]) == ("V1", None, None)
    assert body["start"].endswith("+08:00")
    assert body["end"] is not None
    assert (body["revision"], body["level"], body["evidence"]) == (2, 2, "complete")


def test_history(desk: RunningDesk) -> None:
    revisions = desk.get(f"/api/alerts/{alert_id(8)}/revisions").json()
    models.RevisionList.model_validate(revisions)
    assert [(one["revision"], one["kind"], one["actor"]) for one in revisions["revisions"]] == [
        (1, "open", "worker"),
        (2, "close", "worker"),
    ]
    assert [one["end"] is None for one in revisions["revisions"]] == [True, False]


def test_acknowledging(desk: RunningDesk) -> None:
    address = f"/api/alerts/{alert_id(100)}"
    store_changes(desk.dsn, Change(alert_id(100), detail={"number": 100}))
    cursor = desk.get("/api/alerts", order="newest").json()["cursor"]
    answer = desk.post(address + "/acknowledge", {"operator": " 王芳 ", "note": "已电话提醒"})
    assert answer.status_code == 200
    alert = answer.json()
    assert (alert["acknowledged_by"], alert["acknowledgement_note"]) == ("王芳", "已电话提醒")
    assert alert["revision"] == 2
    changed = desk.get("/api/alerts", after=cursor).json()["alerts"]
    assert [one["acknowledged_by"] for one in changed] == ["王芳"]

    again = desk.post(address + "/acknowledge", {"operator": "王芳", "note": "已电话提醒"})
    assert (again.status_code, again.json()) == (200, alert)
    other = desk.post(address + "/acknowledge", {"operator": "李强"})
    assert other.status_code == 409
    assert "王芳" in other.json()["error"]["message_zh"]
    history = desk.get(address + "/revisions").json()["revisions"]
    assert [(one["kind"], one["actor"]) for one in history] == [("open", "worker"), ("acknowledge", "王芳")]
    assert numbers(desk.get("/api/alerts", acknowledged="true").json()) == [100]


@pytest.mark.parametrize(
    "body",
    [
        *({}, [], "text", None),
        *({"operator": name} for name in ("", "  ", 5, "x" * 101, "a\x00b", None)),
        *({"operator": "a", "note": note} for note in ("n" * 2001, 3, "a\x00b")),
    ],
)
def test_acknowledging_needs_a_name(desk: RunningDesk, body: object) -> None:
    answer = desk.post(f"/api/alerts/{alert_id(1)}/acknowledge", body)
    assert answer.status_code == 422
    models.ErrorBody.model_validate(answer.json())
    assert desk.get(f"/api/alerts/{alert_id(1)}").json()["acknowledged_by"] is None


@pytest.mark.parametrize("identity", ["5f1c2f0e-8a39-4c0e-9d0b-0d3c6f1e2a77", "no-uuid", "%00", "1"])
def test_unknown_alert(desk: RunningDesk, identity: str) -> None:
    for answer in (
        desk.get(f"/api/alerts/{identity}"),
        desk.get(f"/api/alerts/{identity}/revisions"),
        desk.post(f"/api/alerts/{identity}/acknowledge", {"operator": "x"}),
    ):
        assert answer.status_code == 404
        models.ErrorBody.model_validate(answer.json())


@pytest.mark.parametrize(
    "query",
    [
        *("after=x", "after=-1", "after=1.5", "after=99999999999999999999", "before=x"),
        *("limit=0", "limit=1001", "state=closed", "acknowledged=perhaps", "order=up"),
    ],
)
def test_bad_parameters(desk: RunningDesk, query: str) -> None:
    answer = desk.get(f"/api/alerts?{query}")
    assert answer.status_code == 422
    assert query.split("=")[0] in models.ErrorBody.model_validate(answer.json()).error.message_en
