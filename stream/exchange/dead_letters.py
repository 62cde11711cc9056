"""What could not be used is written down whole, while there is room for it."""

from __future__ import annotations

import asyncio
import itertools
import logging
from functools import partial

import asyncpg

from stream.exchange import metrics
from stream.worker.database import patiently

log = logging.getLogger(__name__)

MAX_WAITING = 1000
"""Blocks that may wait for the database: at 100 KB each, 100 MB; more is counted and dropped."""


class DeadLetters:
    """Mutable; one a process. Rows of table `dead_letters` under the topic `exchange:LINK`."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: asyncio.Queue[tuple[str, str, bytes]] = asyncio.Queue(MAX_WAITING)
        self._numbers = itertools.count()

    def keep(self, link: str, reason: str, value: bytes) -> None:
        """Take one."""
        try:
            self._waiting.put_nowait((link, reason, value))
        except asyncio.QueueFull:
            metrics.POSITIONS_REFUSED.labels(link, "dead_letters_full").inc()

    async def run(self) -> None:
        """Write them, until cancelled."""
        while True:
            link, reason, value = await self._waiting.get()
            await patiently(partial(self._write, link, reason, value, next(self._numbers)), "dead letters")

    async def _write(self, link: str, reason: str, value: bytes, number: int) -> None:
        await self._pool.execute(
            "INSERT INTO dead_letters (topic, partition, record_offset, reason, value)"
            " VALUES ($1, 0, $2, $3, $4)",
            *(f"exchange:{link}", number, reason[:2000], value),
        )
