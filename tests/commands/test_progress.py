"""One owner, one end: what gateways write of commands, against the real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
import pytest_asyncio

from alerts import command_progress as progress
from alerts.command_progress import Held, Progress
from alerts.command_store import Order, issue
from alerts.commands import Command
from alerts.times import now_ms
from tests.desk.running import add_vehicle

TEXT = {"text": "请减速", "flags": 12}


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    add_vehicle(database, "V1", terminal_phone="13900000001")
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def order(connection: asyncpg.Connection, kind: str = "text", valid_s: float = 60) -> Command:
    command = await issue(connection, Order("V1", kind, TEXT, "王芳", valid_s), now_ms())
    assert command is not None
    return command


async def row(connection: asyncpg.Connection, command: Command) -> asyncpg.Record:
    return await connection.fetchrow("SELECT * FROM commands WHERE command_id = $1", command.command_id)


async def test_the_newer_link_takes_over(connection: asyncpg.Connection) -> None:
    command = await order(connection)
    number, link = command.command_id, now_ms()
    assert await progress.claim(connection, "A", [(number, link)]) == {number: Held(command)}
    assert await progress.claim(connection, "B", [(number, link - 1000)]) == {}
    sent = Progress(number, "sent", 1, 17, sent_ms=link)
    assert await progress.write_progress(connection, "A", [sent]) == set()
    taken = await progress.claim(connection, "B", [(number, link + 1000)])
    assert taken == {number: Held(command, "sent", 1, 17, link)}
    assert await progress.write_progress(connection, "A", [replace(sent, attempts=9)]) == {number}
    assert (await row(connection, command))["attempts"] == 1


async def test_a_command_ends_once(connection: asyncpg.Connection) -> None:
    command = await order(connection)
    number, now = command.command_id, now_ms()
    await progress.claim(connection, "A", [(number, now)])
    end = Progress(number, "answered", 1, 3, now, now, now, now, {"result": 0})
    assert await progress.write_progress(connection, "A", [end]) == set()
    assert await progress.write_progress(connection, "A", [replace(end, state="failed")]) == {number}
    assert await progress.claim(connection, "B", [(number, now + 1000)]) == {}
    assert await progress.read_unfinished_ids(connection, 10) == []
    assert await progress.read_commands(connection, [number]) == []
    found = await row(connection, command)
    assert (found["state"], found["result"], found["serial"]) == ("answered", '{"result": 0}', 3)


@pytest.mark.parametrize(
    ("state", "reason"),
    [("waiting", "not_connected"), ("sent", "not_acknowledged"), ("delivered", "not_answered")],
)
async def test_what_expires_says_how_far_it_came(
    connection: asyncpg.Connection, state: str, reason: str
) -> None:
    command = await order(connection)
    number = command.command_id
    await progress.claim(connection, "A", [(number, now_ms())])
    await progress.write_progress(connection, "A", [Progress(number, state, 1)])
    await progress.expire(connection, "A", [number])
    assert (await row(connection, command))["state"] == state, "its time is not over"
    await connection.execute("UPDATE commands SET expires_at = now() - interval '1 second'")
    await progress.expire(connection, "B", [number])
    assert (await row(connection, command))["state"] == state, "another gateway has it in hand"
    assert await progress.claim(connection, "A", [(number, now_ms())]) == {}
    await progress.expire(connection, "A", [number])
    found = await row(connection, command)
    assert (found["state"], found["reason"]) == ("expired", reason)
    assert found["ended_at"] is not None


async def test_what_a_dead_gateway_left_behind_is_ended_by_another(connection: asyncpg.Connection) -> None:
    command = await order(connection)
    await progress.claim(connection, "A", [(command.command_id, now_ms())])
    await connection.execute("UPDATE commands SET expires_at = now() - interval '1 hour'")
    await progress.expire(connection, "B", [command.command_id])
    assert (await row(connection, command))["state"] == "expired"


async def test_an_archive_order_that_was_in_force_was_carried_out(connection: asyncpg.Connection) -> None:
    used, unused = await order(connection, "archive_start"), await order(connection, "archive_start")
    await progress.in_force(connection, [used.command_id])
    assert (await row(connection, used))["state"] == "delivered"
    await connection.execute("UPDATE commands SET expires_at = now() - interval '1 second'")
    await progress.expire(connection, "A", [used.command_id, unused.command_id])
    assert [(await row(connection, one))["state"] for one in (used, unused)] == ["answered", "expired"]


async def test_unfinished_ones_come_in_their_order_with_the_registrys_phone(
    connection: asyncpg.Connection,
) -> None:
    commands = [await order(connection) for _ in range(5)]
    await connection.execute("UPDATE vehicles SET terminal_phone = '13900000009'")
    ids = await progress.read_unfinished_ids(connection, 4)
    assert ids == [one.command_id for one in commands[:4]]
    found = await progress.read_commands(connection, ids[::-1])
    assert [one.command.command_id for one in found] == ids
    assert {one.command.terminal_phone for one in found} == {"13900000009"}
    same = await progress.read_unfinished_of(connection, [commands[0].vehicle_key])
    assert [one.command.command_id for one in same] == [one.command_id for one in commands]
    assert await progress.read_unfinished_of(connection, [1]) == []


async def test_records_of_version_1_get_their_row(connection: asyncpg.Connection) -> None:
    command = await order(connection)
    old = replace(command, command_id="0b8b4f5e-6f4e-4d0a-9d5f-2f5c6a7b8c9d", operator="")
    await progress.adopt(connection, [command, old])
    held = await progress.claim(connection, "A", [(old.command_id, now_ms())])
    assert held == {old.command_id: Held(old)}
    assert (progress.is_id(old.command_id), progress.is_id("c1")) == (True, False)
