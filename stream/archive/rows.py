"""Records of the topics `messages` and `frames` as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from alerts.evidence.media import Media, store_media
from alerts.evidence.objects import Objects
from alerts.evidence.retention import Retention
from alerts.frames import ArchivedFrame
from alerts.terminal_messages import TerminalMessage
from alerts.times import to_datetime
from stream.jt808.errors import ProtocolError
from stream.jt808.messages import decode_message
from stream.jt808.messages.media import MediaData

MEDIA_DATA = 0x0801


@dataclass(frozen=True, slots=True)
class MediaPlace:
    """Where the data of 0x0801 go. `folder`: for what is being written."""

    objects: Objects
    retention: Retention
    folder: Path


async def write_messages(
    connection: asyncpg.Connection, messages: Sequence[TerminalMessage], place: MediaPlace
) -> None:
    """Add rows to `terminal_messages`, inside the caller's transaction; media become files."""
    rows = []
    for one in messages:
        media = media_of(one)
        file_id = None
        if media is not None:
            file_id = await store_media(connection, place.objects, media, place.retention, place.folder)
        rows.append(
            (
                *(one.vehicle_key, one.vehicle_id, one.terminal_phone, to_datetime(one.received_ms)),
                *(one.message_id, one.serial, one.edition, None if file_id else one.body, file_id),
            )
        )
    await connection.copy_records_to_table(
        "terminal_messages",
        records=rows,
        columns=(
            *("vehicle_key", "vehicle_id", "terminal_phone", "received_at"),
            *("message_id", "serial", "edition", "body", "file_id"),
        ),
    )


async def write_frames(connection: asyncpg.Connection, frames: Sequence[ArchivedFrame]) -> None:
    """Add rows to `frames`, inside the caller's transaction."""
    await connection.copy_records_to_table(
        "frames",
        records=[
            (
                *(one.vehicle_key, one.vehicle_id, one.direction, to_datetime(one.received_ms)),
                *(one.message_id, one.serial, one.frame, one.sha256, one.sm3),
            )
            for one in frames
        ],
        columns=(
            *("vehicle_key", "vehicle_id", "direction", "received_at"),
            *("message_id", "serial", "frame", "sha256", "sm3"),
        ),
    )


def media_of(message: TerminalMessage) -> Media | None:
    """The file in a 0x0801; None for other messages, and for one that cannot be read and stays bytes."""
    if message.message_id != MEDIA_DATA:
        return None
    try:
        found = decode_message(message.message_id, message.body, message.edition)  # type: ignore[arg-type]
    except ProtocolError:
        return None
    if not isinstance(found, MediaData) or not found.data:
        return None
    return Media(
        message.vehicle_key,
        message.vehicle_id,
        found.media.media_id,
        found.media.media_type,
        found.media.media_format,
        found.media.event,
        found.media.channel,
        found.data,
        message.received_ms,
    )
