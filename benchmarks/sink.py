"""The sink: rows a second through a whole flush transaction (tracks, checkpoint), against a bare binary COPY.

Both write the same rows into tables of the same shape with the same unique index, in turn, on one connection
of one server with its durability on.
"""

from __future__ import annotations

import asyncio
import statistics
import time

import asyncpg
import numpy as np

from benchmarks.surroundings import durable_database
from rules.reports import Reports
from stream.log_identity import LogIdentity
from stream.topics import TELEMETRY
from stream.worker import flush, tracks
from stream.worker.checkpoint import Advance, claim

BATCH_ROWS = 10_000
ROUNDS = 15
VEHICLES = 5_000


def run() -> dict[str, object]:
    """Medians over the rounds."""
    with durable_database() as dsn:
        flush_s, copy_s = asyncio.run(measure(dsn))
    ours, baseline = (BATCH_ROWS / statistics.median(times) for times in (flush_s, copy_s))
    return {
        "rows_per_s": ours,
        "baseline": "bare binary COPY",
        "baseline_rows_per_s": baseline,
        "ratio": ours / baseline,
        "batch_rows": BATCH_ROWS,
        "rounds": ROUNDS,
        "flush_ms_median": 1000 * statistics.median(flush_s),
        "flush_ms_max": 1000 * max(flush_s),
    }


async def measure(dsn: str) -> tuple[list[float], list[float]]:
    """Seconds of each flush and of each bare copy, in turn."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE bare (LIKE tracks)")
    await connection.execute("CREATE UNIQUE INDEX ON bare (vehicle_key, time DESC, digest)")
    owned = await claim(connection, TELEMETRY, 0, LogIdentity("benchmark", ""), 0)
    flush_s, copy_s = [], []
    fresh = np.zeros(BATCH_ROWS, np.uint8)
    for number in range(ROUNDS):
        reports = _batch(number)
        started_s = time.perf_counter()
        advances = [Advance(0, owned.epoch, number + 1, None)]
        await flush.write(connection, flush.Flush(reports, fresh, [], [], advances))
        flush_s.append(time.perf_counter() - started_s)

        data = tracks.copy_rows(reports, fresh)
        started_s = time.perf_counter()
        await connection.copy_to_table("bare", source=data, columns=tracks.COLUMNS, format="binary")
        copy_s.append(time.perf_counter() - started_s)
    await connection.close()
    return flush_s, copy_s


def _batch(number: int) -> Reports:
    """Reports of a fleet, two a vehicle, later from batch to batch."""
    random = np.random.default_rng(number)
    vehicle = np.tile(np.arange(VEHICLES, dtype=np.int64), BATCH_ROWS // VEHICLES)
    now_ms = int(time.time() * 1000)
    time_ms = now_ms + number * 60_000 + np.arange(BATCH_ROWS) // VEHICLES * 30_000
    return Reports.build(
        vehicle_key=vehicle * 1_000_003,
        time_ms=time_ms,
        longitude_deg=116.5 + 5 * random.random(BATCH_ROWS),
        latitude_deg=31.0 + 4 * random.random(BATCH_ROWS),
        speed_kmh=random.integers(0, 1000, BATCH_ROWS) / 10,
    )
