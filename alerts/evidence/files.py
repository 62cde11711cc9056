"""Rows of evidence files: announced, part there, complete or rejected. What is complete is never replaced."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from alerts.evidence.content import OTHER, TYPES, Content
from alerts.evidence.hashing import Hashes
from alerts.evidence.identity import alarm_key, alarm_number
from alerts.evidence.retention import Retention
from alerts.times import to_datetime

EXPECTED, PARTIAL, COMPLETE, REJECTED = "expected", "partial", "complete", "rejected"
ATTACHMENT, MEDIA = "attachment", "media"

_VEHICLE_LOCKS = 8809


@dataclass(frozen=True, slots=True)
class Announced:
    """One file of a list (0x1210) or a head (0x1211). `file_type` is None where a list does not say it."""

    name: str
    size_bytes: int
    file_type: int | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whose files are announced. `known`: the alarm itself has been stored already."""

    vehicle_key: int
    vehicle_id: str
    identifier: bytes
    alarm_number: str
    known: bool

    @property
    def key(self) -> bytes:
        """See ``alerts.evidence.identity.alarm_key``."""
        return alarm_key(self.identifier)


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A row as an upload needs it."""

    file_id: str
    name: str
    file_type: int
    state: str
    announced_bytes: int


async def find_alarm(
    connection: asyncpg.Connection, vehicle_key: int, vehicle_id: str, identifier: bytes, number: str
) -> Alarm:
    """The alarm that a terminal speaks of: by the platform's number, else by its identity.

    One that is not stored (yet) is returned as the terminal states it, ``known`` false.
    """
    row = await connection.fetchrow(
        """SELECT identifier, alarm_number FROM safety_alarms
           WHERE vehicle_key = $1 AND (alarm_number = $2 OR alarm_key = $3)
           ORDER BY alarm_number = $2 DESC, time DESC LIMIT 1""",
        *(vehicle_key, number, alarm_key(identifier)),
    )
    if row is not None:
        return Alarm(vehicle_key, vehicle_id, bytes(row["identifier"]), row["alarm_number"], True)
    return Alarm(vehicle_key, vehicle_id, identifier, alarm_number(vehicle_key, identifier), False)


async def files_of_alarm(connection: asyncpg.Connection, alarm: Alarm) -> list[EvidenceFile]:
    """All files of an alarm that are known, by name."""
    rows = await connection.fetch(
        """SELECT file_id::text, name, file_type, state, announced_bytes FROM evidence_files
           WHERE vehicle_key = $1 AND alarm_key = $2 AND source = 'attachment' ORDER BY name""",
        *(alarm.vehicle_key, alarm.key),
    )
    return [EvidenceFile(*row) for row in rows]


async def count_unlinked(connection: asyncpg.Connection, vehicle_key: int, since_ms: int) -> int:
    """Files a vehicle has announced since then for alarms that nobody knows."""
    count: int = await connection.fetchval(
        """SELECT count(*) FROM evidence_files f WHERE vehicle_key = $1 AND announced_at >= $2
           AND source = 'attachment' AND NOT EXISTS (SELECT 1 FROM safety_alarms a
               WHERE a.vehicle_key = f.vehicle_key AND a.alarm_key = f.alarm_key)""",
        *(vehicle_key, to_datetime(since_ms)),
    )
    return count


async def announce(
    connection: asyncpg.Connection,
    alarm: Alarm,
    files: Sequence[Announced],
    retention: Retention,
    now_ms: int,
) -> list[EvidenceFile]:
    """Make or renew the rows of announced files and return them, in the order given, each name once.

    A complete file stays as it is; one with another size than before begins anew under the same id.
    """
    unique = {one.name: one for one in files}
    rows = await connection.fetch(
        """INSERT INTO evidence_files AS f (file_id, vehicle_key, vehicle_id, source, identifier, alarm_key,
               alarm_number, name, file_type, kind, state, announced_bytes, announced_at, expires_at)
           SELECT id, $1, $2, 'attachment', $3, $4, $5, name, coalesce(type, 4), kind, 'expected', size,
                  $6, $7
           FROM unnest($8::uuid[], $9::text[], $10::smallint[], $11::text[], $12::bigint[])
                AS announced (id, name, type, kind, size)
           ON CONFLICT (vehicle_key, alarm_key, name) WHERE source = 'attachment' DO UPDATE SET
               file_type = CASE WHEN f.state = 'complete' OR excluded.file_type = 4 THEN f.file_type
                                ELSE excluded.file_type END,
               kind = CASE WHEN f.state = 'complete' OR excluded.file_type = 4 THEN f.kind
                           ELSE excluded.kind END,
               announced_bytes = CASE WHEN f.state = 'complete' THEN f.announced_bytes
                                      ELSE excluded.announced_bytes END,
               reason = CASE WHEN f.state = 'complete' THEN f.reason END,
               state = CASE WHEN f.state = 'rejected' OR
                                 (f.state = 'partial' AND f.announced_bytes <> excluded.announced_bytes)
                            THEN 'expected' ELSE f.state END
           RETURNING file_id::text, name, file_type, state, announced_bytes""",
        *(alarm.vehicle_key, alarm.vehicle_id, alarm.identifier, alarm.key, alarm.alarm_number),
        *(to_datetime(now_ms), to_datetime(retention.expires_ms(now_ms, violation=alarm.known))),
        [str(uuid.uuid4()) for _ in unique],
        list(unique),
        [one.file_type for one in unique.values()],
        [kind_of(one.file_type) for one in unique.values()],
        [one.size_bytes for one in unique.values()],
    )
    found = {row["name"]: EvidenceFile(*row) for row in rows}
    return [found[name] for name in unique]


def kind_of(file_type: int | None) -> str:
    """The kind that an announced type byte means; "other" for one that the standard does not have."""
    return TYPES[file_type] if file_type is not None and file_type < len(TYPES) else OTHER


async def mark_partial(connection: asyncpg.Connection, file_id: str) -> None:
    """Some of the file's bytes are there."""
    await connection.execute(
        "UPDATE evidence_files SET state = 'partial' WHERE file_id = $1 AND state = 'expected'", file_id
    )


