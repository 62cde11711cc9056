"""Follows the alerts in the database by ``seq`` and hands every change to the streams.

The database is the truth and its order the only one. The topic ``alerts`` is merely the doorbell: it makes
the feed look at once instead of at its next round, and when the broker is away nothing is lost but a second.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

from alerts.desk.alert_rows import CHANGES_QUERY, change_json
from alerts.desk.database import Database, DatabaseAway
from alerts.desk.hub import Chunk, Hub, event
from alerts.desk.metrics import Metrics
from alerts.times import now_ms, to_ms

log = logging.getLogger(__name__)

POLL_S = 1.0
PAGE_CHANGES = 500
"""Changes encoded together: half a megabyte, and a pause for everything else in between."""

START_TIMEOUT_S = 3.0
"""How long a stream that comes while the desk starts waits for it."""

RESET = event("reset", "{}")
"""Tells a client that its cursor is of another database: it should load its alerts anew."""


class AlertFeed:
    """``cursor`` is the newest change handed to the streams; None until the database was seen once."""

    def __init__(self, database: Database, hub: Hub, metrics: Metrics) -> None:
        self._database, self._hub, self._metrics = database, hub, metrics
        self._rung = asyncio.Event()
        self._started = asyncio.Event()
        self.cursor: int | None = None
        self.away: DatabaseAway | None = None

    def ring(self) -> None:
        """Look now: the doorbell topic said that something changed."""
        self._rung.set()

    async def started(self) -> int:
        """The cursor, as soon as the database was seen. Raises ``DatabaseAway`` when that takes too long."""
        try:
            async with asyncio.timeout(0 if self.away else START_TIMEOUT_S):
                await self._started.wait()
        except TimeoutError:
            await self.newest()  # says why, when the database is away
            raise DatabaseAway(
                503, "starting", "the desk is starting; try again", "值班台正在启动，请稍后重试"
            ) from None
        return self.cursor or 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._rung.clear()
            try:
                while await self._step() == PAGE_CHANGES:
                    pass
                self._report(None)
            except DatabaseAway as away:
                self._report(away)
                await asyncio.sleep(POLL_S)
            try:
                async with asyncio.timeout(POLL_S):
                    await self._rung.wait()
            except TimeoutError:
                continue

    async def backlog(self, after: int, until: int) -> Chunk:
        """The first changes after `after` up to `until`, at most a page. Raises ``DatabaseAway``."""
        rows = await self._database.fetch(
            CHANGES_QUERY + " WHERE r.seq > $1 AND r.seq <= $2 ORDER BY r.seq LIMIT $3",
            *(after, until, PAGE_CHANGES),
        )
        return encode_changes([change_json(row) for row in rows])

    async def newest(self) -> int:
        """The last number given out in the database, committed or not. Raises ``DatabaseAway``."""
        row = await self._database.fetchrow(
            "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM alert_seq"
        )
        return int(row[0]) if row else 0

    async def _step(self) -> int:
        newest = await self.newest()
        if self.cursor is None or newest < self.cursor:
            await self._start_over()
        rows = await self._database.fetch(
            CHANGES_QUERY + " WHERE r.seq > $1 ORDER BY r.seq LIMIT $2", self.cursor, PAGE_CHANGES
        )
        if rows:
            # The cursor and the queues move together: a stream that joins in between would miss or repeat.
            self._hub.send(encode_changes([change_json(row) for row in rows]))
            self.cursor = rows[-1]["seq"]
            self._count(rows)
        return len(rows)

    async def _start_over(self) -> None:
        row = await self._database.fetchrow("SELECT coalesce(max(seq), 0) FROM alert_revisions")
        if self.cursor is not None:
            log.warning("the database holds fewer alert changes than before: it is another one")
            self._hub.send(Chunk([RESET]))
        self.cursor = int(row[0]) if row else 0
        self._started.set()

    def _count(self, rows: list[Any]) -> None:
        now = now_ms()
        for row in rows:
            self._metrics.alert_changes.labels(row["kind"]).inc()
            self._metrics.alert_delay.observe(max(0, now - to_ms(row["at"])) / 1000)

    def _report(self, away: DatabaseAway | None) -> None:
        if (away is None) != (self.away is None):
            log.warning("database: %s", away or "back again")
        self.away = away


def encode_changes(changes: list[dict[str, Any]]) -> Chunk:
    """``alert`` events with their numbers as ids."""
    events = [
        event("alert", json.dumps(change, ensure_ascii=False, separators=(",", ":")), change["seq"])
        for change in changes
    ]
    return Chunk(events, [change["seq"] for change in changes])
