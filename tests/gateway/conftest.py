"""A gateway in this process, on a real broker and a real registry."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from alerts.frames import ArchivedFrame, decode_frames
from alerts.registry import import_csv
from alerts.terminal_messages import TerminalMessage, decode_messages
from rules.blocks import Block, decode_block
from stream.gateway.service import serve
from stream.settings import Settings
from stream.topics import ALERTS, COMMANDS, FRAMES, MESSAGES, TELEMETRY, ensure_topics
from tests.services import free_port, running_broker

T = TypeVar("T")

REGISTRY = """id,terminal_phone,plate,plate_colour,class,total_mass_kg,enterprise,driver
V1,13900000001,苏A00001,2,heavy_truck,31000,First,D1
V2,13900000002,苏A00002,2,hazmat,18000,First,D2
V3,013900000003,苏A00003,2,tour_coach,16000,Second,D3
"""


@dataclass
class RunningGateway:
    port: int
    bootstrap_servers: str
    database: str

    async def blocks(self, rows: int) -> list[Block]:
        """All blocks of the log, once they hold `rows` reports."""
        return await self._read(TELEMETRY, 4, decode_block, lambda found: sum(b.rows for b in found) >= rows)

    async def messages(self, count: int) -> list[TerminalMessage]:
        """The messages of the log, once there are `count`."""
        read = await self._read(MESSAGES, 3, decode_messages, lambda found: sum(map(len, found)) >= count)
        return [message for part in read for message in part]

    async def frames(self, count: int) -> list[ArchivedFrame]:
        """The archived frames of the log, once there are `count`."""
        read = await self._read(FRAMES, 3, decode_frames, lambda found: sum(map(len, found)) >= count)
        return [frame for part in read for frame in part]

    async def _read(
        self, topic: str, partitions: int, decode: Callable[[bytes], T], enough: Callable[[list[T]], bool]
    ) -> list[T]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap_servers, auto_offset_reset="earliest", fetch_max_wait_ms=50
        )
        await consumer.start()
        consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
        await consumer.seek_to_beginning()
        found: list[T] = []
        try:
            async with asyncio.timeout(60):
                while not enough(found):
                    found.append(decode((await consumer.getone()).value))
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
        async with started(database, bootstrap_servers, **getattr(request, "param", {})) as running:
            yield running


@asynccontextmanager
async def started(database: str, bootstrap_servers: str, **changes: object) -> AsyncIterator[RunningGateway]:
    """A gateway on a free port, with some settings of its own; stopped at the end."""
    settings = Settings()
    port = free_port()
    settings = replace(
        settings,
        broker=replace(settings.broker, bootstrap_servers=bootstrap_servers),
        database=replace(settings.database, dsn=database),
        gateway=replace(settings.gateway, **{"host": "127.0.0.1", "port": port, **changes}),
    )
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(settings, stop))
    await _listening(port, serving)
    yield RunningGateway(port, bootstrap_servers, database)
    stop.set()
    await asyncio.wait_for(serving, 60)


async def _listening(port: int, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            if serving.done():
                serving.result()
            await asyncio.sleep(0.02)
