"""Which process runs which link: an advisory lock a link, held by one connection of the process.

The lock ends with its connection. A process that loses the connection keeps its links running while it tries
to take the locks again; another process may be faster: then the epoch in the database keeps out what the
slower one writes, and the slower one stops the link.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Sequence

import asyncpg

from alerts.exchange.links import claim, current_epoch, try_lock
from alerts.exchange.orders import CHANNEL
from stream.exchange.link import Link
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

RETRY_S = 1.0
"""Between two tries to take the links that another process runs: how long a link is down when one dies."""

Start = Callable[[Link, int], Awaitable[None]]
Stop = Callable[[Link], Awaitable[None]]


class Keeper:
    """Mutable. Calls `start(link, epoch)` for each link it gets and `stop(link)` for each it loses; `woken`
    is set when an operator has given an order."""

    def __init__(self, dsn: str, links: Sequence[Link], start: Start, stop: Stop) -> None:
        self.woken = asyncio.Event()
        self._dsn = dsn
        self._links = links
        self._start = start
        self._stop = stop
        self._running: dict[str, int] = {}
        self._owner = f"{socket.gethostname()}:{os.getpid()}"

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self._hold()
            except DATABASE_AWAY as error:
                log.warning("locks of the links: database away, trying again: %s: %s",
                            type(error).__name__, error)  # fmt: skip
            await asyncio.sleep(RETRY_S)

    async def _hold(self) -> None:
        connection = await asyncpg.connect(self._dsn, timeout=10, command_timeout=10)
        try:
            await connection.add_listener(CHANNEL, lambda *_: self.woken.set())
            held: set[str] = set()
            while not connection.is_closed():
                for link in self._links:
                    if link.name not in held:
                        await self._try(connection, link, held)
                await connection.execute("SELECT 1")
                await asyncio.sleep(RETRY_S)
        finally:
            with contextlib.suppress(*DATABASE_AWAY):
                await connection.close(timeout=1)

    async def _try(self, connection: asyncpg.Connection, link: Link, held: set[str]) -> None:
        if await try_lock(connection, link.name):
            held.add(link.name)
            known = self._running.get(link.name)
            if known is not None and known != await current_epoch(connection, link.name):
                # Another process had it while our connection was away, and has ended.
                await self._lose(link)
            if link.name not in self._running:
                epoch = await claim(
                    connection, link.name, link.role, link.version, link.access_code, self._owner
                )
                self._running[link.name] = epoch
                log.info("link %s: this process runs it (epoch %d)", link.name, epoch)
                await self._start(link, epoch)
        elif link.name in self._running:
            await self._lose(link)

    async def _lose(self, link: Link) -> None:
        del self._running[link.name]
        log.warning("link %s: another process has taken it over", link.name)
        await self._stop(link)
