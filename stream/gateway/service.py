"""The gateway process: wiring, start, stop."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Mapping, Sequence

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from alerts.frames import ArchivedFrame
from alerts.registry import Terminal, find_terminals
from alerts.terminal_traits import Traits, load_traits, save_traits
from stream.broker_clients import start_patiently
from stream.gateway import archive, message_builder
from stream.gateway.archive import FrameBuilder
from stream.gateway.block_builder import BlockBuilder, Part
from stream.gateway.commands import carry_out_commands
from stream.gateway.directory import Directory
from stream.gateway.doors import Doors
from stream.gateway.message_builder import MessageBuilder, MessagePart, MessageReceipt
from stream.gateway.publisher import Publisher
from stream.gateway.receipt import Owed
from stream.gateway.server import Gateway
from stream.gateway.traits import TraitMemory
from stream.gateway.warm_up import warm_up
from stream.jt808.session import Limits
from stream.settings import Settings
from stream.topics import FRAMES, MESSAGES, TELEMETRY, ensure_topics, stated_partitions

log = logging.getLogger(__name__)

#: Packages that are missing are looked for this often, all else every `_TURNS`-th time.
_PACKAGES_S = 0.5
_TURNS = 10
#: A stop that takes longer would be a kill; what is not acknowledged by then is sent again by its terminal.
_DRAIN_S = 3.0
#: A block of 2,000 reports is about 300 KB; one that grew while the broker was away may have ten times that.
_MAX_REQUEST_BYTES = 8 * 1024 * 1024
#: Messages, and raw frames, that may wait for the broker; then terminals are no longer read.
_MAX_PENDING_BYTES = 64 * 1024 * 1024


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run until told to stop. Raises ServiceError when a port cannot be opened or a setting is wrong."""
    section = settings.gateway
    registry = _Registry(settings.database.dsn)
    doors = Doors.of(section)
    warm_up()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(registry.close)
        producer = AIOKafkaProducer(
            bootstrap_servers=settings.broker.bootstrap_servers,
            acks="all",
            max_request_size=_MAX_REQUEST_BYTES,
        )
        consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.broker.bootstrap_servers, fetch_max_wait_ms=100
        )
        for client in (producer, consumer):
            await start_patiently(client)
            stack.push_async_callback(client.stop)
        gateway = Gateway(
            *await _publishers(producer, settings, registry.memory),
            Directory(registry.find, section.admit_unknown),
            registry.memory,
            check_plate=section.check_plate,
            local_time=section.local_time,
            limits=Limits(idle_s=section.idle_s),
            assembly_bytes=section.assembly_mib * 1024 * 1024,
        )
        await doors.open(gateway)
        tasks = [
            asyncio.create_task(gateway.publisher.run(), name="publisher"),
            asyncio.create_task(gateway.messages.run(), name="messages"),
            asyncio.create_task(gateway.frames.run(), name="frames"),
            asyncio.create_task(registry.memory.run(), name="traits"),
            asyncio.create_task(
                carry_out_commands(gateway, consumer, settings.database.dsn, section), name="commands"
            ),
            asyncio.create_task(_sweep(gateway), name="sweep"),
            asyncio.create_task(stop.wait(), name="stop"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            doors.close()
            await _finish(gateway)
            doors.close_last()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()


async def _publishers(
    producer: AIOKafkaProducer, settings: Settings, memory: TraitMemory
) -> tuple[Publisher[Part, Owed], Publisher[MessagePart, MessageReceipt], Publisher[ArchivedFrame, None]]:
    """One a topic. Those of messages and frames are made where an older installation lacks them."""
    broker, section = settings.broker, settings.gateway
    stated = stated_partitions(broker)
    counts = await ensure_topics(
        broker.bootstrap_servers,
        {name: stated[name] for name in (MESSAGES, FRAMES)},
        replication_factor=broker.replication_factor,
    )
    linger_s = section.block_linger_ms / 1000
    telemetry = [
        BlockBuilder(memory.heard_dialect) for _ in range(len(await producer.partitions_for(TELEMETRY)))
    ]
    return (
        Publisher(
            producer,
            TELEMETRY,
            telemetry,
            full=section.block_rows,
            limit=section.max_pending_reports,
            linger_s=linger_s,
        ),
        Publisher(
            producer,
            MESSAGES,
            [MessageBuilder() for _ in range(counts[MESSAGES])],
            full=message_builder.RECORD_BYTES,
            limit=_MAX_PENDING_BYTES,
            linger_s=linger_s,
        ),
        Publisher(
            producer,
            FRAMES,
            [FrameBuilder() for _ in range(counts[FRAMES])],
            full=archive.RECORD_BYTES,
            limit=_MAX_PENDING_BYTES,
            linger_s=linger_s,
        ),
    )


async def _finish(gateway: Gateway) -> None:
    """Answer what was read, then close."""
    gateway.stop_reading()
    gateway.tick()
    deadline_s = asyncio.get_running_loop().time() + _DRAIN_S
    for publisher in (gateway.publisher, gateway.messages, gateway.frames):
        if not await publisher.drain(max(0.0, deadline_s - asyncio.get_running_loop().time())):
            log.warning("%s: %d were not acknowledged; their terminals send them again",
                        publisher.topic, publisher.pending)  # fmt: skip
    await gateway.memory.flush()
    gateway.close_all()


class _Registry:
    """The database's registry; connects when it is first asked, so that the gateway starts without it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None
        self.memory = TraitMemory(self._save)

    async def find(self, phones: Sequence[str]) -> Mapping[str, Terminal]:
        pool = await self._connected()
        found = await find_terminals(pool, phones)
        self.memory.learn(await load_traits(pool, [one.vehicle_key for one in found.values()]))
        return found

    async def _save(self, traits: Sequence[Traits]) -> None:
        await save_traits(await self._connected(), traits)

    async def _connected(self) -> asyncpg.Pool:
        if self._pool is None:
            self._pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=4, command_timeout=10)
        return self._pool

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()


async def _sweep(gateway: Gateway) -> None:
    for turn in itertools.count(1):
        await asyncio.sleep(_PACKAGES_S)
        gateway.sweep_packages()
        if turn % _TURNS == 0:
            gateway.sweep()
