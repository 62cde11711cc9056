"""Deletes what the law no longer asks for: rows first, then the objects that no row names any more.

An object's end has two steps. Its last row goes together with a note in ``evidence_garbage``; later, under
the object's lock, it is looked for again and the object deleted only if really nobody names it. A crash
between them costs a second look, never an object that is still evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import asyncpg

from alerts.evidence.files import lock_object
from alerts.evidence.objects import Objects
from alerts.evidence.retention import Retention
from alerts.times import to_datetime

BATCH_ROWS = 5_000
"""Rows a transaction: short locks, and little to do again after a crash."""

UNFINISHED_DAYS = 7
"""A terminal that has not brought a file for a week has lost it; the row stays and says so."""

_DAY_MS = 86_400_000
_LOCK = 8810


@dataclass(slots=True)
class Expired:
    """What one run deleted: rows by table, and objects."""

    rows: dict[str, int] = field(default_factory=dict)
    objects: int = 0


async def expire(pool: asyncpg.Pool, objects: Objects, retention: Retention, now_ms: int) -> Expired:
    """Delete all whose time is over at `now_ms`. Processes that run it at once take turns.

    Raises the database's errors and ``ObjectError``; what is left is deleted by the next run.
    """
    expired = Expired()
    async with pool.acquire() as guard:
        if not await guard.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            return expired
        try:
            await _expire_rows(pool, retention, now_ms, expired)
            await _collect(pool, objects, expired)
        finally:
            await guard.execute("SELECT pg_advisory_unlock($1)", _LOCK)
    return expired


async def _expire_rows(pool: asyncpg.Pool, retention: Retention, now_ms: int, expired: Expired) -> None:
    dynamic = now_ms - retention.dynamic_days * _DAY_MS
    violation = now_ms - retention.violation_days * _DAY_MS
    for table, query, bound_ms in (
        ("evidence_files", _DELETE_FILES, now_ms),
        ("safety_alarms", _delete("safety_alarms", "expires_at", "vehicle_key, identifier"), now_ms),
        ("terminal_messages", _delete("terminal_messages", "received_at", "id"), dynamic),
        ("frames", _delete("frames", "received_at", "id"), violation),
    ):
        expired.rows[table] = await _in_batches(pool, query, bound_ms)
    await pool.execute(_UNFINISHED, to_datetime(now_ms - UNFINISHED_DAYS * _DAY_MS))


def _delete(table: str, column: str, key: str) -> str:
    return f"""WITH gone AS (DELETE FROM {table} WHERE ({key}) IN
                   (SELECT {key} FROM {table} WHERE {column} < $1 ORDER BY {column} LIMIT {BATCH_ROWS})
                   RETURNING 1)
               SELECT count(*) FROM gone"""


_DELETE_FILES = f"""
WITH gone AS (DELETE FROM evidence_files WHERE file_id IN
                  (SELECT file_id FROM evidence_files WHERE expires_at < $1
                   ORDER BY expires_at LIMIT {BATCH_ROWS})
                  RETURNING sha256, state),
     noted AS (INSERT INTO evidence_garbage (sha256) SELECT DISTINCT sha256 FROM gone WHERE state = 'complete'
               ON CONFLICT DO NOTHING)
SELECT count(*) FROM gone
"""

_NAMED = "SELECT EXISTS (SELECT 1 FROM evidence_files WHERE sha256 = $1 AND state = 'complete')"

_UNFINISHED = """
UPDATE evidence_files SET state = 'rejected', reason = 'unfinished: the terminal never brought all of it'
WHERE state IN ('expected', 'partial') AND announced_at < $1
"""


async def _in_batches(pool: asyncpg.Pool, query: str, bound_ms: int) -> int:
    total = 0
    while True:
        count: int = await pool.fetchval(query, to_datetime(bound_ms))
        total += count
        if count < BATCH_ROWS:
            return total


async def _collect(pool: asyncpg.Pool, objects: Objects, expired: Expired) -> None:
    for row in await pool.fetch("SELECT sha256 FROM evidence_garbage ORDER BY dropped_at"):
        sha256 = bytes(row["sha256"])
        async with pool.acquire() as connection, connection.transaction():
            await lock_object(connection, sha256)
            named = await connection.fetchval(
                "SELECT EXISTS (SELECT 1 FROM evidence_files WHERE sha256 = $1 AND state = 'complete')",
                sha256,
            )
            if not named:
                await objects.delete(sha256)
                expired.objects += 1
            await connection.execute("DELETE FROM evidence_garbage WHERE sha256 = $1", sha256)
