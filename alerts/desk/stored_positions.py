"""The newest stored report of each vehicle, to begin with after a start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy as np

from alerts.desk.database import Database
from alerts.times import to_ms
from rules.reports import Reports

CHUNK_VEHICLES = 2_000
"""Vehicles asked for in one query: some tens of milliseconds each, so that other work goes on in between."""

WINDOWS_DAYS = (1, 7, 31, None)
"""Looked at from the newest on: nearly every vehicle is found in the first days, and only for the others are
the many partitions of older days probed."""

_QUERY = """
SELECT v.vehicle_key, t.time, t.received_at, t.longitude_deg, t.latitude_deg, t.speed_kmh, t.heading_deg,
       t.altitude_m, t.alarm_bits, t.status_bits
FROM unnest($1::bigint[]) AS v (vehicle_key) CROSS JOIN LATERAL (
    SELECT * FROM tracks
    WHERE tracks.vehicle_key = v.vehicle_key AND time >= $2 AND time < $3 AND disposition < 4
    ORDER BY time DESC LIMIT 1) t
"""


async def newest_positions(
    database: Database, vehicle_keys: Sequence[int], now: datetime | None = None
) -> AsyncIterator[Reports]:
    """Reports of the vehicles that have any, some thousand at a time. Raises ``DatabaseAway``."""
    now = now or datetime.now(UTC)
    missing = list(vehicle_keys)
    until = datetime.max.replace(tzinfo=UTC)
    for days in WINDOWS_DAYS:
        since = now - timedelta(days=days) if days else datetime(2000, 1, 1, tzinfo=UTC)
        found: set[int] = set()
        for start in range(0, len(missing), CHUNK_VEHICLES):
            rows = await database.fetch(_QUERY, missing[start : start + CHUNK_VEHICLES], since, until)
            found.update(row["vehicle_key"] for row in rows)
            yield _reports(rows)
        missing = [key for key in missing if key not in found]
        until = since


def _reports(rows: list[asyncpg.Record]) -> Reports:
    columns = {
        name: [row[name] for row in rows]
        for name in ("vehicle_key", "longitude_deg", "latitude_deg", "speed_kmh", "heading_deg", "altitude_m")
    }
    return Reports.build(
        **columns,
        time_ms=[to_ms(row["time"]) for row in rows],
        received_ms=[to_ms(row["received_at"]) for row in rows],
        alarm_bits=[row["alarm_bits"] for row in rows],
        status_bits=np.array([row["status_bits"] for row in rows], "u4"),
    )
