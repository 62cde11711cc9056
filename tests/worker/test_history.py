"""Reports that come too late for the running alerts: looked at from the stored track, filed, nothing taken
back."""

from __future__ import annotations

import asyncpg
import pytest

from geo.zones import ZoneSet
from rules.identity import partition_of, vehicle_key
from rules.rulebook import default_rulebook
from stream.worker.history import History
from stream.worker.round import Record
from tests.worker.records import PARTITIONS, START_MS, block, row
from tests.worker.test_pipeline import Life, pool

__all__ = ["pool"]

pytestmark = pytest.mark.stack

VEHICLE = "V"
NUMBER = int(partition_of(vehicle_key(VEHICLE), PARTITIONS))


def record(offset: int, *rows: tuple[int, float]) -> Record:
    return Record(NUMBER, offset, block([row(VEHICLE, second, speed) for second, speed in rows]))


async def test_a_missed_episode_is_filed_and_nothing_is_taken_back(pool: asyncpg.Pool) -> None:
    life = Life(pool)
    await life.start()
    steady = [(second, 80.0) for second in range(0, 12_000, 10) if not 100 <= second <= 200]
    await life.read([record(0, (0, 110), (20, 110), (40, 110), (50, 80)), record(1, *steady[5:])])
    engine = life.pipeline.partitions[NUMBER].engine
    engine._settle()
    late = [(second, 120.0) for second in range(100, 201, 10)]
    await life.read([record(2, (30, 80), *late)])
    assert await pool.fetchval("SELECT count(*) FROM late_windows") == 1
    history = History(pool, default_rulebook(), ZoneSet(), rest_s=0.0)
    assert await history.turn() == 1
    rows = await pool.fetch(
        "SELECT extract(epoch FROM start_at)::bigint AS start, detail ->> 'retrospective' AS again,"
        " detail ->> 'unfounded' AS unfounded FROM alerts WHERE rule = 'speeding' ORDER BY 1, 2 NULLS FIRST"
    )
    begin = START_MS // 1000
    assert [tuple(one) for one in rows] == [
        (begin, None, None),
        (begin, "true", "true"),
        (begin + 100, "true", None),
    ]
    assert await history.turn() == 0
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'alerts'") >= 2
