"""Tables of the exchange: post checks, supervision, orders, claims and positions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from alerts.exchange import links, orders, positions, post_checks, supervisions
from alerts.exchange.messages import Exchanged, forget_messages, store_messages
from alerts.exchange.positions import KnownPlace, Place
from alerts.exchange.post_checks import Question
from alerts.exchange.supervisions import Urge

LOG = ("telemetry", "cluster", "topic")


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


def question(**fields: object) -> Question:
    return replace(Question(1, "3201", 77, 5, "5+7=?", 600.0), **fields)  # type: ignore[arg-type]


def urge(**fields: object) -> Urge:
    now = datetime.now(UTC)
    usual = Urge(
        9, 3, "苏A12345", 2, None, None, 1, 2, now, 0, "李明", "025", "a@b", now + timedelta(hours=1)
    )
    return replace(usual, **fields)  # type: ignore[arg-type]


async def test_a_post_check_is_answered_once_and_in_time(connection: asyncpg.Connection) -> None:
    now = datetime.now(UTC)
    identity = await post_checks.receive(connection, "above", question(), now)
    assert identity is not None
    assert await post_checks.receive(connection, "above", question(), now) is None, "the same asked again"
    await post_checks.answer(connection, identity, "12", "王芳", "138")
    await post_checks.answer(connection, identity, "12", "王芳", "138")
    with pytest.raises(post_checks.PostCheckClosed, match="answered by 王芳"):
        await post_checks.answer(connection, identity, "13", "李四")
    with pytest.raises(post_checks.UnknownPostCheck):
        await post_checks.answer(connection, "00000000-0000-0000-0000-000000000000", "1", "x")
    waiting = await orders.open_orders(connection, ["above"], "waiting", "out")
    assert [(one.kind, one.body["text"], one.body["info_id"]) for one in waiting] == [
        ("post_check_answer", "12", 77)
    ]
    late = await post_checks.receive(connection, "above", question(info_id=78, answer_s=0.0), now)
    assert late is not None
    with pytest.raises(post_checks.PostCheckClosed, match="expired"):
        await post_checks.answer(connection, late, "12", "王芳")
    assert await post_checks.expire(connection) == 1


async def test_a_question_to_a_lower_platform_comes_back_answered(connection: asyncpg.Connection) -> None:
    identity = await post_checks.ask(
        connection, "below", object_type=1, object_id="3201", text="在岗吗", answer_s=60, operator="王芳"
    )
    (order,) = await orders.open_orders(connection, ["below"], "waiting", "out")
    assert (order.kind, order.body["post_check_id"]) == ("post_check", identity)
    await orders.mark_sent(connection, order.order_id, 11)
    await post_checks.delivered(connection, identity, 11, "post_check")
    found = {"info_id": None, "sequence": 12, "text": "在", "responder": "赵六"}
    assert not await post_checks.receive_answer(connection, "below", **found)
    assert not await post_checks.receive_answer(connection, "other", **{**found, "sequence": 11})
    assert await post_checks.receive_answer(connection, "below", **{**found, "sequence": 11})
    row = await connection.fetchrow("SELECT * FROM post_checks")
    assert (row["state"], row["answer"], row["answered_by"]) == ("answered", "在", "赵六")
    assert await connection.fetchval("SELECT state FROM exchange_orders") == "answered"


async def test_supervision_opens_and_closes(connection: asyncpg.Connection) -> None:
    case_id = await supervisions.receive(connection, "above", urge())
    assert case_id is not None
    assert await supervisions.receive(connection, "above", urge(alarm_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert await connection.fetchval("SELECT count(*) FROM supervisions") == 2
    await supervisions.give_result(connection, case_id, "working", "王芳", "")
    await supervisions.give_result(connection, case_id, "done", "王芳", "已处理")
    with pytest.raises(supervisions.CaseClosed, match="done by 王芳"):
        await supervisions.give_result(connection, case_id, "ignored", "李四", "")
    waiting = await orders.open_orders(connection, ["above"], "waiting", "out")
    assert [(one.kind, one.body["result"], one.plate) for one in waiting] == [
        ("urge_answer", 0, "苏A12345"),
        ("urge_answer", 1, "苏A12345"),
    ]
    assert await connection.fetchval("SELECT state FROM supervisions WHERE case_id = $1", case_id) == "done"


async def test_an_order_repeated_opens_no_second_case(connection: asyncpg.Connection) -> None:
    same = urge()
    assert await supervisions.receive(connection, "above", same)
    assert await supervisions.receive(connection, "above", same) is None


async def test_urging_a_lower_platform(connection: asyncpg.Connection) -> None:
    case_id = await supervisions.urge_peer(connection, "below", urge(), "王芳")
    (order,) = await orders.open_orders(connection, ["below"], "waiting", "out")
    await orders.mark_sent(connection, order.order_id, 21)
    await supervisions.delivered(connection, case_id, 21, "urge")
    number = order.body["supervision_id"]
    result = {"supervision_id": None, "sequence": None, "result": 1}
    assert not await supervisions.receive_result(connection, "below", **result)
    assert await supervisions.receive_result(connection, "below", **{**result, "supervision_id": number})
    row = await connection.fetchrow("SELECT * FROM supervisions")
    assert (row["state"], row["result"]) == ("done", "done")
    assert await supervisions.urge_peer(connection, "below", urge(due_at=datetime.now(UTC)), "王芳")
    assert await supervisions.expire(connection) == 1


async def test_orders_end(connection: asyncpg.Connection) -> None:
    first = await orders.add_order(connection, "below", "text", {"text": "x"}, operator="王", valid_s=60)
    await orders.add_order(connection, "below", "text", {"text": "y"}, operator="王", valid_s=0)
    assert [one.order_id for one in await orders.open_orders(connection, ["below"], "waiting", "out")] == [
        first
    ]
    assert await orders.expire_orders(connection) == 1
    await orders.mark_sent(connection, first, 4)
    found = await orders.find_sent(connection, "below", ["text"], sequence=4)
    assert found is not None
    assert found.order_id == first
    assert await orders.find_sent(connection, "below", ["text"], sequence=5) is None
    assert await orders.find_sent(connection, "below", ["text"], sequence=None, plate="苏A") is None
    assert await orders.end_order(connection, first, "answered", {"ok": True})
    assert not await orders.end_order(connection, first, "failed")


async def test_positions_are_written_by_who_runs_the_link(connection: asyncpg.Connection) -> None:
    epoch = await links.claim(connection, "above", "lower", "2011", 3200, "a:1")
    places = {0: Place(5, 1000), 1: Place(7, 2000)}
    await positions.save_positions(connection, "above", epoch, LOG, places, alert_seq=3)
    known = await positions.load_positions(connection, "above", *LOG)
    assert known == {0: KnownPlace(5, 1000, True), 1: KnownPlace(7, 2000, True)}
    other = await positions.load_positions(connection, "above", "telemetry", "cluster", "new")
    assert not any(place.same_log for place in other.values())
    assert await positions.load_positions(connection, "below", *LOG) == {}
    assert await positions.alert_cursor(connection, "above") == 3
    newer = await links.claim(connection, "above", "lower", "2011", 3200, "b:2")
    with pytest.raises(positions.LinkLost):
        await positions.save_positions(connection, "above", epoch, LOG, {0: Place(9, 9000)})
    await positions.save_positions(connection, "above", newer, LOG, {0: Place(6, 3000)})
    known = await positions.load_positions(connection, "above", *LOG)
    assert [known[number].next_offset for number in (0, 1)] == [6, 7]


async def test_one_process_runs_a_link(connection: asyncpg.Connection, database: str) -> None:
    assert await links.try_lock(connection, "above")
    other = await asyncpg.connect(database)
    assert not await links.try_lock(other, "above")
    assert await links.try_lock(other, "below")
    await connection.execute("SELECT pg_advisory_unlock_all()")
    assert await links.try_lock(other, "above")
    await other.close()


async def test_messages_with_anything_in_them_are_kept(connection: asyncpg.Connection) -> None:
    message = Exchanged("below", "in", 1_700_000_000_000, 0x1200, 0x1201, "RegisterVehicle", "苏A\x00", 2,
                        None, 4, {"text": "a\x00b", "data": b"\x01"}, b"\x00\xff")  # fmt: skip
    await store_messages(connection, [message])
    row = await connection.fetchrow("SELECT * FROM exchange_messages")
    assert (row["plate"], row["body"]) == ("苏A", b"\x00\xff")
    assert await forget_messages(connection, 30) == 1
