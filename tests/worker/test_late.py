"""Late reports in a running worker: alerts become those of the sorted stream, and none is taken back that
somebody has handled."""

from __future__ import annotations

import asyncpg
import pytest

from rules.identity import partition_of, vehicle_key
from stream.worker.round import Record
from tests.worker.records import PARTITIONS, block, row
from tests.worker.test_pipeline import Life, pool

__all__ = ["pool"]

pytestmark = pytest.mark.stack

VEHICLE = "V"
NUMBER = int(partition_of(vehicle_key(VEHICLE), PARTITIONS))


def record(offset: int, *rows: tuple[int, float]) -> Record:
    return Record(NUMBER, offset, block([row(VEHICLE, second, speed) for second, speed in rows]))


async def alerts(pool: asyncpg.Pool) -> list[tuple[object, ...]]:
    rows = await pool.fetch(
        "SELECT rule, extract(epoch FROM end_at - start_at)::int AS lasted,"
        " detail ->> 'withdrawn' AS withdrawn,"
        " detail ->> 'retrospective' AS retrospective FROM alerts WHERE rule = 'speeding' ORDER BY 1, 2, 3"
    )
    return [tuple(one) for one in rows]


async def read(life: Life, *records: Record) -> None:
    await life.read(records)
    partition = life.pipeline.partitions[NUMBER]
    if partition.engine.late:
        await life.wait(lambda: not partition.engine.late)


async def test_late_reports_make_the_alert_of_the_sorted_stream(pool: asyncpg.Pool) -> None:
    life = Life(pool)
    await life.start()
    await read(life, record(0, (0, 110), (60, 80)))
    assert await alerts(pool) == []
    await read(life, record(1, (20, 110), (40, 110)))
    assert await alerts(pool) == [("speeding", 40, None, None)]


async def test_an_alert_nobody_handled_is_withdrawn(pool: asyncpg.Pool) -> None:
    life = Life(pool)
    await life.start()
    await read(life, record(0, (0, 110), (20, 110), (40, 110)))
    await read(life, record(1, (30, 80)))
    assert await alerts(pool) == [("speeding", 40, "true", None)]
    await read(life, record(2, (60, 110), (80, 110)))
    assert await alerts(pool) == [("speeding", 40, "true", None), ("speeding", None, None, None)]


async def test_an_alert_somebody_handled_stays(pool: asyncpg.Pool) -> None:
    life = Life(pool)
    await life.start()
    await read(life, record(0, (0, 110), (20, 110), (40, 110)))
    await pool.execute("UPDATE alerts SET acknowledged_at = now(), acknowledged_by = 'me'")
    await read(life, record(1, (30, 80)))
    found = await alerts(pool)
    assert sorted(found, key=str) == [("speeding", 40, "true", "true"), ("speeding", None, None, None)]


async def test_a_restart_between_forgets_nothing(pool: asyncpg.Pool) -> None:
    life = Life(pool)
    await life.start()
    await read(life, record(0, (0, 110), (60, 80)))
    await read(life, record(1, (20, 110)))
    second = Life(pool)
    assert (await second.start())[NUMBER] <= 2
    await read(second, record(2, (40, 110)))
    assert await alerts(pool) == [("speeding", 40, None, None)]
