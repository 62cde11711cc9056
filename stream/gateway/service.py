"""The gateway process: wiring, start, stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from alerts.registry import Terminal, find_terminals
from stream.broker_clients import start_patiently
from stream.errors import ServiceError
from stream.gateway.commands import follow_commands
from stream.gateway.connection import Connection
from stream.gateway.directory import Directory
from stream.gateway.publisher import Publisher
from stream.gateway.server import Gateway
from stream.settings import Settings
from stream.topics import TELEMETRY

log = logging.getLogger(__name__)

_SWEEP_S = 5.0
#: A stop that takes longer would be a kill; what is not acknowledged by then is sent again by its terminal.
_DRAIN_S = 3.0
#: A block of 2,000 reports is about 300 KB; one that grew while the broker was away may have ten times that.
_MAX_REQUEST_BYTES = 8 * 1024 * 1024


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run until told to stop. Raises ServiceError when the port cannot be opened."""
    section = settings.gateway
    registry = _Registry(settings.database.dsn)
    directory = Directory(registry.find, section.admit_unknown)
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
        publisher = Publisher(
            producer,
            len(await producer.partitions_for(TELEMETRY)),
            block_rows=section.block_rows,
            linger_s=section.block_linger_ms / 1000,
        )
        gateway = Gateway(
            publisher,
            directory,
            check_plate=section.check_plate,
            max_pending_reports=section.max_pending_reports,
            idle_s=section.idle_s,
        )
        server = await _listen(gateway, section.host, section.port)
        log.info("listening for JT/T 808 terminals on %s:%d", section.host, section.port)
        tasks = [
            asyncio.create_task(publisher.run(), name="publisher"),
            asyncio.create_task(follow_commands(gateway, consumer), name="commands"),
            asyncio.create_task(_sweep(gateway), name="sweep"),
            asyncio.create_task(stop.wait(), name="stop"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.close()
            await _finish(gateway)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()


async def _finish(gateway: Gateway) -> None:
    """Answer what was read, then close."""
    gateway.stop_reading()
    if not await gateway.publisher.drain(_DRAIN_S):
        waiting = gateway.publisher.pending_reports
        log.warning("%d reports were not acknowledged; their terminals send them again", waiting)
    gateway.close_all()


class _Registry:
    """The database's registry; connects when it is first asked, so that the gateway starts without it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None

    async def find(self, phones: Sequence[str]) -> Mapping[str, Terminal]:
        if self._pool is None:
            self._pool = await asyncpg.create_pool(self._dsn, min_size=0, max_size=4, command_timeout=10)
        return await find_terminals(self._pool, phones)

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()


async def _listen(gateway: Gateway, host: str, port: int) -> asyncio.Server:
    try:
        return await asyncio.get_running_loop().create_server(
            lambda: Connection(gateway), host, port, backlog=4096
        )
    except OSError as error:
        raise ServiceError(
            f"port {port} for terminals cannot be opened on {host}: {error.strerror}; "
            "stop what uses it or set gateway.port"
        ) from None


async def _sweep(gateway: Gateway) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        gateway.sweep()
