"""The archive's task: one process at a time follows the topics, the others stand by."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import asyncpg
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from alerts.cancellation import asked_to_end
from alerts.evidence.objects import ObjectError, Objects
from alerts.evidence.retention import Retention
from alerts.frames import decode_frames
from alerts.terminal_messages import decode_messages
from stream.archive import metrics
from stream.archive.follower import Follower, Table
from stream.archive.rows import MediaPlace, write_frames, write_messages
from stream.broker_clients import start_patiently
from stream.settings import Settings
from stream.topics import FRAMES, MESSAGES
from stream.worker.checkpoint import OwnershipLost
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

_LOCK = 8811
_RETRY_S = 1.0
_STAND_BY_S = 5.0
_FETCH_BYTES = 16 * 1024 * 1024
"""Two of the largest records, a video clip each."""


async def follow_topics(
    settings: Settings, pool: asyncpg.Pool, objects: Objects, retention: Retention, folder: Path
) -> None:
    """Until cancelled. Whoever holds the advisory lock writes; broker, store and database may be away."""
    place = MediaPlace(objects, retention, folder / "media")
    tables = {
        MESSAGES: Table(
            "terminal_messages", decode_messages, lambda link, rows: write_messages(link, rows, place)
        ),
        FRAMES: Table("frames", decode_frames, write_frames),
    }
    while True:
        try:
            async with pool.acquire() as guard:
                if await guard.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
                    await _lead(settings, pool, tables)
            await asyncio.sleep(_STAND_BY_S)
        except (KafkaError, OwnershipLost, ObjectError, asyncio.CancelledError, *DATABASE_AWAY) as error:
            if isinstance(error, asyncio.CancelledError) and asked_to_end():
                raise
            log.warning("archive waits: %s: %s", type(error).__name__, error)
            await asyncio.sleep(_RETRY_S)


async def _lead(settings: Settings, pool: asyncpg.Pool, tables: dict[str, Table]) -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.broker.bootstrap_servers,
        auto_offset_reset="none",  # the checkpoint says where, or nobody
        fetch_max_wait_ms=100,
        fetch_max_bytes=_FETCH_BYTES,
        max_partition_fetch_bytes=_FETCH_BYTES // 2,
    )
    await start_patiently(consumer)
    try:
        metrics.LEADER.set(1)
        await Follower(pool, consumer, tables).run()
    finally:
        metrics.LEADER.set(0)
        await consumer.stop()
