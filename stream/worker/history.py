"""The history path: reports that came too late to change the running alerts are looked at from the stored
track.

The flush queues the time of such reports by vehicle (`late_windows`). When a vehicle's window has rested
for a while, or at once when the emergency button was pressed, its stored track is evaluated anew from far
enough before (`stream.review`), and the difference to the stored alerts is filed as retrospective findings:
episodes that were missed, and, beside the alerts they concern, those that were otherwise than told. No alert
is changed or taken back. A day later the window is looked at once more: late reports may change what is found
until the next rest.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from alerts.times import to_datetime, to_ms
from geo.zones import ZoneSet
from rules.history import Difference, Edition
from rules.rulebook import Rulebook
from rules.timely import HORIZON_MS
from stream.past_rulebooks import PastRulebooks
from stream.review import LOOK_AHEAD_MS, Asked, difference_of, file_difference, look
from stream.worker import metrics
from stream.worker.database import DATABASE_AWAY
from stream.worker.drivers_seen import hold_back

log = logging.getLogger(__name__)

#: A window rests so long after its last late report: an upload of a dead zone comes in many messages.
REST_S = 30.0
#: Windows of one transaction; each may read a week of one vehicle, some 20,000 rows.
WINDOWS_A_TURN = 8
_IDLE_S = 5.0
_AFTER_LAST = timedelta(minutes=15)  # then the last report looked at is beyond doubt


@dataclass(frozen=True, slots=True)
class Window:
    """What is to be looked at again."""

    vehicle_key: int
    vehicle_id: str
    partition: int
    from_ms: int
    to_ms: int


async def queue(
    connection: asyncpg.Connection, windows: Mapping[int, Window], urgent: Container[int] = ()
) -> None:
    """Note windows of vehicles inside the caller's transaction; of one vehicle they grow together. Those of
    the `urgent` vehicles are looked at without waiting."""
    await connection.executemany(
        "INSERT INTO late_windows (vehicle_key, vehicle_id, partition, from_at, to_at, urgent)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (vehicle_key) DO UPDATE"
        " SET from_at = least(late_windows.from_at, excluded.from_at),"
        " to_at = greatest(late_windows.to_at, excluded.to_at), queued_at = now(), again_at = NULL,"
        " urgent = late_windows.urgent OR excluded.urgent",
        [
            (
                *(key, one.vehicle_id, one.partition),
                *(to_datetime(one.from_ms), to_datetime(one.to_ms), key in urgent),
            )
            for key, one in sorted(windows.items())
        ],
    )


class History:
    """Looks at windows, one turn after the other. `book` is the rulebook before any was published."""

    def __init__(self, pool: asyncpg.Pool, book: Rulebook, zones: ZoneSet, rest_s: float = REST_S) -> None:
        self._pool = pool
        self._rulebooks = PastRulebooks(book)
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
                " WHERE (urgent OR queued_at <= now() - make_interval(secs => $1))"
                " AND (again_at IS NULL OR again_at <= now()) ORDER BY urgent DESC, queued_at LIMIT $2"
                " FOR UPDATE SKIP LOCKED) RETURNING *",
                *(self._rest_s, WINDOWS_A_TURN),
            )
            editions = await self._rulebooks.editions(connection) if rows else []
            for row in rows:
                bounds = (to_ms(row["from_at"]), to_ms(row["to_at"]))
                window = Window(row["vehicle_key"], row["vehicle_id"], row["partition"], *bounds)
                await self._look(connection, window, editions)
                await _look_again(connection, window)
        metrics.HISTORY_WINDOWS.inc(len(rows))
        return len(rows)

    async def _look(
        self, connection: asyncpg.Connection, window: Window, editions: Sequence[Edition]
    ) -> None:
        asked = Asked([window.vehicle_key], window.from_ms, window.to_ms + LOOK_AHEAD_MS, ahead_ms=0)
        # Tracks and alerts as of one moment: what the worker tells meanwhile is in neither.
        async with (
            self._pool.acquire() as reader,
            reader.transaction(isolation="repeatable_read", readonly=True),
        ):
            seen = await look(reader, asked, editions, self._zones)
            # The newest minutes are still being told; the second look finds them settled.
            settled_ms = seen.last_ms.get(window.vehicle_key, 0) - HORIZON_MS
            spans = seen.spans(asked, to_ms=min(asked.to_ms, max(window.to_ms, settled_ms)))
            difference = await difference_of(reader, seen, spans)
        names = {window.vehicle_key: window.vehicle_id}
        difference = Difference(
            *[
                list(await hold_back(connection, part))
                for part in (difference.missed, difference.altered, difference.unfounded)
            ]
        )
        filed = await file_difference(connection, difference, window.partition, seen.alert_of, names)
        metrics.HISTORY_CHANGES.inc(filed)


async def _look_again(connection: asyncpg.Connection, window: Window) -> None:
    """Queue a window once more for the time when all that it can change has been reported, if that is to
    come."""
    await connection.execute(
        "INSERT INTO late_windows (vehicle_key, vehicle_id, partition, from_at, to_at, again_at)"
        " SELECT $1, $2, $3, $4, $5, $6 WHERE $6 > now() ON CONFLICT DO NOTHING",
        *(window.vehicle_key, window.vehicle_id, window.partition),
        *(to_datetime(window.from_ms), to_datetime(window.to_ms)),
        to_datetime(window.to_ms + LOOK_AHEAD_MS) + _AFTER_LAST,
    )
