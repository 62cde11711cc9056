"""The commit point: one row a partition says how far the database has followed the log.

A life of a partition:

1. *Claim.* The worker that is given the partition raises `epoch`; who held it before can no longer commit.
2. *Restore.* The state snapshot is loaded and the log is read from `snapshot_offset`.
3. *Catch up.* Reports before `next_offset` only move the state: what they caused is already written.
4. *Follow.* Each flush writes tracks, alerts and outbox and advances `next_offset` in one transaction, which
   fails when the epoch is no longer ours.
5. *Snapshot.* Every few seconds the same transaction carries the state, and `snapshot_offset` catches up.

A checkpoint of another log (other cluster or topic id) keeps its state and starts at the new log's start.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg

from stream.log_identity import LogIdentity

log = logging.getLogger(__name__)


class OwnershipLost(Exception):
    """Another worker has claimed the partition: what we hold of it must not be written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the database knows of a partition at the moment we took it."""

    partition: int
    epoch: int
    next_offset: int
    snapshot_offset: int
    snapshot: bytes | None
    log_changed: bool


@dataclass(frozen=True, slots=True)
class Advance:
    """How far one flush moves a partition. `snapshot` is None where this flush carries none."""

    partition: int
    epoch: int
    next_offset: int
    snapshot: bytes | None


async def claim(
    connection: asyncpg.Connection, topic: str, partition: int, identity: LogIdentity, first_offset: int
) -> Claim:
    """Take a partition over. `first_offset` is where its log begins now."""
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO checkpoints (topic, partition, cluster_id, topic_id, next_offset, epoch,"
            " snapshot_offset) VALUES ($1, $2, $3, $4, $5, 0, $5) ON CONFLICT DO NOTHING",
            *(topic, partition, identity.cluster_id, identity.topic_id, first_offset),
        )
        row = await connection.fetchrow(
            "SELECT * FROM checkpoints WHERE topic = $1 AND partition = $2 FOR UPDATE", topic, partition
        )
        known = LogIdentity(row["cluster_id"], row["topic_id"])
        log_changed = known != identity
        if log_changed:
            log.warning("partition %d: checkpoint is of another log (%s), reading %s from its start",
                        partition, known, identity)  # fmt: skip
        next_offset, snapshot_offset = _resume_offsets(row, log_changed, first_offset)
        await connection.execute(
            "UPDATE checkpoints SET epoch = $3, cluster_id = $4, topic_id = $5, next_offset = $6,"
            " snapshot_offset = $7, updated_at = now() WHERE topic = $1 AND partition = $2",
            *(topic, partition, row["epoch"] + 1, identity.cluster_id, identity.topic_id),
            *(next_offset, snapshot_offset),
        )
    return Claim(partition, row["epoch"] + 1, next_offset, snapshot_offset, row["snapshot"], log_changed)


def _resume_offsets(row: asyncpg.Record, log_changed: bool, first_offset: int) -> tuple[int, int]:
    if log_changed:
        return first_offset, first_offset
    if row["snapshot"] is None:
        # Without a snapshot the state can only be had from the log's beginning; what is written stays fenced.
        return max(row["next_offset"], first_offset), first_offset
    return row["next_offset"], row["snapshot_offset"]


async def advance(connection: asyncpg.Connection, topic: str, advances: Iterable[Advance]) -> None:
    """Move checkpoints forward inside the caller's transaction. Raises OwnershipLost; call it first, so that
    a worker that lost its partition writes nothing at all."""
    for step in advances:
        status = await connection.execute(
            "UPDATE checkpoints SET next_offset = greatest(next_offset, $4), updated_at = now(),"
            " snapshot = coalesce($5, snapshot),"
            " snapshot_offset = CASE WHEN $5 IS NULL THEN snapshot_offset ELSE $4 END"
            " WHERE topic = $1 AND partition = $2 AND epoch = $3",
            *(topic, step.partition, step.epoch, step.next_offset, step.snapshot),
        )
        if status != "UPDATE 1":
            raise OwnershipLost(f"partition {step.partition}: epoch {step.epoch} is over")
