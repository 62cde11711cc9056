"""Drivers whose hours lie in several partitions (`drivers_seen`): noted by the flush, which leaves what is
found of their hours to `stream.worker.driver_hours`.

An engine knows the hours in the vehicles of its partition. The first report of a day that names a driver in a
vehicle is written together with the driver's row; the lock on that row makes sure that of two partitions one
sees the other. From then on, until one partition knows all his hours again, the changes that engines find of
his hours are not told but cause a look at all of them: nothing is told twice, and nothing of hours that are
known in part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta

import asyncpg

from alerts.times import to_datetime
from rules.change import EpisodeChange
from rules.hours import HOURS_RULES
from stream.named_drivers import drivers_of

#: The partition of a name that too many vehicles say: no person. Each engine tells of it what it sees.
NOBODY = -1
#: What was found earlier is told as it was found: no look reads so far back.
_HELD = timedelta(days=7)

_NOTE = f"""INSERT INTO drivers_seen AS known (driver_key, partition, look_at, from_at)
    SELECT key, partition, CASE WHEN several THEN from_at END, from_at
    FROM unnest($1::bigint[], $2::integer[], $3::boolean[], $4::timestamptz[])
        AS named (key, partition, several, from_at) ORDER BY key
    ON CONFLICT (driver_key) DO UPDATE SET partition = excluded.partition,
        look_at = coalesce(known.look_at, excluded.from_at),
        from_at = CASE WHEN known.look_at IS NULL THEN excluded.from_at
                       ELSE least(known.from_at, excluded.from_at) END
    WHERE known.partition <> {NOBODY} AND (known.partition <> excluded.partition
          OR known.look_at IS NOT NULL OR excluded.look_at IS NOT NULL)"""


async def note(connection: asyncpg.Connection, news: Iterable[asyncpg.Record]) -> None:
    """Note the drivers of new rows of `vehicle_days` inside the caller's transaction."""
    places: dict[int, tuple[set[int], datetime]] = {}
    for row in news:
        begin = datetime.combine(row["day"], time(), UTC)
        partitions, first = places.get(row["driver_key"], (set(), begin))
        places[row["driver_key"]] = partitions | {row["partition"]}, min(first, begin)
    if places:
        rows = [(key, min(seen), len(seen) > 1, first) for key, (seen, first) in places.items()]
        await connection.execute(_NOTE, *map(list, zip(*rows, strict=True)))


async def hold_back(
    connection: asyncpg.Connection, changes: Sequence[EpisodeChange]
) -> Sequence[EpisodeChange]:
    """The changes that are to be told, inside the caller's transaction and before it locks the alerts. Those
    of the hours of noted drivers are left out and looked at soon."""
    hours = [one for one in changes if one.rule in HOURS_RULES]
    drivers = await drivers_of(connection, hours)
    rows = await connection.fetch(
        "SELECT driver_key, look_at, judged_at, now() - $2::interval AS oldest FROM drivers_seen"
        f" WHERE driver_key = ANY($1::bigint[]) AND partition <> {NOBODY}"
        " AND (look_at IS NOT NULL OR judged_at IS NOT NULL) ORDER BY driver_key FOR UPDATE",
        *(list(set(drivers)), _HELD),
    ) if hours else []  # fmt: skip
    noted = {row["driver_key"]: row for row in rows}
    held = [
        (driver, to_datetime(one.found_ms), id(one))
        for one, driver in zip(hours, drivers, strict=True)
        if driver in noted and _is_left_to_looks(noted[driver], to_datetime(one.found_ms))
    ]
    if not held:
        return changes
    await connection.executemany(
        "UPDATE drivers_seen SET look_at = least(look_at, $2), from_at = least(from_at, $2)"
        " WHERE driver_key = $1",
        [(driver, found_at) for driver, found_at, _ in held],
    )
    left = {number for _, _, number in held}
    return [one for one in changes if id(one) not in left]


def _is_left_to_looks(row: asyncpg.Record, found_at: datetime) -> bool:
    told = row["look_at"] is None and found_at > row["judged_at"]
    return not told and found_at > row["oldest"]
