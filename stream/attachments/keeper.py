"""From a file whose bytes are all there to a piece of evidence: checked, hashed, stored, written down."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import asyncpg

from alerts.evidence import files
from alerts.evidence.content import Content, WrongContent, examine
from alerts.evidence.files import EvidenceFile
from alerts.evidence.hashing import Hashes, hash_file
from alerts.evidence.objects import Objects
from alerts.evidence.retention import Retention
from alerts.times import now_ms
from stream.attachments import metrics
from stream.attachments.partial_file import remove

log = logging.getLogger(__name__)

_AT_ONCE = 4
"""Files that are checked and hashed at the same time: as many threads, each reading from one disk."""

QUARANTINE = "quarantine"
PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class _Checked:
    hashes: Hashes
    content: Content | None
    code: str = ""
    reason: str = ""


class Keeper:
    """The last steps of every file. `folder` is the server's own: partial files and quarantine are in it."""

    def __init__(self, pool: asyncpg.Pool, objects: Objects, folder: Path, retention: Retention) -> None:
        self._pool = pool
        self._objects = objects
        self._folder = folder
        self._retention = retention
        self._turn = asyncio.Semaphore(_AT_ONCE)

    async def keep(self, file: EvidenceFile, path: Path, size: int) -> bool:
        """Take a whole, synced file: into the store when it is what was announced, else aside.

        True when it is kept. After an exception (``ObjectError``, ``OSError``, the database's) nothing is
        changed and it may be tried again.
        """
        async with self._turn:
            began = time.monotonic()
            checked = await asyncio.to_thread(_check, path, file, size)
            if checked.content is None:
                await self._reject(file, path, size, checked)
            else:
                await self._store(file, path, size, checked.hashes, checked.content)
            metrics.FILE_S.observe(time.monotonic() - began)
            return checked.content is not None

    async def _store(
        self, file: EvidenceFile, path: Path, size: int, hashes: Hashes, content: Content
    ) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            # Held to the commit: expiry must not delete the object between its coming and its row.
            await files.lock_object(connection, hashes.sha256)
            await self._objects.put(path, hashes.sha256)
            await files.mark_complete(
                connection, file.file_id, size, hashes, content, self._retention, now_ms()
            )
        remove(path)
        metrics.FILES.labels(content.kind, "complete").inc()
        metrics.FILE_BYTES.inc(size)

    async def _reject(self, file: EvidenceFile, path: Path, size: int, checked: _Checked) -> None:
        reason = f"{checked.code}: {checked.reason}"
        log.warning("file %s (%r) is not kept: %s", file.file_id, file.name, reason)
        await asyncio.to_thread(self._set_aside, file, path, size, reason)
        async with self._pool.acquire() as connection:
            await files.mark_rejected(connection, file.file_id, size, checked.hashes, reason, now_ms())
        remove(path)
        metrics.FILES.labels(files.kind_of(file.file_type), "rejected").inc()
        metrics.REFUSED.labels(checked.code).inc()

    def _set_aside(self, file: EvidenceFile, path: Path, size: int, reason: str) -> None:
        """A later refusal of the same file takes the earlier one's place, so this is bounded as rows are."""
        folder = self._folder / QUARANTINE
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            os.rename(path, folder / file.file_id)
        note = {"file_id": file.file_id, "name": file.name, "size_bytes": size, "reason": reason}
        text = json.dumps(note, ensure_ascii=False) + "\n"
        (folder / f"{file.file_id}.json").write_text(text, encoding="utf-8", errors="replace")


def _check(path: Path, file: EvidenceFile, size: int) -> _Checked:
    with path.open("rb") as opened:
        hashes = hash_file(opened)
        try:
            _check_size(opened, size)
            return _Checked(hashes, examine(opened, size, file.file_type, file.name))
        except WrongContent as wrong:
            return _Checked(hashes, None, wrong.code, str(wrong))


def _check_size(opened: BinaryIO, size: int) -> None:
    found = opened.seek(0, os.SEEK_END)
    if found != size:
        raise WrongContent("size", f"{size} bytes were announced, {found} came")
