"""The desk's API of the exchange: links, post checks, supervision, orders."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from alerts.exchange import links, post_checks, supervisions
from alerts.exchange.messages import Exchanged, store_messages
from alerts.times import now_ms
from tests.conftest import _database
from tests.desk.running import RunningDesk, add_vehicle, running_desk
from tests.exchange.test_stores import question, urge
from tests.services import free_port


@pytest.fixture(scope="module")
def desk(postgres_dsn: str, template_database: str) -> Iterator[RunningDesk]:
    """Without a broker, which none of this needs."""
    databases = _database(postgres_dsn, template_database)
    dsn = next(databases)
    with running_desk(dsn, f"127.0.0.1:{free_port()}") as desk:
        in_database(desk, lambda one: links.claim(one, "above", "lower", "2011", 3200, "a:1"))
        in_database(desk, lambda one: links.claim(one, "below", "upper", "2019", 3201, "a:1"))
        add_vehicle(dsn, "V1", plate="苏A00001")
        yield desk
    databases.close()


def in_database(desk: RunningDesk, work: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(desk.dsn)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_links(desk: RunningDesk) -> None:
    found = desk.get("/api/links").json()["links"]
    assert [(one["link"], one["role"], one["state"]) for one in found] == [
        ("above", "lower", "down"),
        ("below", "upper", "down"),
    ]
    assert desk.get("/api/links/above").json()["access_code"] == 3200
    assert desk.get("/api/links/nobody").json()["error"]["code"] == "not_found"


def test_a_post_check_from_above(desk: RunningDesk) -> None:
    now = datetime.now(UTC)
    identity = in_database(desk, lambda one: post_checks.receive(one, "above", question(), now))
    path = f"/api/post-checks/{identity}/answer"
    waiting = desk.get("/api/post-checks", state="waiting", direction="in").json()["post_checks"]
    assert [one["post_check_id"] for one in waiting] == [identity]
    assert desk.post(path, {"answer": "12", "operator": ""}).status_code == 422
    assert (
        desk.post(path, {"answer": "😀", "operator": "王芳"}).json()["error"]["code"] == "invalid_parameter"
    )
    answered = desk.post(path, {"answer": "12", "operator": "王芳"})
    assert (answered.status_code, answered.json()["state"]) == (200, "answered")
    assert desk.post(path, {"answer": "12", "operator": "王芳"}).status_code == 200, "the same again"
    refused = desk.post(path, {"answer": "13", "operator": "李四"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "already_answered")
    assert "王芳" in refused.json()["error"]["message_zh"]
    late = in_database(
        desk, lambda one: post_checks.receive(one, "above", question(info_id=5, answer_s=0.0), now)
    )
    over = desk.post(f"/api/post-checks/{late}/answer", {"answer": "12", "operator": "王芳"})
    assert (over.status_code, over.json()["error"]["code"]) == (409, "expired")
    assert desk.post("/api/post-checks/nothing/answer", {"answer": "1", "operator": "x"}).status_code == 404


def test_a_post_check_to_below(desk: RunningDesk) -> None:
    body = {"link": "below", "question": "在岗吗", "answer_s": 60, "operator": "王芳"}
    asked = desk.post("/api/post-checks", body)
    assert asked.status_code == 201
    assert (asked.json()["direction"], asked.json()["object_id"]) == ("out", "3201")
    assert desk.post("/api/post-checks", {**body, "link": "above"}).status_code == 422
    assert desk.post("/api/post-checks", {**body, "link": "nobody"}).status_code == 404
    order = desk.get("/api/orders", link="below", kind="post_check").json()["orders"][0]
    assert order["state"] == "waiting"
    assert order["body"]["post_check_id"] == asked.json()["post_check_id"]


def test_supervision_from_above(desk: RunningDesk) -> None:
    case_id = in_database(desk, lambda one: supervisions.receive(one, "above", urge(vehicle_id="V1")))
    assert desk.get("/api/supervisions", vehicle_id="V1").json()["supervisions"][0]["case_id"] == case_id
    path = f"/api/supervisions/{case_id}/result"
    assert desk.post(path, {"result": "maybe", "operator": "王芳"}).status_code == 422
    assert desk.post(path, {"result": "later", "operator": "王芳"}).json()["state"] == "open"
    assert desk.post(path, {"result": "working", "operator": "王芳"}).json()["state"] == "working"
    done = desk.post(path, {"result": "done", "operator": "王芳", "note": "已处理"}).json()
    assert (done["state"], done["note"]) == ("done", "已处理")
    closed = desk.post(path, {"result": "ignored", "operator": "李四"})
    assert (closed.status_code, closed.json()["error"]["code"]) == (409, "already_closed")


def test_supervision_to_below(desk: RunningDesk) -> None:
    body = {
        **{"link": "below", "plate": "苏A00001", "plate_colour": 2, "alarm_type": 2, "operator": "王芳"},
        **{"due": "2099-01-01T00:00:00+08:00", "supervisor": "李明"},
    }
    opened = desk.post("/api/supervisions", body)
    assert opened.status_code == 201, opened.text
    assert (opened.json()["vehicle_id"], opened.json()["state"]) == ("V1", "open")
    assert desk.post("/api/supervisions", {**body, "due": "2020-01-01"}).status_code == 422
    assert desk.post("/api/supervisions", {**body, "plate": ""}).status_code == 422
    assert desk.post("/api/supervisions", {**body, "alert_id": "x"}).status_code == 404


def test_orders_are_checked(desk: RunningDesk) -> None:
    path = "/api/links/below/orders"
    given = desk.post(path, {"kind": "text", "body": {"text": "通知"}, "operator": "王芳"})
    assert given.status_code == 202
    order = desk.get(f"/api/orders/{given.json()['order_id']}").json()
    assert (order["state"], order["body"]["text"]) == ("waiting", "通知")
    for body, word in (
        ({"kind": "dance", "operator": "王芳"}, "none of"),
        ({"kind": "apply_history", "operator": "王芳", "plate": "苏A1"}, "lower platform"),
        ({"kind": "listen", "operator": "王芳", "body": {"tel": "1"}}, "plate"),
        ({"kind": "text", "operator": "王芳", "body": {}}, "text"),
        ({"kind": "text", "operator": "王芳", "body": {"text": "x", "y": 1}}, "y"),
    ):
        refused = desk.post(path, body)
        assert refused.status_code == 422, body
        assert word in refused.json()["error"]["message_en"]


def test_pages_and_messages(desk: RunningDesk) -> None:
    kept = [
        Exchanged("above", "in", now_ms(), 0x9300, 0x9302, "PlatformTextRequest", "", 0, None, number)
        for number in range(5)
    ]
    in_database(desk, lambda one: store_messages(one, kept))
    found, before = [], None
    while True:
        page = desk.get(
            "/api/links/above/messages", limit=2, type="0x9302", **({"before": before} if before else {})
        ).json()
        found += [one["sequence"] for one in page["messages"]]
        before = page["next"]
        if before is None:
            break
    assert found == [4, 3, 2, 1, 0]
    assert desk.get("/api/links/above/messages", type="text").status_code == 422
    everything = [one["order_id"] for one in desk.get("/api/orders").json()["orders"]]
    paged, before = [], None
    while True:
        page = desk.get("/api/orders", limit=1, **({"before": before} if before else {})).json()
        paged += [one["order_id"] for one in page["orders"]]
        before = page["next"]
        if before is None:
            break
    assert paged == everything
    assert desk.get("/api/orders", before="x").status_code == 422
