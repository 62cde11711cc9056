"""A registry, a broker, and operators who order things, for gateways in and out of this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from alerts.command_store import Order, issue
from alerts.commands import TOPIC
from alerts.registry import import_csv
from alerts.relay import Relay
from alerts.times import now_ms
from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.gateway.conftest import REGISTRY, RunningGateway, started

DEADLINE_S = 60


@dataclass
class Centre:
    """The operators' side: orders go to the table and the topic as the desk gives them."""

    dsn: str
    bootstrap_servers: str
    pool: asyncpg.Pool
    relay: Relay

    def gateway(self, **changes: object) -> AbstractAsyncContextManager[RunningGateway]:
        """One more gateway of this centre."""
        return started(self.dsn, self.bootstrap_servers, **changes)

    async def order(
        self, kind: str, body: dict[str, Any] | None = None, vehicle_id: str = "V1", **more: Any
    ) -> str:
        """Give a command as the desk does; its id."""
        async with self.pool.acquire() as connection, connection.transaction():
            command = await issue(connection, Order(vehicle_id, kind, body or {}, "王芳", **more), now_ms())
        assert command is not None
        await self.relay.step()
        return command.command_id

    async def row(self, command_id: str) -> dict[str, Any]:
        """The command as it is."""
        row = dict(await self.pool.fetchrow("SELECT * FROM commands WHERE command_id = $1", command_id))
        row["result"] = None if row["result"] is None else json.loads(row["result"])
        return row

    async def reaches(self, command_id: str, state: str, **fields: Any) -> dict[str, Any]:
        """Wait until a command is in a state, with these values; its row."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                row = await self.row(command_id)
                if row["state"] == state and all(row[name] == value for name, value in fields.items()):
                    return row
                assert row["ended_at"] is None or row["state"] == state, row
                await asyncio.sleep(0.02)


@pytest.fixture
async def centre(database: str, broker: str, tmp_path: Path) -> AsyncIterator[Centre]:
    """A centre with three known terminals and no gateway yet."""
    registry = tmp_path / "registry.csv"
    registry.write_text(REGISTRY, encoding="utf-8")
    assert import_csv(database, registry) == 0
    await ensure_topics(broker, {TELEMETRY: 4, ALERTS: 1, COMMANDS: 2})
    pool = await asyncpg.create_pool(database, min_size=0, max_size=3)
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    yield Centre(database, broker, pool, Relay(pool.acquire, producer, [TOPIC]))
    await producer.stop()
    await pool.close()
