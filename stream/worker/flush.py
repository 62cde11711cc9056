"""One flush: all that a round of blocks caused, written in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg
import numpy as np
from numpy.typing import NDArray

from alerts import command_store, records, store
from alerts.driver_warnings import warnings_for
from alerts.evidence.retention import Retention
from alerts.evidence.safety_alarms import file_alarms
from alerts.evidence.upload_orders import UploadPlace
from alerts.revision import AlertRevision
from alerts.vehicle_names import vehicle_names
from rules.change import AlarmFiling, Disposition
from rules.engine import EpisodeChange
from rules.reports import Reports
from rules.terminal_alarms import EMERGENCY
from stream.stored_alarms import write_alarms
from stream.topics import ALERTS, TELEMETRY
from stream.worker import drivers_seen, history, tracks
from stream.worker.checkpoint import Advance, advance
from stream.worker.history import Window
from stream.worker.round import DeadLetter, Evaluated
from stream.worker.vehicle_days import NO_DAYS, KnownDays, VehicleDays, write_days

#: Reports newer than all that is known of their vehicle cannot be in the table yet; anything else may be a
#: repeat and goes through a conflict check.
_FRESH = 0

_EMERGENCY_BIT = 1 << EMERGENCY


@dataclass(frozen=True, slots=True)
class PartitionChanges:
    """Alert changes of one partition, with the ids of the vehicles they are about."""

    partition: int
    changes: Sequence[EpisodeChange]
    vehicle_ids: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Filing:
    """How raw alarms are kept: where their files are to be brought, None when none are asked for, and for how
    long; and the time of arrival, ms since 1970 UTC."""

    place: UploadPlace | None
    retention: Retention
    now_ms: int


@dataclass(frozen=True, slots=True)
class PartitionAlarms:
    """Raw alarms of one partition, with the ids of the vehicles they are about."""

    alarms: Sequence[AlarmFiling]
    vehicle_ids: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Flush:
    """What to write. `reports` and `disposition` are rows of all partitions of the round. `now_ms` is the
    time for warnings to drivers, None when none are to be said."""

    reports: Reports
    disposition: NDArray[np.uint8]
    alerts: Sequence[PartitionChanges]
    dead_letters: Sequence[DeadLetter]
    advances: Sequence[Advance]
    now_ms: int | None = None
    alarms: Sequence[PartitionAlarms] = ()
    filing: Filing | None = None
    windows: Mapping[int, Window] = field(default_factory=dict)
    days: VehicleDays = NO_DAYS

    @classmethod
    def of_round(
        cls,
        evaluated: Sequence[Evaluated],
        advances: Sequence[Advance],
        now_ms: int | None,
        filing: Filing | None = None,
        known_days: KnownDays | None = None,
    ) -> Flush:
        """Join what the partitions of a round caused; `known_days` need not be written again."""
        reports = Reports.concat([one.reports for one in evaluated])
        disposition = np.concatenate([one.disposition for one in evaluated])
        return cls(
            reports,
            disposition,
            [
                PartitionChanges(one.partition.number, one.changes, one.vehicle_ids)
                for one in evaluated
                if one.changes
            ],
            [letter for one in evaluated for letter in one.dead_letters],
            advances,
            now_ms,
            [PartitionAlarms(one.alarms, one.vehicle_ids) for one in evaluated if one.alarms],
            filing,
            {key: window for one in evaluated for key, window in one.windows.items()},
            NO_DAYS if known_days is None else known_days.news(reports, disposition, _partitions(evaluated)),
        )

    @classmethod
    def of_snapshots(cls, advances: Sequence[Advance]) -> Flush:
        """Nothing but state."""
        return cls(Reports.empty(), np.empty(0, np.uint8), [], [], advances)


@dataclass(slots=True)
class Written:
    """What a flush wrote, for the metrics. `doubled` rows were in the table already; `orders` are for files
    of alarms."""

    tracks: int = 0
    doubled: int = 0
    warnings: int = 0
    alarms: int = 0
    orders: int = 0
    revisions: list[AlertRevision] = field(default_factory=list)


async def write(connection: asyncpg.Connection, flush: Flush) -> Written:
    """Write one flush. Raises OwnershipLost, or asyncpg's and OS errors when the database is away."""
    try:
        return await _write(connection, flush, trust_fresh=True)
    except asyncpg.UniqueViolationError:
        # Only after the state of a partition was lost: rows that look new are stored already.
        return await _write(connection, flush, trust_fresh=False)


