"""Pictures, sounds and videos of 0x0801 are files of their vehicle, not bytes in a table."""

from __future__ import annotations

import asyncio
import io
import os
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from alerts.evidence.content import OTHER, Content, WrongContent, examine
from alerts.evidence.files import lock_object
from alerts.evidence.hashing import Hashes, hash_bytes
from alerts.evidence.objects import Objects
from alerts.evidence.retention import Retention
from alerts.times import to_datetime

_NAMESPACE = uuid.UUID("0b0e7d0e-7f5d-5b0c-8a3e-6f6d65646961")

_ENDINGS = {0: "jpg", 1: "tif", 2: "mp3", 3: "wav", 4: "wmv"}
"""By the format byte of 0x0800 and 0x0801."""


@dataclass(frozen=True, slots=True)
class Media:
    """What 0x0801 brought. media_type: 0 image, 1 audio, 2 video; media_format: 0 JPEG, 1 TIF, 2 MP3, 3 WAV,
    4 WMV; event: 0 command, 1 timer, 2 robbery, 3 collision, 4 and 5 door, 6 door and speed, 7 distance."""

    vehicle_key: int
    vehicle_id: str
    media_id: int
    media_type: int
    media_format: int
    event: int
    channel: int
    data: bytes
    received_ms: int

    @property
    def name(self) -> str:
        """What the file is called when it is saved."""
        ending = _ENDINGS.get(self.media_format, "bin")
        return f"{self.media_type:02d}_{self.channel}_media_{self.event}_{self.media_id}.{ending}"


async def store_media(
    connection: asyncpg.Connection, objects: Objects, media: Media, retention: Retention, folder: Path
) -> str:
    """Keep one file, inside the caller's transaction; returns its id. The same data again is the same file.

    Bytes that are not what the terminal called them are kept all the same, as what they are: a terminal has
    no way to be told, and nothing else has them. Raises ``ObjectError`` when the store is away.
    """
    hashes = hash_bytes(media.data)
    file_id = str(uuid.uuid5(_NAMESPACE, f"{media.vehicle_key} {media.media_id} {hashes.sha256.hex()}"))
    await lock_object(connection, hashes.sha256)
    await _put(objects, hashes.sha256, media.data, folder)
    await _insert(connection, file_id, media, hashes, _content_of(media), retention)
    return file_id


def _content_of(media: Media) -> Content:
    try:
        return examine(io.BytesIO(media.data), len(media.data), media.media_type, media.name)
    except WrongContent:
        return Content(OTHER, "application/octet-stream")


async def _put(objects: Objects, sha256: bytes, data: bytes, folder: Path) -> None:
    path = await asyncio.to_thread(_write_synced, folder, data)
    try:
        await objects.put(path, sha256)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _write_synced(folder: Path, data: bytes) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix="media-", delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return Path(file.name)


async def _insert(
    connection: asyncpg.Connection,
    file_id: str,
    media: Media,
    hashes: Hashes,
    content: Content,
    retention: Retention,
) -> None:
    received = to_datetime(media.received_ms)
    await connection.execute(
        """INSERT INTO evidence_files (file_id, vehicle_key, vehicle_id, source, name, file_type, kind, state,
               announced_bytes, size_bytes, content_type, sha256, sm3, media_id, media_event, channel,
               announced_at, received_at, expires_at)
           VALUES ($1, $2, $3, 'media', $4, $5, $6, 'complete', $7, $7, $8, $9, $10, $11, $12, $13,
                   $14, $14, $15)
           ON CONFLICT (file_id) DO NOTHING""",
        *(file_id, media.vehicle_key, media.vehicle_id, media.name, media.media_type, content.kind),
        *(len(media.data), content.content_type, hashes.sha256, hashes.sm3),
        *(media.media_id, media.event, media.channel, received),
        to_datetime(retention.expires_ms(media.received_ms, violation=False)),
    )
