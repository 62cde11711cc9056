"""Whose hours an alert is about, told from stored tracks."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg

from alerts.times import to_datetime
from rules.change import EpisodeChange

#: A report without a driver is of who was named before; so far a name is looked for, each way.
_NAMED_WITHIN = "interval '26 hours'"

_NAMED = "vehicle_key = place.key AND driver_key <> 0 AND disposition IN (0, 1, 3)"
_AT = f"""SELECT place.number, coalesce(
    (SELECT driver_key FROM tracks WHERE {_NAMED} AND time <= place.at AND time >= place.at - {_NAMED_WITHIN}
     ORDER BY time DESC, digest LIMIT 1),
    (SELECT driver_key FROM tracks WHERE {_NAMED} AND time > place.at AND time <= place.at + {_NAMED_WITHIN}
     ORDER BY time, digest LIMIT 1), 0) AS driver_key
    FROM unnest($1::integer[], $2::bigint[], $3::timestamptz[]) AS place (number, key, at)"""


async def drivers_of(connection: asyncpg.Connection, found: Iterable[EpisodeChange]) -> list[int]:
    """Key of the driver of each alert: who its vehicle's newest named report said when it was found, else
    the first one afterwards; 0 where nobody was named."""
    places = [(number, one.vehicle_key, to_datetime(one.found_ms)) for number, one in enumerate(found)]
    rows = await connection.fetch(_AT, *map(list, zip(*places, strict=True))) if places else []
    drivers = [0] * len(places)
    for row in rows:
        drivers[row["number"]] = row["driver_key"]
    return drivers
