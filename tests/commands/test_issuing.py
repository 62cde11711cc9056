"""Commands are stored once, with their record, in the caller's transaction."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from alerts.command_store import Order, issue, issue_all
from alerts.commands import Command, decode_commands
from rules.identity import vehicle_key
from tests.desk.running import add_vehicle

NOW_MS = 1_795_000_000_000
TEXT = {"text": "请减速", "flags": 12}


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    add_vehicle(database, "V1", terminal_phone="13900000001")
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def records(connection: asyncpg.Connection) -> list[Command]:
    rows = await connection.fetch("SELECT payload FROM outbox WHERE topic = 'commands' ORDER BY id")
    return [command for row in rows for command in decode_commands(row["payload"])]


async def test_row_and_record_are_one(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        command = await issue(connection, Order("V1", "text", TEXT, "王芳", valid_s=60), NOW_MS)
    assert command is not None
    assert (command.terminal_phone, command.vehicle_key) == ("13900000001", vehicle_key("V1"))
    assert command.expires_ms == NOW_MS + 60_000
    assert await records(connection) == [command]
    row = await connection.fetchrow("SELECT * FROM commands")
    assert str(row["command_id"]) == command.command_id
    assert (row["state"], row["attempts"], row["operator"]) == ("waiting", 0, "王芳")
    assert json.loads(row["body"]) == TEXT


async def test_a_transaction_that_fails_orders_nothing(connection: asyncpg.Connection) -> None:
    transaction = connection.transaction()
    await transaction.start()
    assert await issue(connection, Order("V1", "text", TEXT), NOW_MS) is not None
    await transaction.rollback()
    assert await connection.fetchval("SELECT count(*) FROM commands") == 0
    assert await records(connection) == []


async def test_the_same_order_twice_is_one_command(connection: asyncpg.Connection) -> None:
    order = Order("V1", "text", TEXT, dedup="driver/1")
    first = await issue_all(connection, [order, order], NOW_MS)
    again = await issue_all(connection, [order], NOW_MS + 5000)
    assert (len(first), again) == (1, [])
    assert await records(connection) == first


async def test_two_workers_at_once_issue_one(connection: asyncpg.Connection, database: str) -> None:
    other = await asyncpg.connect(database)
    order = Order("V1", "text", TEXT, dedup="driver/1")
    try:
        async with connection.transaction():
            assert await issue(connection, order, NOW_MS) is not None
            waiting = asyncio.create_task(issue(other, order, NOW_MS))
        assert await waiting is None
    finally:
        await other.close()


async def test_orders_without_a_terminal_are_left_out(connection: asyncpg.Connection) -> None:
    orders = [Order(name, "position_query", {}) for name in ("nobody", "013912345678", "V1")]
    issued = await issue_all(connection, orders, NOW_MS)
    assert [command.terminal_phone for command in issued] == ["013912345678", "13900000001"]
    assert await issue_all(connection, [], NOW_MS) == []


async def test_a_vehicles_commands_keep_their_order(connection: asyncpg.Connection) -> None:
    orders = [Order("V1", "text", {"text": str(n), "flags": 8}) for n in range(20)]
    issued = await issue_all(connection, orders, NOW_MS)
    assert [command.body["text"] for command in issued] == [str(n) for n in range(20)]
    assert await records(connection) == issued
