"""The history path: reports that came too late to change the running alerts are looked at from the stored
track.

The flush queues the time of such reports by vehicle (`late_windows`). When a vehicle's window has rested
for a while, its stored track is evaluated anew from far enough before, and the difference to the stored
alerts is filed as retrospective findings: episodes that were missed, and, beside the alerts they concern,
those that were otherwise than told. No alert is changed or taken back. Who drove is taken from the registry
as it is now, since tracks do not say it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg
import numpy as np

from alerts import records, store
from alerts.retrospective import afterwards, beside, unfounded
from alerts.times import to_datetime, to_ms
from geo.zones import ZoneSet
from rules.change import EpisodeChange
from rules.history import compare, is_recomputed, recompute
from rules.identity import driver_key
from rules.reports import Reports
from rules.rulebook import Rulebook
from rules.vehicle_class import PASSENGER_CLASSES, class_code
from stream.topics import ALERTS
from stream.worker import metrics
from stream.worker.database import DATABASE_AWAY

log = logging.getLogger(__name__)

#: A window rests so long after its last late report: an upload of a dead zone comes in many messages.
REST_S = 30.0
#: Windows of one transaction; each may read a week of one vehicle, some 20,000 rows.
WINDOWS_A_TURN = 8
#: Before the window: long enough that a rest, or the week of a coach's driver, lies in it.
LOOK_BACK_MS, LOOK_BACK_COACH_MS = 26 * 3_600_000, 8 * 86_400_000
#: After the window: what late reports change goes on to show until the next rest.
LOOK_AHEAD_MS = 24 * 3_600_000
_IDLE_S = 5.0

_TRACK = (
    "time_ms", "longitude_deg", "latitude_deg", "speed_kmh", "heading_deg", "altitude_m", "alarm_bits",
    "status_bits",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Window:
    """What is to be looked at again."""

    vehicle_key: int
    vehicle_id: str
    partition: int
    from_ms: int
    to_ms: int


async def queue(connection: asyncpg.Connection, windows: Mapping[int, Window]) -> None:
    """Note windows of vehicles inside the caller's transaction; of one vehicle they grow together."""
    await connection.executemany(
        "INSERT INTO late_windows (vehicle_key, vehicle_id, partition, from_at, to_at)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (vehicle_key) DO UPDATE"
        " SET from_at = least(late_windows.from_at, excluded.from_at),"
        " to_at = greatest(late_windows.to_at, excluded.to_at), queued_at = now()",
        [
            (key, one.vehicle_id, one.partition, to_datetime(one.from_ms), to_datetime(one.to_ms))
            for key, one in sorted(windows.items())
        ],
    )


class History:
    """Looks at windows, one turn after the other."""

    def __init__(self, pool: asyncpg.Pool, book: Rulebook, zones: ZoneSet, rest_s: float = REST_S) -> None:
        self._pool = pool
        self._book = book
        self._zones = zones
        self._rest_s = rest_s

    async def run(self) -> None:
        """Turns until cancelled."""
        while True:
            try:
                done = await self.turn()
            except DATABASE_AWAY as error:
                log.warning("database away, history waits: %s: %s", type(error).__name__, error)
                done = 0
            if not done:
                await asyncio.sleep(_IDLE_S)

    async def turn(self) -> int:
        """Look at some windows and drop them, in one transaction; returns how many there were."""
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                "DELETE FROM late_windows WHERE vehicle_key IN (SELECT vehicle_key FROM late_windows"
                " WHERE queued_at <= now() - make_interval(secs => $1) ORDER BY queued_at LIMIT $2"
                " FOR UPDATE SKIP LOCKED) RETURNING *",
                *(self._rest_s, WINDOWS_A_TURN),
            )
            for row in rows:
                bounds = (to_ms(row["from_at"]), to_ms(row["to_at"]))
                await self._look(
                    connection, Window(row["vehicle_key"], row["vehicle_id"], row["partition"], *bounds)
                )
        metrics.HISTORY_WINDOWS.inc(len(rows))
        return len(rows)

    async def _look(self, connection: asyncpg.Connection, window: Window) -> None:
        reports = await _track(connection, window)
        found = recompute(self._book, self._zones, reports)
        last_ms = window.to_ms + LOOK_AHEAD_MS
        stored = await _stored(connection, window, last_ms)
        difference = compare(stored, found, window.from_ms, last_ms)
        changes = [
            *(afterwards(one) for one in difference.missed),
            *(beside(one) for one in difference.altered),
            *(beside(unfounded(one)) for one in difference.unfounded),
        ]
        revisions = await store.apply_changes(connection, changes, {window.vehicle_key: window.vehicle_id})
        if revisions:
            await connection.execute(
                "INSERT INTO outbox (topic, partition, key, payload) VALUES ($1, $2, $3, $4)",
                *(ALERTS, window.partition, b"", records.encode_alerts(revisions)),
            )
        metrics.HISTORY_CHANGES.inc(len(revisions))


async def _track(connection: asyncpg.Connection, window: Window) -> Reports:
    """The stored track around a window, with the class and driver the registry has now."""
    known = await connection.fetchrow(
        "SELECT vehicle_class, driver_id FROM vehicles WHERE vehicle_key = $1", window.vehicle_key
    )
    code = class_code(known["vehicle_class"]) if known else 0
    back_ms = LOOK_BACK_COACH_MS if code in PASSENGER_CLASSES else LOOK_BACK_MS
    rows = await connection.fetch(
        "SELECT (extract(epoch FROM time) * 1000)::bigint, longitude_deg, latitude_deg, speed_kmh,"
        " heading_deg, altitude_m, alarm_bits, status_bits FROM tracks"
        " WHERE vehicle_key = $1 AND time >= $2 AND time <= $3 AND disposition IN (0, 1, 3) ORDER BY time",
        *(window.vehicle_key, to_datetime(window.from_ms - back_ms)),
        to_datetime(window.to_ms + LOOK_AHEAD_MS),
    )
    columns = {name: np.array([row[place] for row in rows]) for place, name in enumerate(_TRACK)}
    if rows:
        # Stored as float32; terminals send tenths.
        columns["speed_kmh"] = np.round(columns["speed_kmh"], 1)
    count = len(rows)
    driver = driver_key(known["driver_id"]) if known else 0
    return Reports.build(
        vehicle_key=np.full(count, window.vehicle_key),
        vehicle_class=np.full(count, code),
        driver_key=np.full(count, driver),
        **columns,
    )


async def _stored(connection: asyncpg.Connection, window: Window, last_ms: int) -> list[EpisodeChange]:
    rows = await connection.fetch(
        "SELECT *, alert_id::text AS name FROM alerts WHERE vehicle_key = $1 AND found_at >= $2"
        " AND found_at <= $3 AND detail ->> 'concerns' IS NULL AND detail ->> 'withdrawn' IS NULL",
        *(window.vehicle_key, to_datetime(window.from_ms), to_datetime(last_ms)),
    )
    return [_of_row(row) for row in rows if is_recomputed(row["rule"])]


def _of_row(row: asyncpg.Record) -> EpisodeChange:
    end_ms = None if row["end_at"] is None else to_ms(row["end_at"])
    return EpisodeChange(
        row["name"], row["vehicle_key"], row["rule"], row["level"], "close", to_ms(row["start_at"]),
        to_ms(row["found_at"]), end_ms, row["longitude_deg"], row["latitude_deg"], row["evidence"],
        row["rulebook_version"], json.loads(row["detail"]),
    )  # fmt: skip
