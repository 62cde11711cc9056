"""Carries the outbox to Kafka: at least once, in the order of writing.

A row is deleted only after the broker acknowledged it. A crash in between sends it again; readers tell a
repeat by (alert_id, revision).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts.cancellation import asked_to_end
from alerts.database_errors import DATABASE_AWAY

log = logging.getLogger(__name__)

#: Rows a step: bounds memory when a broker comes back after a long absence (an alert record is about 1 KB).
_STEP_ROWS = 500
#: Looked at without being rung too, because another worker's crash leaves rows that ring nobody.
_IDLE_S = 2.0


Acquire = Callable[[], AbstractAsyncContextManager[Any]]
"""Gives a connection to the database for a while."""


class Relay:
    """One a worker and one a desk. `ring()` after a commit that wrote to the outbox."""

    def __init__(
        self, acquire: Acquire, producer: AIOKafkaProducer, topics: Sequence[str] | None = None
    ) -> None:
        """`topics`: only rows of these; None for all."""
        self._acquire = acquire
        self._producer = producer
        self._topics = None if topics is None else list(topics)
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def run(self) -> None:
        """Until cancelled. A broker or database that is away only delays."""
        while True:
            try:
                await self.follow()
            except (KafkaError, asyncio.CancelledError, *DATABASE_AWAY) as error:
                if isinstance(error, asyncio.CancelledError) and asked_to_end():
                    raise
                log.warning("outbox waits: %s: %s", type(error).__name__, error)
                await asyncio.sleep(_IDLE_S)

    async def follow(self) -> None:
        """Carry what is there and what comes. Raises what broker and database raise when they are away."""
        while True:
            self._rung.clear()
            while await self.step() == _STEP_ROWS:
                pass
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_IDLE_S):
                    await self._rung.wait()

    async def step(self) -> int:
        """Send and delete one step's rows; returns how many. Rows another relay holds are left to it."""
        async with self._acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                "SELECT id, topic, partition, key, payload FROM outbox"
                " WHERE $2::text[] IS NULL OR topic = ANY($2) ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
                *(_STEP_ROWS, self._topics),
            )
            if not rows:
                return 0
            sent = [await self._send(row) for row in rows]
            await asyncio.gather(*sent)
            await connection.execute("DELETE FROM outbox WHERE id = ANY($1)", [row["id"] for row in rows])
            return len(rows)

    async def _send(self, row: asyncpg.Record) -> asyncio.Future[Any]:
        partitions = await self._producer.partitions_for(row["topic"])
        partition = row["partition"] % len(partitions)
        key = bytes(row["key"]) or None
        sending: asyncio.Future[Any] = await self._producer.send(
            row["topic"], bytes(row["payload"]), key=key, partition=partition
        )
        return sending
