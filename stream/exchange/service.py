"""The exchange process: wiring, start, stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from alerts.evidence.objects import Objects
from alerts.registry import Terminal, find_by_plate
from stream.attachments.configure import objects_of
from stream.broker_clients import start_patiently
from stream.exchange import metrics
from stream.exchange.dead_letters import DeadLetters
from stream.exchange.housekeeping import keep_house
from stream.exchange.intake import Intake
from stream.exchange.keeper import Keeper
from stream.exchange.link import Link
from stream.exchange.listeners import Listeners
from stream.exchange.order_sender import OrderSender
from stream.exchange.pictures import Pictures
from stream.exchange.plates import PlateDirectory, PlateKey
from stream.exchange.position_block import LinkBlockBuilder, LinkPart, LinkReceipt
from stream.exchange.runner import Runner
from stream.exchange.session import Clock, steady_clock
from stream.gateway.publisher import Publisher
from stream.jt809.warm_up import warm_up
from stream.settings import Settings
from stream.topics import TELEMETRY

log = logging.getLogger(__name__)

_DRAIN_S = 2.0
"""A stop that takes longer would be a kill; what is not durable by then is not counted to the peer."""
_MAX_REQUEST_BYTES = 8 * 1024 * 1024
POOL_CONNECTIONS = 8
"""For all links of a process; each holds one for a moment."""


async def serve(
    settings: Settings, links: Sequence[Link], stop: asyncio.Event, clock: Clock | None = None
) -> None:
    """Run until told to stop. Raises ServiceError when a port cannot be opened, OperatorError for a store of
    evidence that is none."""
    if not links:
        log.warning("no links: set exchange.links to a file of links (docs/exchange.md); waiting for the end")
        await stop.wait()
        return
    warm_up()
    async with contextlib.AsyncExitStack() as stack:
        exchange = await _open(settings, links, clock or steady_clock(), stack)
        await exchange.run(stop)


async def _open(
    settings: Settings, links: Sequence[Link], clock: Clock, stack: contextlib.AsyncExitStack
) -> Exchange:
    section, objects = settings.exchange, objects_of(settings.evidence)
    pool = await asyncpg.create_pool(
        settings.database.dsn, min_size=0, max_size=POOL_CONNECTIONS, command_timeout=30,
        server_settings={"application_name": "haulwatch exchange"},
    )  # fmt: skip
    stack.callback(pool.terminate)
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.broker.bootstrap_servers, acks="all", max_request_size=_MAX_REQUEST_BYTES
    )
    await start_patiently(producer)
    stack.push_async_callback(producer.stop)
    builders = [LinkBlockBuilder() for _ in range(len(await producer.partitions_for(TELEMETRY)))]
    publisher = Publisher[LinkPart, LinkReceipt](
        producer,
        TELEMETRY,
        builders,
        full=section.block_rows,
        limit=section.max_pending_reports,
        linger_s=section.block_linger_ms / 1000,
    )
    return Exchange(settings, links, pool, publisher, clock, objects)


class Exchange:
    """Mutable: the links this process runs now."""

    def __init__(
        self,
        settings: Settings,
        links: Sequence[Link],
        pool: asyncpg.Pool,
        publisher: Publisher[LinkPart, LinkReceipt],
        clock: Clock,
        objects: Objects,
    ) -> None:
        self.runners: dict[str, Runner] = {}
        self._settings = settings
        self._pool = pool
        self._publisher = publisher
        self._clock = clock
        self._dead_letters = DeadLetters(pool)
        directory = PlateDirectory(self._find)
        self._intake = Intake(publisher, directory, self._dead_letters.keep)
        self._listeners = Listeners(links)
        self._keeper = Keeper(settings.database.dsn, links, self._start, self._stop)
        self._orders = OrderSender(pool, self.runners, self._keeper.woken, Pictures(objects))
        self._failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        publisher.settle = self._settle

    def _fail(self, error: BaseException) -> None:
        if not self._failure.done():
            self._failure.set_exception(error)

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop, or until something of it ends."""
        tasks: list[asyncio.Future[Any]] = [
            asyncio.create_task(self._publisher.run(), name="publisher"),
            asyncio.create_task(self._keeper.run(), name="links"),
            asyncio.create_task(self._orders.run(), name="orders"),
            asyncio.create_task(self._dead_letters.run(), name="dead letters"),
            asyncio.create_task(
                keep_house(self._pool, self._settings.exchange.keep_days), name="housekeeping"
            ),
            asyncio.create_task(self._measure(), name="measures"),
            asyncio.create_task(stop.wait(), name="stop"),
            self._failure,
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await asyncio.gather(*(self._stop(runner.link) for runner in list(self.runners.values())))
            await self._publisher.drain(_DRAIN_S)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _start(self, link: Link, epoch: int) -> None:
        servers = self._settings.broker.bootstrap_servers
        runner = Runner(link, epoch, self._pool, self._intake, servers, self._clock, self._fail)
        await self._listeners.open(runner.session)
        self.runners[link.name] = runner
        runner.start()

    async def _stop(self, link: Link) -> None:
        runner = self.runners.pop(link.name, None)
        if runner is not None:
            await self._listeners.close(link)
            await runner.stop()

    def _settle(self, receipts: Sequence[LinkReceipt]) -> None:
        for receipt in receipts:
            runner = self.runners.get(receipt.link)
            if runner is not None:
                runner.settle(receipt)
        for runner in self.runners.values():
            runner.session.go_on()

    async def _measure(self) -> None:
        while True:
            metrics.PENDING.set(self._publisher.pending)
            await asyncio.sleep(1.0)

    async def _find(self, plates: Collection[PlateKey]) -> Mapping[PlateKey, Terminal]:
        return await find_by_plate(self._pool, plates)