async def lock_object(connection: asyncpg.Connection, sha256: bytes) -> None:
    """Nobody else makes or deletes this object until the caller's transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(sha256[:8], signed=True))


async def lock_vehicle(connection: asyncpg.Connection, vehicle_key: int) -> None:
    """Nobody else announces files of this vehicle until the caller's transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1, $2)", _VEHICLE_LOCKS, vehicle_key & 0x7FFFFFFF)


async def mark_complete(
    connection: asyncpg.Connection,
    file_id: str,
    size: int,
    hashes: Hashes,
    content: Content,
    retention: Retention,
    now_ms: int,
) -> None:
    """The object is in its place. Whether an alarm is known by now decides how long it is kept."""
    await connection.execute(
        """UPDATE evidence_files f SET state = 'complete', reason = NULL, size_bytes = $2,
               sha256 = $3, sm3 = $4, kind = $5, content_type = $6, received_at = $7,
               expires_at = greatest(f.expires_at, $8, (SELECT max(a.expires_at) FROM safety_alarms a
                   WHERE a.vehicle_key = f.vehicle_key AND a.alarm_key = f.alarm_key))
           WHERE file_id = $1 AND state <> 'complete'""",
        *(file_id, size, hashes.sha256, hashes.sm3, content.kind, content.content_type),
        *(to_datetime(now_ms), to_datetime(retention.expires_ms(now_ms, violation=False))),
    )


async def mark_rejected(
    connection: asyncpg.Connection, file_id: str, size: int, hashes: Hashes, reason: str, now_ms: int
) -> None:
    """What came is not taken; its hashes say which bytes were refused."""
    await connection.execute(
        """UPDATE evidence_files SET state = 'rejected', reason = $2, size_bytes = $3, sha256 = $4,
               sm3 = $5, received_at = $6 WHERE file_id = $1 AND state <> 'complete'""",
        *(file_id, reason[:500], size, hashes.sha256, hashes.sm3, to_datetime(now_ms)),
    )