async def _write(connection: asyncpg.Connection, flush: Flush, *, trust_fresh: bool) -> Written:
    written = Written()
    async with connection.transaction():
        await advance(connection, TELEMETRY, flush.advances)
        await _write_tracks(connection, flush, written, trust_fresh)
        await write_alarms(connection, flush.reports, flush.disposition)
        await drivers_seen.note(connection, await write_days(connection, flush.days))
        await _write_dead_letters(connection, flush.dead_letters)
        told = [await drivers_seen.hold_back(connection, group.changes) for group in flush.alerts]
        for group, changes in zip(flush.alerts, told, strict=True):
            names = await vehicle_names(connection, changes, group.vehicle_ids)
            revisions = await store.apply_changes(connection, changes, names)
            if revisions:
                await _write_outbox(connection, ALERTS, group.partition, records.encode_alerts(revisions))
                written.warnings += await _warn_drivers(connection, revisions, flush.now_ms)
            written.revisions.extend(revisions)
        await _file_alarms(connection, flush, written)
        if flush.windows:
            await history.queue(connection, flush.windows, _emergencies(flush))
    return written


def _partitions(evaluated: Sequence[Evaluated]) -> NDArray[np.int64]:
    """The partition of each report of a round."""
    return np.repeat([one.partition.number for one in evaluated], [len(one.reports) for one in evaluated])


def _emergencies(flush: Flush) -> set[int]:
    """Vehicles whose emergency button a report tells that came out of order."""
    late = flush.disposition == Disposition.LATE
    pressed = (flush.reports.alarm_bits & _EMERGENCY_BIT) != 0
    return set(flush.reports.vehicle_key[late & pressed].tolist())


async def _file_alarms(connection: asyncpg.Connection, flush: Flush, written: Written) -> None:
    if flush.filing is None:
        return
    filing = flush.filing
    for group in flush.alarms:
        filed = await file_alarms(
            connection, group.alarms, group.vehicle_ids, filing.place, filing.retention, filing.now_ms
        )
        written.alarms += filed.alarms
        written.orders += filed.orders


async def _write_tracks(
    connection: asyncpg.Connection, flush: Flush, written: Written, trust_fresh: bool
) -> None:
    fresh = (flush.disposition == _FRESH) & trust_fresh
    certain, doubtful = np.flatnonzero(fresh), np.flatnonzero(~fresh)
    if len(certain):
        await _copy(connection, "tracks", flush, certain)
    if len(doubtful):
        await connection.execute(
            "CREATE TEMP TABLE IF NOT EXISTS doubtful_tracks (LIKE tracks) ON COMMIT DELETE ROWS"
        )
        await _copy(connection, "doubtful_tracks", flush, doubtful)
        status = await connection.execute(
            "INSERT INTO tracks SELECT * FROM doubtful_tracks ON CONFLICT DO NOTHING"
        )
        written.doubled = len(doubtful) - int(status.rsplit(" ", 1)[1])
    written.tracks = len(certain) + len(doubtful) - written.doubled


async def _copy(connection: asyncpg.Connection, table: str, flush: Flush, rows: NDArray[np.intp]) -> None:
    data = tracks.copy_rows(flush.reports.take(rows), flush.disposition[rows])
    await connection.copy_to_table(table, source=data, columns=tracks.COLUMNS, format="binary")


async def _write_dead_letters(connection: asyncpg.Connection, letters: Sequence[DeadLetter]) -> None:
    if letters:
        await connection.executemany(
            "INSERT INTO dead_letters (topic, partition, record_offset, reason, value)"
            " VALUES ($1, $2, $3, $4, $5)",
            [(TELEMETRY, one.partition, one.offset, one.reason, one.value) for one in letters],
        )


async def _warn_drivers(
    connection: asyncpg.Connection, revisions: Sequence[AlertRevision], now_ms: int | None
) -> int:
    if now_ms is None:
        return 0
    warnings = warnings_for(revisions, now_ms)
    return len(await command_store.issue_all(connection, warnings, now_ms))


async def _write_outbox(connection: asyncpg.Connection, topic: str, partition: int, payload: bytes) -> None:
    await connection.execute(
        "INSERT INTO outbox (topic, partition, key, payload) VALUES ($1, $2, $3, $4)",
        *(topic, partition, b"", payload),
    )
