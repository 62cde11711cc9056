"""The evidence process: wiring, start, stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import asyncpg

from stream.archive.service import follow_topics
from stream.attachments.configure import (
    folder_of,
    limits_of,
    objects_of,
    retention_of,
    upload_place_of,
)
from stream.attachments.housekeeping import keep_house
from stream.attachments.keeper import Keeper
from stream.attachments.server import AttachmentServer
from stream.attachments.uploads import Uploads
from stream.errors import ServiceError
from stream.settings import Settings
from stream.worker.database import patiently

log = logging.getLogger(__name__)

_STOP_S = 3.0
_POOL_CONNECTIONS = 12
"""Four files being stored, a few lists, the archiver's two, expiry's two."""


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Run until told to stop. Raises ServiceError (port taken, schema missing), OperatorError, or a bug."""
    section = settings.evidence
    objects, folder, retention = objects_of(section), folder_of(section), retention_of(section)
    async with contextlib.AsyncExitStack() as stack:
        pool = await _open_pool(settings.database.dsn)
        stack.push_async_callback(_close_pool, pool)
        keeper = Keeper(pool, objects, folder, retention)
        uploads = Uploads(
            pool,
            keeper,
            folder,
            limits_of(section),
            retention,
            admit_unknown=settings.gateway.admit_unknown,
        )
        server = AttachmentServer(uploads)
        await server.listen(section.host, section.port)
        log.info("listening for evidence files on %s:%d", section.host, section.port)
        if not section.public_address:
            log.warning("evidence.public_address is empty: no terminal is asked for the files of its alarms")
        tasks: list[asyncio.Task[object]] = [
            asyncio.create_task(
                keep_house(pool, objects, retention, folder, upload_place_of(section)), name="housekeeping"
            ),
            asyncio.create_task(follow_topics(settings, pool, objects, retention, folder), name="archive"),
            asyncio.create_task(stop.wait(), name="stop"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await server.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()


async def _open_pool(dsn: str) -> asyncpg.Pool:
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=_POOL_CONNECTIONS, command_timeout=60)
    newest = await patiently(lambda: pool.fetchval("SELECT to_regclass('evidence_files')"), "connecting")
    if newest is None:
        await pool.close()
        raise ServiceError("the database has no haulwatch schema, or an older one; run `haulwatch migrate`")
    return pool


async def _close_pool(pool: asyncpg.Pool) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(pool.close(), _STOP_S)
