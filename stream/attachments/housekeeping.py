"""What is done now and then: files that did not come are asked for again; what the law no longer asks for
goes, and so does what was never finished."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

import asyncpg

from alerts.evidence.expiry import UNFINISHED_DAYS, Expired, expire
from alerts.evidence.objects import ObjectError, Objects
from alerts.evidence.retention import Retention
from alerts.evidence.upload_orders import UploadPlace, order_overdue
from alerts.times import now_ms
from stream.attachments import metrics
from stream.attachments.keeper import PARTIAL, QUARANTINE
from stream.attachments.partial_file import partial_ids, remove
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

_EVERY_S = 3600.0
_RETRY_S = 60.0
_DAY_S = 86_400.0


async def keep_house(
    pool: asyncpg.Pool, objects: Objects, retention: Retention, folder: Path, place: UploadPlace | None
) -> None:
    """Until cancelled. A database or store that is away is tried again."""
    while True:
        try:
            if place is not None:
                async with pool.acquire() as connection, connection.transaction():
                    metrics.ORDERED_AGAIN.inc(await order_overdue(connection, place, now_ms()))
            expired = await expire(pool, objects, retention, now_ms())
            _count(expired)
            swept = await asyncio.to_thread(sweep, folder, retention, time.time())
            if swept:
                log.info("removed %d files that were never finished or refused long ago", swept)
            await asyncio.sleep(_EVERY_S)
        except (ObjectError, *DATABASE_AWAY) as error:
            log.warning("expiry waits: %s: %s", type(error).__name__, error)
            await asyncio.sleep(_RETRY_S)


def sweep(folder: Path, retention: Retention, now_s: float) -> int:
    """Remove partial files nobody has written to for a week, and refused files when their time is over;
    returns how many."""
    swept = 0
    for name, days in ((PARTIAL, UNFINISHED_DAYS), (QUARANTINE, retention.dynamic_days)):
        for file_id, written_s in partial_ids(folder / name):
            if now_s - written_s > days * _DAY_S:
                remove(folder / name / file_id)
                swept += 1
    return swept


def _count(expired: Expired) -> None:
    for table, rows in expired.rows.items():
        metrics.EXPIRED.labels(table).inc(rows)
    metrics.OBJECTS_DELETED.inc(expired.objects)
