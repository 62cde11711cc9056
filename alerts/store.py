"""Writes alert changes: once each, in one order for everybody, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import asyncpg

from alerts.retrospective import beside, retrospective_id, withdrawn
from alerts.revision import (
    WORKER,
    Acknowledgement,
    AlertRevision,
    body_of,
    canonical_json,
    content_of,
    revision_of,
)
from alerts.times import to_datetime

if TYPE_CHECKING:
    from rules.engine import EpisodeChange

__all__ = ["ALERT_LOCK", "AlertRevision", "apply_changes", "lock_alerts", "take_seqs"]

ALERT_LOCK = 808
"""Advisory lock held from the first ``seq`` to commit: without it a reader could see 8 before 7 commits, move
its cursor behind 8 and never see 7."""


@dataclass(slots=True)
class _Known:
    """What the database holds of one alert before the changes."""

    revision: int = 0
    acknowledgement: Acknowledgement | None = None
    contents: set[bytes] = field(default_factory=set)


async def apply_changes(
    connection: asyncpg.Connection, changes: Sequence[EpisodeChange], vehicle_ids: Mapping[int, str]
) -> list[AlertRevision]:
    """Store changes in their order and return the revisions that are new.

    1. Take the alert lock (held until the caller's transaction ends).
    2. Drop each change that is stored already, word for word: writing twice changes nothing.
    3. Number the rest, upsert the alerts, add one revision row each.

    An acknowledgement stays whatever the worker changes afterwards. A change of kind "withdraw" closes the
    alert and marks it as withdrawn; if somebody has acknowledged it, it stays, and a finding of its own is
    filed.

    Parameters
    ----------
    connection : asyncpg.Connection
        Inside a transaction.
    changes : sequence of EpisodeChange
        In the order in which the engine gave them.
    vehicle_ids : mapping of int to str
        Id for each ``vehicle_key``; a missing one raises ``KeyError`` before anything is written.
    """
    if not changes:
        return []
    missing = {change.vehicle_key for change in changes} - vehicle_ids.keys()
    if missing:
        raise KeyError(missing.pop())
    await lock_alerts(connection)
    retracted = {retrospective_id(change) for change in changes if change.kind == "withdraw"}
    known = await _read_known(connection, {change.alert_id for change in changes} | retracted)
    fresh = []
    for told in changes:
        change = _unless_handled(told, known)
        if change is None:
            continue
        vehicle_id, content = vehicle_ids[change.vehicle_key], content_of(change)
        alert = known.setdefault(change.alert_id, _Known())
        if content not in alert.contents:
            alert.contents.add(content)
            alert.revision += 1
            fresh.append((change, vehicle_id, content, alert.revision))
    if not fresh:
        return []
    seqs = await take_seqs(connection, len(fresh))
    revisions = [
        revision_of(change, vehicle_id, seq, number)
        for (change, vehicle_id, _, number), seq in zip(fresh, seqs, strict=True)
    ]
    await _upsert_alerts(connection, {revision.alert_id: revision for revision in revisions}.values())
    await _insert_revisions(connection, revisions, [content for _, _, content, _ in fresh], known)
    return revisions


def _unless_handled(change: EpisodeChange, known: Mapping[str, _Known]) -> EpisodeChange | None:
    """What is written for a change. An alert that nobody has seen needs no withdrawal, and one that somebody
    has handled is not withdrawn: what was learned stands beside it."""
    if change.kind != "withdraw":
        return change
    alert = known.get(change.alert_id)
    if alert is None:
        return None
    return withdrawn(change) if alert.acknowledgement is None else beside(withdrawn(change))


async def lock_alerts(connection: asyncpg.Connection) -> None:
    """Wait for the right to change alerts; released when the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", ALERT_LOCK)


async def take_seqs(connection: asyncpg.Connection, count: int) -> list[int]:
    """The next `count` numbers of the one order, ascending. Call with the alert lock held."""
    rows = await connection.fetch("SELECT nextval('alert_seq') AS seq FROM generate_series(1, $1)", count)
    return sorted(row["seq"] for row in rows)


async def _read_known(connection: asyncpg.Connection, alert_ids: set[str]) -> dict[str, _Known]:
    rows = await connection.fetch(
        """SELECT a.alert_id::text AS alert_id, a.revision, a.acknowledged_at, a.acknowledged_by,
                  a.acknowledgement_note,
                  array_agg(r.content) FILTER (WHERE r.content IS NOT NULL) AS contents
           FROM alerts a JOIN alert_revisions r USING (alert_id)
           WHERE a.alert_id = ANY($1::uuid[]) GROUP BY a.alert_id""",
        list(alert_ids),
    )
    return {
        row["alert_id"]: _Known(row["revision"], acknowledgement_of(row), set(row["contents"] or ()))
        for row in rows
    }


def acknowledgement_of(row: asyncpg.Record) -> Acknowledgement | None:
    """The acknowledgement in a row of ``alerts``, if it has one."""
    if row["acknowledged_at"] is None:
        return None
    return Acknowledgement(row["acknowledged_at"], row["acknowledged_by"], row["acknowledgement_note"] or "")


_UPSERT = """
INSERT INTO alerts (alert_id, vehicle_key, vehicle_id, rule, level, start_at, found_at, end_at, longitude_deg,
                    latitude_deg, evidence, rulebook_version, detail, revision, seq)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
ON CONFLICT (alert_id) DO UPDATE SET
    level = excluded.level, start_at = excluded.start_at, found_at = excluded.found_at,
    end_at = excluded.end_at, longitude_deg = excluded.longitude_deg, latitude_deg = excluded.latitude_deg,
    evidence = excluded.evidence, rulebook_version = excluded.rulebook_version, detail = excluded.detail,
    revision = excluded.revision, seq = excluded.seq
"""


async def _upsert_alerts(connection: asyncpg.Connection, newest: Iterable[AlertRevision]) -> None:
    await connection.executemany(
        _UPSERT,
        [
            (
                *(
                    revision.alert_id,
                    revision.vehicle_key,
                    revision.vehicle_id,
                    revision.rule,
                    revision.level,
                ),
                *(to_datetime(revision.start_ms), to_datetime(revision.found_ms)),
                None if revision.end_ms is None else to_datetime(revision.end_ms),
                *(revision.longitude_deg, revision.latitude_deg, revision.evidence),
                *(
                    revision.rulebook_version,
                    canonical_json(revision.detail),
                    revision.revision,
                    revision.seq,
                ),
            )
            for revision in newest
        ],
    )


async def _insert_revisions(
    connection: asyncpg.Connection,
    revisions: Sequence[AlertRevision],
    contents: Sequence[bytes],
    known: Mapping[str, _Known],
) -> None:
    await connection.executemany(
        """INSERT INTO alert_revisions (seq, alert_id, revision, kind, actor, body, content)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        [
            (
                *(revision.seq, revision.alert_id, revision.revision, revision.kind, WORKER),
                canonical_json(body_of(revision, known[revision.alert_id].acknowledgement)),
                content,
            )
            for revision, content in zip(revisions, contents, strict=True)
        ],
    )
