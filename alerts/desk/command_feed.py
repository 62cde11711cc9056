"""Tells the streams how commands fare, so that an operator sees what he ordered move.

The newest changes are looked up once a second while somebody watches. They are a convenience: without a
cursor, not resumed; a page that was cut off asks /api/commands again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import datetime

from alerts.desk.command_rows import COMMAND_COLUMNS, command_json
from alerts.desk.database import Database, DatabaseAway
from alerts.desk.hub import Chunk, Hub, event

log = logging.getLogger(__name__)

POLL_S = 1.0
OVERLAP_S = 5.0
"""A change is stamped when it is written and seen when it commits, at most so much later."""
MAX_CHANGES = 1000
"""Changes a second that are told; of more, the rest comes at the next look."""


class CommandFeed:
    """``cursor``: the time of the newest change told; None until the database was seen."""

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database, self._hub = database, hub
        self._cursor: datetime | None = None
        self._told: dict[str, datetime] = {}

    async def run(self) -> None:
        """Until cancelled; a database that is away only delays."""
        while True:
            try:
                await self._step()
            except DatabaseAway as away:
                log.debug("changes of commands: %s", away)
            await asyncio.sleep(POLL_S)

    async def _step(self) -> None:
        if not len(self._hub) or self._cursor is None:
            # Nobody watches: what changed until now is asked for, not told.
            row = await self._database.fetchrow("SELECT clock_timestamp() AS now")
            self._cursor = row["now"] if row else None
            self._told.clear()
            return
        rows = await self._database.fetch(
            f"""SELECT {COMMAND_COLUMNS} FROM commands c
                WHERE c.changed_at > $1::timestamptz - make_interval(secs => $2)
                ORDER BY c.changed_at LIMIT $3""",
            *(self._cursor, OVERLAP_S, MAX_CHANGES + len(self._told)),
        )
        fresh = [row for row in rows if self._told.get(str(row["command_id"])) != row["changed_at"]]
        if rows:
            self._cursor = max(self._cursor, rows[-1]["changed_at"])
        self._told = {str(row["command_id"]): row["changed_at"] for row in rows}
        if fresh:
            self._hub.send(Chunk([event("command", _json(row)) for row in fresh]))


def _json(row: object) -> str:
    return json.dumps(command_json(row), ensure_ascii=False, separators=(",", ":"))
