"""A database with days of vehicles in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import asyncpg
import numpy as np

from benchmarks.surroundings import durable_database
from rules.reports import Reports
from stream.worker import tracks
from stream.worker.vehicle_days import KnownDays, write_days


@contextmanager
def stored_days(days: Sequence[Reports]) -> Iterator[str]:
    """A server that lives as long as the block, whose tracks are these; yields the DSN."""
    with durable_database() as dsn:
        asyncio.run(_store(dsn, days))
        yield dsn


async def _store(dsn: str, days: Sequence[Reports]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        # As workers write them: the vehicles of a minute side by side.
        together = Reports.concat(days)
        together = together.take(np.argsort(together.time_ms, kind="stable"))
        known = KnownDays()
        for first in range(0, len(together), 100_000):
            part = together.take(slice(first, first + 100_000))
            fresh = np.zeros(len(part), np.uint8)
            data = tracks.copy_rows(part, fresh)
            await connection.copy_to_table("tracks", source=data, columns=tracks.COLUMNS, format="binary")
            await write_days(connection, known.news(part, fresh))
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
