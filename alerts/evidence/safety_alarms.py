"""Raw active-safety alarms become rows, and those that have files ask for them: inside the worker's
transaction.

An alarm waits for no file, and a file that came first (a reconnect, a worker behind by an hour) is found by
its alarm here: both carry the same key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg

from alerts import command_store
from alerts.evidence.identity import alarm_key, alarm_number
from alerts.evidence.retention import Retention
from alerts.evidence.upload_orders import UploadPlace, upload_order
from alerts.times import to_datetime

if TYPE_CHECKING:
    from rules.change import AlarmFiling


@dataclass(slots=True)
class FiledAlarms:
    """What one call wrote: alarms that were new, and orders for their files."""

    alarms: int = 0
    orders: int = 0


async def file_alarms(
    connection: asyncpg.Connection,
    filings: Sequence[AlarmFiling],
    vehicle_ids: Mapping[int, str],
    place: UploadPlace | None,
    retention: Retention,
    now_ms: int,
) -> FiledAlarms:
    """Write alarms; the same alarm again only learns its alert. New ones with files order their upload.

    Parameters
    ----------
    connection : asyncpg.Connection
        Inside a transaction.
    vehicle_ids : mapping of int to str
        Id for each ``vehicle_key``; an alarm of a vehicle that is missing there raises ``KeyError``.
    place : UploadPlace, optional
        None or an empty address: no upload is ordered.
    """
    newest = {(one.vehicle_key, one.identifier): one for one in filings}
    if not newest:
        return FiledAlarms()
    alerts = {(one.vehicle_key, one.identifier): one.alert_id for one in filings if one.alert_id}
    rows = [
        _row(one, vehicle_ids[key], alerts.get((key, identifier)), retention, now_ms)
        for (key, identifier), one in newest.items()
    ]
    rows.sort(key=lambda row: (row["vehicle_key"], row["identifier"]))  # one order of locks for everybody
    fresh = await _upsert(connection, rows)
    await _keep_files(connection, fresh)
    if place is None or not place.address:
        return FiledAlarms(len(fresh))
    orders = [upload_order(row, place) for row in fresh if row["attachments"]]
    issued = await command_store.issue_all(connection, orders, now_ms) if orders else []
    return FiledAlarms(len(fresh), len(issued))


def _row(
    one: AlarmFiling, vehicle_id: str, alert_id: str | None, retention: Retention, now_ms: int
) -> dict[str, Any]:
    return {
        "vehicle_key": one.vehicle_key,
        "identifier": one.identifier,
        "vehicle_id": vehicle_id,
        "alarm_key": alarm_key(one.identifier),
        "alarm_number": alarm_number(one.vehicle_key, one.identifier),
        "time": to_datetime(one.time_ms),
        "received_at": to_datetime(now_ms),
        "peripheral": one.peripheral,
        "dialect": one.dialect,
        "event": one.event,
        "terminal_alarm_id": one.terminal_alarm_id,
        "flag": one.flag,
        "level": one.level,
        "degree": one.degree,
        "speed_kmh": one.speed_kmh,
        "longitude_deg": one.longitude_deg,
        "latitude_deg": one.latitude_deg,
        "attachments": one.attachments,
        "alert_id": alert_id,
        "expires_at": to_datetime(retention.expires_ms(now_ms, violation=True)),
    }


_TYPES = {
    "vehicle_key": "bigint",
    "identifier": "bytea",
    "vehicle_id": "text",
    "alarm_key": "bytea",
    "alarm_number": "text",
    "time": "timestamptz",
    "received_at": "timestamptz",
    "terminal_alarm_id": "bigint",
    "longitude_deg": "float8",
    "latitude_deg": "float8",
    "alert_id": "uuid",
    "expires_at": "timestamptz",
}
"""Types of the columns that are no smallint."""


async def _upsert(connection: asyncpg.Connection, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write rows, return those that were not there."""
    names = list(rows[0])
    arrays = ", ".join(f"${n}::{_TYPES.get(name, 'smallint')}[]" for n, name in enumerate(names, 1))
    written = await connection.fetch(
        f"""INSERT INTO safety_alarms AS a ({", ".join(names)}) SELECT * FROM unnest({arrays})
            ON CONFLICT (vehicle_key, identifier) DO UPDATE SET alert_id = excluded.alert_id
            WHERE excluded.alert_id IS NOT NULL AND a.alert_id IS NULL
            RETURNING vehicle_key, identifier, (xmax = 0) AS fresh""",
        *([row[name] for row in rows] for name in names),
    )
    fresh = {(row["vehicle_key"], bytes(row["identifier"])) for row in written if row["fresh"]}
    return [row for row in rows if (row["vehicle_key"], row["identifier"]) in fresh]


async def _keep_files(connection: asyncpg.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Files that came before their alarm are part of a violation from now on."""
    if rows:
        await connection.execute(
            """UPDATE evidence_files f SET expires_at = greatest(f.expires_at, a.expires_at),
                      alarm_number = a.alarm_number
               FROM unnest($1::bigint[], $2::bytea[], $3::timestamptz[], $4::text[])
                    AS a (vehicle_key, alarm_key, expires_at, alarm_number)
               WHERE f.vehicle_key = a.vehicle_key AND f.alarm_key = a.alarm_key""",
            *([row[name] for row in rows] for name in ("vehicle_key", "alarm_key", "expires_at")),
            [row["alarm_number"] for row in rows],
        )
