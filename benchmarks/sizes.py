"""What a report takes: bytes in the log, on the disk with its index, in a worker while late ones may come.

Nothing is timed, so any machine gives the same. The fleet is that of stage `rules`: names of drivers in 95 %,
recorder speeds in 60 %, and the usual additional items. Baseline: the numbers of a report written down one
after the other, without names, items or index.
"""

from __future__ import annotations

import asyncio

import asyncpg
import numpy as np

from benchmarks.fleet_reports import Fleet
from benchmarks.surroundings import durable_database
from geo.zones import ZoneSet
from rules.blocks import encode_block
from rules.reports import COLUMN_TYPES, Reports
from rules.rulebook import default_rulebook
from rules.timely import Timely
from stream.log_identity import LogIdentity
from stream.topics import TELEMETRY
from stream.worker import flush
from stream.worker.checkpoint import Advance, claim

VEHICLES = 10_000
BATCHES = 30
TEN_MINUTES = 20  # batches of one report of every vehicle
BLOCKS = (20, 200, 2_000)
ITEMS = bytes.fromhex("010400012345" + "03020258" + "300118" + "310109" + "2504000000ff")
PLAIN_BYTES = 8 + 8 + 2 * 4 + 2 * 2 + 2 + 2 * 4  # key, time, place, speeds, heading, bits


def run() -> dict[str, object]:
    """Bytes a report, by place."""
    reports = list(Fleet(VEHICLES).blocks(VEHICLES, VEHICLES * BATCHES))
    with durable_database() as dsn:
        table, index = asyncio.run(_stored(dsn, reports))
    tail = Reports.concat(reports)
    engine = Timely.new(default_rulebook(), ZoneSet())
    for one in reports[:TEN_MINUTES]:
        engine.process(one)
    return {
        **{f"log_bytes_at_{rows}_a_block": len(_block(reports[0], rows)) / rows for rows in BLOCKS},
        "table_bytes": table,
        "index_bytes": index,
        "worker_tail_bytes": sum(getattr(tail, name).nbytes for name in COLUMN_TYPES) / len(tail),
        "snapshot_bytes": len(engine.snapshot()) / engine.tail_rows,
        "baseline": "a report's numbers one after the other",
        "baseline_bytes": PLAIN_BYTES,
        "ratio": (table + index) / PLAIN_BYTES,
        "reports": len(tail),
    }


def _block(reports: Reports, rows: int) -> bytes:
    """A record of the topic `telemetry` as a gateway writes it."""
    some = reports.take(slice(rows))
    columns = {name: getattr(some, name) for name in COLUMN_TYPES}
    return encode_block(
        columns
        | {
            "vehicle_id": [f"JS-{number:06d}" for number in range(rows)],
            "driver_id": ["" if key == 0 else f"{key % 10**18:018d}" for key in some.driver_key.tolist()],
            "time": some.time_ms,
            "received": some.received_ms,
            "source": np.zeros(rows, np.uint8),
            "serial": np.arange(rows).astype(np.uint16),
            "items": [ITEMS] * rows,
        }
    )


async def _stored(dsn: str, batches: list[Reports]) -> tuple[float, float]:
    """Bytes a row of `tracks`: the table's and its index's."""
    connection = await asyncpg.connect(dsn)
    owned = await claim(connection, TELEMETRY, 0, LogIdentity("benchmark", ""), 0)
    for number, reports in enumerate(batches):
        advances = [Advance(0, owned.epoch, number + 1, None)]
        disposition = np.zeros(len(reports), np.uint8)
        await flush.write(connection, flush.Flush(reports, disposition, [], [], advances))
    table, index, rows = await connection.fetchrow(
        "SELECT sum(pg_table_size(relid)), sum(pg_indexes_size(relid)), (SELECT count(*) FROM tracks)"
        " FROM pg_partition_tree('tracks') WHERE isleaf"
    )
    await connection.close()
    return float(table / rows), float(index / rows)
