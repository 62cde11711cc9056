"""The gateway's part in commands to terminals: wiring, start, stop.

topic, table -> Carrier.take -> Dispatcher -> session.send -> terminal
terminal -> Carrier.answered -> Dispatcher -> CommandWriter -> table
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import AsyncIterator

import asyncpg
from aiokafka import AIOKafkaConsumer

from stream.gateway.command_carrier import Carrier
from stream.gateway.command_dispatcher import Limits
from stream.gateway.command_feed import follow_table, follow_topic
from stream.gateway.server import Gateway
from stream.settings.sections import GatewaySettings
from stream.worker.database import DATABASE_AWAY

#: Half the smallest wait that an operator would notice.
_TICK_S = 0.1
#: At a stop: what terminals have answered is worth a moment, not more; unwritten, it is asked again.
_DRAIN_S = 2.0
_POOL_CONNECTIONS = 2
"""One writes, one reads."""

#: Links on which a command may be tried: a terminal that drops off each time will not take the next either.
_LINKS = 5
#: Unfinished commands kept in memory, about 1 KB each; the others wait in the table for their terminal.
_CAPACITY = 100_000


async def carry_out_commands(
    gateway: Gateway, consumer: AIOKafkaConsumer, dsn: str, section: GatewaySettings
) -> None:
    """Until cancelled. Broker and database may be away; commands wait then."""
    async with _pool(dsn) as pool:
        name = f"{socket.gethostname()}:{section.port}/{os.getpid()}/{secrets.token_hex(2)}"
        repetitions = section.command_repetitions
        limits = Limits(
            timeout_ms=round(section.command_timeout_s * 1000),
            repetitions=repetitions,
            attempts=(repetitions + 1) * _LINKS,
            capacity=_CAPACITY,
        )
        carrier = Carrier(gateway, pool, name, limits)
        gateway.follow(carrier)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(follow_topic(carrier, consumer))
                group.create_task(follow_table(carrier, pool, _CAPACITY))
                group.create_task(carrier.writer.run())
                group.create_task(_tick(carrier))
        finally:
            with contextlib.suppress(*DATABASE_AWAY):
                async with asyncio.timeout(_DRAIN_S):
                    await carrier.writer.step()


async def _tick(carrier: Carrier) -> None:
    while True:
        carrier.tick()
        await asyncio.sleep(_TICK_S)


@contextlib.asynccontextmanager
async def _pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=_POOL_CONNECTIONS, command_timeout=30)
    try:
        yield pool
    finally:
        pool.terminate()
