"""Carries commands from the outbox to the broker, so that one goes out the moment an operator gives it.

Workers carry the outbox too; the desk does it for its own topic, at once and though no worker runs. While the
broker is away commands wait in the database, where everybody sees them, and expire when their time is over.
"""

from __future__ import annotations

import asyncio
import logging

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts.cancellation import asked_to_end
from alerts.commands import TOPIC
from alerts.desk.database import Database, DatabaseAway
from alerts.relay import Relay

log = logging.getLogger(__name__)

START_TIMEOUT_S = 5.0
REQUEST_TIMEOUT_MS = 5000
RETRY_S = 1.0


class CommandRelay:
    """One producer, made when the broker can be had and made anew after a failure."""

    def __init__(self, database: Database, bootstrap_servers: str) -> None:
        self._database = database
        self._bootstrap_servers = bootstrap_servers
        self._relay: Relay | None = None
        self._fault: str | None = None

    def ring(self) -> None:
        """A command was stored: carry it now."""
        if self._relay is not None:
            self._relay.ring()

    async def run(self) -> None:
        """Until cancelled; a broker or database that is away only delays."""
        while True:
            try:
                await self._carry()
            except (KafkaError, OSError, TimeoutError, DatabaseAway, asyncpg.PostgresError) as fault:
                self._report(f"{type(fault).__name__} {fault}".strip())
            except asyncio.CancelledError:
                if asked_to_end():
                    raise
                self._report("the connection broke")
            await asyncio.sleep(RETRY_S)

    async def _carry(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap_servers, acks="all", request_timeout_ms=REQUEST_TIMEOUT_MS
        )
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await producer.start()
            self._relay = Relay(self._database.connection, producer, [TOPIC])
            self._report(None)
            await self._relay.follow()
        finally:
            self._relay = None
            await _stop(producer)

    def _report(self, fault: str | None) -> None:
        if fault != self._fault:
            log.log(logging.WARNING if fault else logging.INFO, "outgoing commands: %s", fault or "connected")
        self._fault = fault


async def _stop(producer: AIOKafkaProducer) -> None:
    """Without flushing what it holds: it is still in the outbox."""
    try:
        async with asyncio.timeout(1.0):
            await producer.client.close()
            await producer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        log.debug("producer did not stop cleanly: %r", error)
