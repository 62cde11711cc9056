"""Carries what a gateway decides about commands to the database, in order, as soon as it can be had.

What waits is kept by command, the newest state of each: at most one entry for each command that the gateway
knows or has just ended, however long the database is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import asyncpg

from alerts import command_progress as table
from alerts.command_progress import Held, Progress
from alerts.commands import Command
from stream.gateway import metrics
from stream.gateway.command_actions import Claim
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

#: Rows a statement: one takes a few milliseconds, and what comes meanwhile goes with the next.
_BATCH = 500
_RETRY_S = 1.0

T = TypeVar("T")

Claimed = Callable[[Claim, Held | None], None]
Lost = Callable[[str], None]


@dataclass(slots=True)
class CommandWriter:
    """Mutable. `claimed` and `lost` are told what the database said."""

    pool: asyncpg.Pool
    gateway: str
    claimed: Claimed
    lost: Lost
    _adopted: dict[str, Command] = field(default_factory=dict)
    _progress: dict[str, Progress] = field(default_factory=dict)
    _claims: dict[str, Claim] = field(default_factory=dict)
    _expired: dict[str, None] = field(default_factory=dict)
    _in_force: dict[str, None] = field(default_factory=dict)
    _filled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def waiting(self) -> int:
        """Writes that the database does not have yet."""
        told = len(self._adopted) + len(self._progress) + len(self._claims)
        return told + len(self._expired) + len(self._in_force)

    def adopt(self, commands: Iterable[Command]) -> None:
        """Make rows for commands that came without one."""
        self._adopted.update((one.command_id, one) for one in commands)
        self._filled.set()

    def adopting(self) -> set[str]:
        """Ids of commands that have no row yet."""
        return set(self._adopted)

    def write(self, progress: Progress) -> None:
        """Store how far a command has come."""
        self._progress[progress.command_id] = progress
        self._filled.set()

    def claim(self, claim: Claim) -> None:
        """Ask for a command; a newer question for the same one replaces it."""
        self._claims[claim.command_id] = claim
        self._filled.set()

    def expire(self, command_ids: Iterable[str]) -> None:
        """End commands whose time is over, if nobody has them in hand."""
        self._expired.update(dict.fromkeys(command_ids))
        self._filled.set()

    def put_in_force(self, command_ids: Iterable[str]) -> None:
        """Archive orders that are followed from now on."""
        self._in_force.update(dict.fromkeys(command_ids))
        self._filled.set()

    async def run(self) -> None:
        """Until cancelled. A database that is away only delays."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            try:
                await self.step()
            except (*DATABASE_AWAY, asyncpg.PostgresError) as error:
                log.warning("commands wait for the database: %s: %s", type(error).__name__, error)
                self._filled.set()
                await asyncio.sleep(_RETRY_S)

    async def step(self) -> None:
        """Write all that waits. Raises the errors of a database that is away; then it waits on."""
        while self.waiting:
            async with self.pool.acquire() as connection:
                await self._step(connection)

    async def _step(self, connection: asyncpg.Connection) -> None:
        """Rows first, then progress, then claims: a claim shows what was written before it."""
        if adopted := _first(self._adopted):
            await table.adopt(connection, list(adopted.values()))
            _drop(self._adopted, adopted)
        if progress := _first(self._progress):
            refused = await self._store(connection, list(progress.values()))
            _drop(self._progress, progress)
            for command_id in refused:
                metrics.COMMANDS.labels("not_ours").inc()
                self.lost(command_id)
        if claims := _first(self._claims):
            links = [(one.command_id, one.link_ms) for one in claims.values()]
            ours = await table.claim(connection, self.gateway, links)
            _drop(self._claims, claims)
            for command_id, claim in claims.items():
                self.claimed(claim, ours.get(command_id))
        if expired := _first(self._expired):
            await table.expire(connection, self.gateway, list(expired))
            _drop(self._expired, expired)
        if in_force := _first(self._in_force):
            await table.in_force(connection, list(in_force))
            _drop(self._in_force, in_force)

    async def _store(self, connection: asyncpg.Connection, changes: list[Progress]) -> set[str]:
        try:
            return await table.write_progress(connection, self.gateway, changes)
        except asyncpg.DataError as error:
            if len(changes) == 1:
                log.error("what command %s has come to cannot be stored: %s", changes[0].command_id, error)
                metrics.COMMANDS.labels("unstorable").inc()
                return set()
        refused: set[str] = set()
        for change in changes:
            refused |= await self._store(connection, [change])
        return refused


def _first(queue: dict[str, T]) -> dict[str, T]:
    return dict(list(queue.items())[:_BATCH])


def _drop(queue: dict[str, T], written: dict[str, T]) -> None:
    """What was written waits no longer; what changed meanwhile does."""
    for command_id, value in written.items():
        if queue.get(command_id) is value:
            del queue[command_id]
