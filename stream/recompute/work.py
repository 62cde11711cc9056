"""One process's part of the work: batches of vehicles, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import asyncpg

from alerts.database_errors import DATABASE_AWAY
from alerts.vehicle_names import vehicle_names
from geo.zones import ZoneSet
from rules.history import Edition, Span
from rules.rulebook import default_rulebook, load_rulebook
from rules.timely import HORIZON_MS
from stream.errors import ServiceError
from stream.finding_lines import line_of, place_of
from stream.map_files import load_map
from stream.past_rulebooks import PastRulebooks
from stream.recompute.plan import Batch
from stream.review import Asked, Seen, difference_of, file_difference, look


@dataclass(frozen=True, slots=True)
class Job:
    """What every process is told. `what_if` is a rulebook for all times; without it each time has the one
    that was published, and before any was, that of the file `rulebook`."""

    dsn: str
    from_ms: int
    to_ms: int
    names: Mapping[int, str]
    rulebook: Path | None = None
    what_if: Path | None = None
    zones: Path | None = None
    roads: Path | None = None
    file: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What a batch gave: lines with what they are sorted by, and counts."""

    lines: list[tuple[tuple[Any, ...], str]] = field(default_factory=list)
    vehicles: int = 0
    reports: int = 0
    filed: int = 0


class Bench:
    """Works off batches; has the map, the rulebooks and a connection for all of them."""

    def __init__(self, job: Job) -> None:
        """Raises the rulebook's and the map's own errors, and those of the database."""
        self._job = job
        self._runner = asyncio.Runner()
        self._places: ZoneSet = load_map(job.zones, job.roads)
        book = load_rulebook(job.rulebook) if job.rulebook else default_rulebook()
        self._what_if = load_rulebook(job.what_if) if job.what_if else None
        self._past = PastRulebooks(book)
        self._editions: list[Edition] = []
        self._connection: asyncpg.Connection | None = None

    def do(self, batch: Batch) -> Done:
        """Recompute a batch.

        Raises
        ------
        ServiceError
            The database cannot be asked.
        """
        try:
            return self._runner.run(self._do(batch))
        except (asyncpg.PostgresError, *DATABASE_AWAY) as error:
            raise ServiceError(f"the database: {error}; check database.dsn") from error

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._runner.run(self._connection.close())
        self._runner.close()

    async def _do(self, batch: Batch) -> Done:
        connection = self._connection
        if connection is None:
            connection = self._connection = await asyncpg.connect(self._job.dsn)
            self._editions = await self._in_force(connection)
        asked = Asked(batch.keys, self._job.from_ms, self._job.to_ms)
        # Tracks and alerts as of one moment, whatever is written meanwhile.
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            seen = await look(connection, asked, self._editions, self._places)
            spans = seen.spans(asked)
            episodes = [one for one in seen.episodes if spans[one.vehicle_key].covers(one)]
            names = await vehicle_names(connection, episodes, self._job.names)
            settled = _settled(seen, asked) if self._job.file else {}
            difference = await difference_of(connection, seen, settled)
        async with connection.transaction():
            filed = await file_difference(connection, difference, batch.partition, seen.alert_of, names)
        told = [(one, names[one.vehicle_key]) for one in episodes]
        lines = [(place_of(one, name), line_of(one, name)) for one, name in told]
        return Done(lines, len(spans), seen.reports, filed)

    async def _in_force(self, connection: asyncpg.Connection) -> list[Edition]:
        if self._what_if is not None:
            return [Edition(0, self._what_if)]
        return await self._past.editions(connection)


def _settled(seen: Seen, asked: Asked) -> dict[int, Span]:
    """Spans up to where a worker tells nothing any more."""
    return {
        key: replace(span, to_ms=min(asked.to_ms, seen.last_ms[key] - HORIZON_MS))
        for key, span in seen.spans(asked).items()
    }
