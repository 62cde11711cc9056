"""The attachment server: TCP connections to links."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from alerts.evidence.objects import ObjectError
from stream.attachments import metrics
from stream.attachments.link import Link
from stream.attachments.uploads import Uploads
from stream.errors import ServiceError
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

_READ_BYTES = 256 * 1024
"""Read at a time; with 2,000 links at most 512 MiB, and only if all of them are read at once."""

_NOT_NOW = (OSError, ObjectError, *DATABASE_AWAY)
"""Disk, store or database can't be used: the terminal is sent away and comes again."""


class AttachmentServer:
    """Listens until closed."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads
        self._links: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Raises ServiceError when the port cannot be opened."""
        try:
            self._server = await asyncio.start_server(
                self._on_connection, host, port, limit=_READ_BYTES, backlog=1024
            )
        except OSError as error:
            raise ServiceError(
                f"port {port} for evidence files cannot be opened on {host}: {error.strerror}; "
                "stop what uses it or set evidence.port"
            ) from None

    async def close(self) -> None:
        """Stop listening and end all links; what they brought is on the disk afterwards."""
        if self._server is not None:
            self._server.close()
        links = list(self._links)
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._links) >= self._uploads.limits.links:
            metrics.REFUSED.labels("links").inc()
            writer.transport.abort()
            return
        self._links.add(task)
        metrics.LINKS.set(len(self._links))
        try:
            await self._serve(reader, writer)
        finally:
            self._links.discard(task)
            metrics.LINKS.set(len(self._links))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        link = Link(self._uploads, f"{peer[0]}:{peer[1]}" if peer else "?")
        try:
            await self._converse(link, reader, writer)
        except _NOT_NOW as error:
            if not isinstance(error, ConnectionError):
                metrics.STORE_FAULTS.inc()
                log.warning("%s is sent away: %s: %s", peer, type(error).__name__, error)
        finally:
            writer.close()
            with contextlib.suppress(*_NOT_NOW):
                await asyncio.shield(link.close())

    async def _converse(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        idle_s = self._uploads.limits.idle_s
        while not link.over:
            try:
                async with asyncio.timeout(idle_s):
                    data = await reader.read(_READ_BYTES)
            except TimeoutError:
                metrics.REFUSED.labels("idle").inc()
                return
            if not data:
                return
            for event in link.received(data):
                answer = await link.take(event)
                if answer:
                    writer.write(answer)
                    async with asyncio.timeout(idle_s):
                        await writer.drain()
