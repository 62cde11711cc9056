"""A gateway in this process, on a real broker and a real registry."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from alerts.registry import import_csv
from rules.blocks import Block, decode_block
from stream.gateway.service import serve
from stream.settings import Settings
from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.services import free_port, running_broker

REGISTRY = """id,terminal_phone,plate,plate_colour,class,total_mass_kg,enterprise,driver
V1,13900000001,苏A00001,2,heavy_truck,31000,First,D1
V2,13900000002,苏A00002,2,hazmat,18000,First,D2
V3,013900000003,苏A00003,2,tour_coach,16000,Second,D3
"""


@dataclass
class RunningGateway:
    port: int
    bootstrap_servers: str

    async def blocks(self, rows: int) -> list[Block]:
        """All blocks of the log, once they hold `rows` reports."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap_servers, auto_offset_reset="earliest", fetch_max_wait_ms=50
        )
        await consumer.start()
        consumer.assign([TopicPartition(TELEMETRY, number) for number in range(4)])
        await consumer.seek_to_beginning()
        found: list[Block] = []
        try:
            async with asyncio.timeout(20):
                while sum(block.rows for block in found) < rows:
                    found.append(decode_block((await consumer.getone()).value))
        finally:
            await consumer.stop()
        return found


@pytest.fixture
async def gateway(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[RunningGateway]:
    """A gateway with three known terminals; `indirect` parameters are changes of its settings."""
    registry = tmp_path / "registry.csv"
    registry.write_text(REGISTRY, encoding="utf-8")
    assert import_csv(database, registry) == 0
    with running_broker() as bootstrap_servers:
        await ensure_topics(bootstrap_servers, {TELEMETRY: 4, ALERTS: 1, COMMANDS: 1})
        settings = Settings()
        port = free_port()
        changes = {"host": "127.0.0.1", "port": port, **getattr(request, "param", {})}
        settings = replace(
            settings,
            broker=replace(settings.broker, bootstrap_servers=bootstrap_servers),
            database=replace(settings.database, dsn=database),
            gateway=replace(settings.gateway, **changes),
        )
        stop = asyncio.Event()
        serving = asyncio.create_task(serve(settings, stop))
        await _listening(port, serving)
        yield RunningGateway(port, bootstrap_servers)
        stop.set()
        await asyncio.wait_for(serving, 20)


async def _listening(port: int, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            if serving.done():
                serving.result()
            await asyncio.sleep(0.02)
