"""An operator takes an alert in hand: once, visibly, and told to everybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import asyncpg

from alerts.records import TOPIC, encode_alerts
from alerts.revision import Acknowledgement, AlertRevision, body_of, canonical_json
from alerts.store import acknowledgement_of, lock_alerts, take_seqs
from alerts.times import iso_text, to_ms
from rules.identity import partition_of

KIND = "acknowledge"


class UnknownAlert(LookupError):
    """There is no alert with this id."""


class AlreadyAcknowledged(Exception):
    """Somebody else, or the same person with another note, was first; ``by`` and ``at`` say who and when."""

    def __init__(self, acknowledgement: Acknowledgement) -> None:
        super().__init__(f"already acknowledged by {acknowledgement.by} at {iso_text(acknowledgement.at)}")
        self.by = acknowledgement.by
        self.at = acknowledgement.at


async def acknowledge(
    connection: asyncpg.Connection, alert_id: str, operator: str, note: str
) -> AlertRevision | None:
    """Record that `operator` handles the alert; None when the very same was recorded before.

    Opens its own transaction: alert, revision and the record for topic ``alerts`` are written together.

    Raises
    ------
    UnknownAlert, AlreadyAcknowledged
    """
    async with connection.transaction():
        await lock_alerts(connection)
        row = await connection.fetchrow("SELECT * FROM alerts WHERE alert_id = $1", alert_id)
        if row is None:
            raise UnknownAlert(alert_id)
        before = acknowledgement_of(row)
        if before is not None:
            if (before.by, before.note) != (operator, note):
                raise AlreadyAcknowledged(before)
            return None
        (seq,) = await take_seqs(connection, 1)
        revision = _revision_of(row, seq)
        await _write(connection, revision, Acknowledgement(datetime.now(UTC), operator, note))
        return revision


def _revision_of(row: asyncpg.Record, seq: int) -> AlertRevision:
    return AlertRevision(
        seq=seq,
        alert_id=str(row["alert_id"]),
        revision=row["revision"] + 1,
        kind=KIND,
        vehicle_id=row["vehicle_id"],
        vehicle_key=row["vehicle_key"],
        rule=row["rule"],
        level=row["level"],
        start_ms=to_ms(row["start_at"]),
        found_ms=to_ms(row["found_at"]),
        end_ms=None if row["end_at"] is None else to_ms(row["end_at"]),
        longitude_deg=row["longitude_deg"],
        latitude_deg=row["latitude_deg"],
        evidence=row["evidence"],
        rulebook_version=row["rulebook_version"],
        detail=json.loads(row["detail"]),
    )


async def _write(
    connection: asyncpg.Connection, revision: AlertRevision, acknowledgement: Acknowledgement
) -> None:
    await connection.execute(
        """UPDATE alerts SET revision = $2, seq = $3, acknowledged_at = $4, acknowledged_by = $5,
                             acknowledgement_note = $6 WHERE alert_id = $1""",
        *(revision.alert_id, revision.revision, revision.seq),
        *(acknowledgement.at, acknowledgement.by, acknowledgement.note),
    )
    await connection.execute(
        """INSERT INTO alert_revisions (seq, alert_id, revision, kind, at, actor, body)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        *(revision.seq, revision.alert_id, revision.revision, revision.kind),
        *(acknowledgement.at, acknowledgement.by, canonical_json(body_of(revision, acknowledgement))),
    )
    # The vehicle's own partition, so that a reader of the topic gets an alert's changes in their order.
    partitions = await connection.fetchval(
        "SELECT coalesce(max(partition), 0) + 1 FROM checkpoints WHERE topic = 'telemetry'"
    )
    await connection.execute(
        "INSERT INTO outbox (topic, partition, key, payload) VALUES ($1, $2, $3, $4)",
        *(TOPIC, partition_of(revision.vehicle_key, partitions), b"", encode_alerts([revision])),
    )
