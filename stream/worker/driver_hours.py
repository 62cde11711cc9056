"""The hours of drivers that lie in several partitions: looked at in the stored tracks, and told.

`stream.worker.drivers_seen` notes such drivers and leaves what is found of their hours to this. A driver is
looked at when the next limit, or its pre-alarm, can be exceeded at the earliest; soon after he was noted, or
an engine found something of his hours; now and then while an alert of his goes on; and every few hours in any
case. What was found in the last minutes is an alert of this moment, of which the driver hears, too.

A turn claims a driver for some minutes, looks, and files what it found with the time of the next look in one
transaction. Who dies between leaves the driver to the next worker; two who look at once file the same.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from alerts import command_store
from alerts.driver_warnings import warnings_for
from alerts.times import now_ms as wall_clock_ms
from alerts.times import to_datetime, to_ms
from rules.rulebook import Rulebook
from stream.driver_review import FRESH_MS, MOST_VEHICLES, Driven, DriverLook, driven_by, look_at_driver
from stream.past_rulebooks import PastRulebooks
from stream.review import file_changes
from stream.worker import metrics
from stream.worker.database import DATABASE_AWAY
from stream.worker.drivers_seen import NOBODY

log = logging.getLogger(__name__)

_IDLE_S = 5.0
#: Who has not filed a look within this time has died. A look takes some 20 ms.
_CLAIMED = timedelta(minutes=5)
#: Reports come every 30 s and are stored some seconds later.
LEAST_MS = 35_000
#: An alert that goes on ends with a rest of 20 min at the earliest.
OPEN_MS = 20 * 60_000
#: The longest time between two looks: hours that are stored late, and shift the next limit, are found then.
MOST_MS = 4 * 3_600_000
#: An alert of somebody who is not seen any more has no end until he is, or all its tracks are too old.
_GONE_MS = 86_400_000

_CLAIM = """UPDATE drivers_seen SET look_at = $2 WHERE driver_key = (
    SELECT driver_key FROM drivers_seen WHERE look_at <= $1 ORDER BY look_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING driver_key, partition, from_at"""
_DONE = """UPDATE drivers_seen SET partition = $2, look_at = CASE WHEN look_at < $3 THEN look_at ELSE $4 END,
    from_at = CASE WHEN look_at < $3 THEN from_at ELSE $5 END, judged_at = $6 WHERE driver_key = $1"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A driver to be looked at, until when he is nobody else's, and from when on."""

    driver_key: int
    partition: int
    until: datetime
    from_ms: int


class DriverHours:
    """Looks at drivers, one after the other. `book` is the rulebook before any was published."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        book: Rulebook,
        *,
        warn_drivers: bool = True,
        clock_ms: Callable[[], int] = wall_clock_ms,
        on_written: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool = pool
        self._rulebooks = PastRulebooks(book)
        self._warn_drivers = warn_drivers
        self._clock_ms = clock_ms
        self._on_written = on_written

    async def run(self) -> None:
        """Turns until cancelled."""
        while True:
            try:
                done = await self.turn()
            except DATABASE_AWAY as error:
                log.warning("database away, hours wait: %s: %s", type(error).__name__, error)
                done = False
            if not done:
                await asyncio.sleep(_IDLE_S)

    async def turn(self) -> bool:
        """Look at the driver who is due longest; returns whether there was one."""
        now_ms = self._clock_ms()
        claim = await self.claim(now_ms)
        if claim is None:
            return False
        started_s = time.perf_counter()
        driven, found = await self.look(claim, now_ms)
        await self.file(claim, driven, found, now_ms)
        metrics.DRIVER_LOOK_S.observe(time.perf_counter() - started_s)
        return True

    async def claim(self, now_ms: int) -> Claim | None:
        """Take a driver who is due."""
        until = to_datetime(now_ms) + _CLAIMED
        row = await self._pool.fetchrow(_CLAIM, to_datetime(now_ms), until)
        if row is None:
            return None
        return Claim(row["driver_key"], row["partition"], until, to_ms(row["from_at"]))

    async def look(self, claim: Claim, now_ms: int) -> tuple[Driven, DriverLook]:
        """What he drove, and what that shows, as of one moment."""
        async with (
            self._pool.acquire() as reader,
            reader.transaction(isolation="repeatable_read", readonly=True),
        ):
            driven = await driven_by(reader, claim.driver_key, now_ms)
            if len(driven.vehicles(now_ms - driven.look_back_ms)) > MOST_VEHICLES:
                return driven, DriverLook()
            editions = await self._rulebooks.editions(reader)
            return driven, await look_at_driver(
                reader, claim.driver_key, driven, claim.from_ms, now_ms, editions
            )

    async def file(self, claim: Claim, driven: Driven, found: DriverLook, now_ms: int) -> None:
        """Tell what was found and note when to look again, unless somebody else has taken the driver."""
        next_ms = next_look_ms(driven, found, now_ms)
        crowd = len(driven.vehicles(now_ms - driven.look_back_ms)) > MOST_VEHICLES
        async with self._pool.acquire() as connection, connection.transaction():
            look_at = await connection.fetchval(
                "SELECT look_at FROM drivers_seen WHERE driver_key = $1 FOR UPDATE", claim.driver_key
            )
            if look_at is None or look_at > claim.until:
                return
            revisions = await file_changes(connection, found.changes, claim.partition, {})
            if self._warn_drivers:
                warnings = warnings_for(revisions, now_ms, FRESH_MS)
                await command_store.issue_all(connection, warnings, now_ms)
            await connection.execute(
                _DONE,
                *(claim.driver_key, NOBODY if crowd else claim.partition, claim.until),
                None if next_ms is None else to_datetime(next_ms),
                *(None if next_ms is None else to_datetime(now_ms), to_datetime(now_ms)),
            )
        metrics.DRIVER_LOOKS.inc()
        metrics.DRIVER_CHANGES.inc(len(revisions))
        if revisions:
            self._on_written()


def next_look_ms(driven: Driven, found: DriverLook, now_ms: int) -> int | None:
    """When to look at a driver again; None when the partition of his vehicle knows all his hours.

    Not while nothing can be found; of who stands or is silent the longer the less often, as what he does next
    may be stored any moment.
    """
    ahead = found.outlook
    since_ms = now_ms - driven.look_back_ms
    gone = ahead is None or ahead.last_ms < since_ms
    if len(driven.vehicles(since_ms)) > MOST_VEHICLES:
        return None
    if not found.open and (gone or driven.in_one_partition(since_ms)):
        return None
    if ahead is None or gone:
        return now_ms + _GONE_MS
    patience_ms = max(LEAST_MS, (now_ms - ahead.idle_ms) // 2)
    next_ms = max(ahead.excess_ms + LEAST_MS, now_ms + patience_ms)
    if found.open:
        next_ms = min(next_ms, now_ms + max(OPEN_MS, patience_ms))
    return min(next_ms, now_ms + MOST_MS)
