"""Reports that come too late for the running alerts: looked at from the stored track, filed, nothing taken
back."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from alerts.times import to_datetime
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


def record(offset: int, *rows: tuple[int, float], **said: Any) -> Record:
    made = [row(VEHICLE, second, speed) | said for second, speed in rows]
    if "alarms" in said:
        alarms = made[0].pop("alarms")
        for one in made[1:]:
            one.pop("alarms")
        made = [one | {"alarms": alarms if at == 0 else []} for at, one in enumerate(made)]
    return Record(NUMBER, offset, block(made))


def steady(begin: int, end: int, speed: float = 80.0) -> list[tuple[int, float]]:
    return [(second, speed) for second in range(begin, end, 10)]


async def read_with_late(
    pool: asyncpg.Pool, in_order: Sequence[Record], late: Sequence[Record]
) -> tuple[Life, History]:
    """A worker that read reports, some of which came after newer ones had been settled."""
    life = Life(pool)
    await life.start()
    await life.read(in_order)
    life.pipeline.partitions[NUMBER].engine._settle()
    await life.read(late)
    return life, History(pool, default_rulebook(), ZoneSet(), rest_s=0.0)


async def filed(pool: asyncpg.Pool, rule: str) -> list[tuple[object, ...]]:
    """Start and end in seconds, whether retrospective, whether unfounded."""
    rows = await pool.fetch(
        "SELECT (extract(epoch FROM start_at) - $2)::int AS start, (extract(epoch FROM end_at) - $2)::int,"
        " detail ->> 'retrospective' AS again, detail ->> 'unfounded' AS unfounded"
        " FROM alerts WHERE rule = $1 ORDER BY 1, 3 NULLS FIRST",
        *(rule, START_MS / 1000),
    )
    return [tuple(one) for one in rows]


async def test_a_missed_episode_is_filed_and_nothing_is_taken_back(pool: asyncpg.Pool) -> None:
    drive = [one for one in steady(50, 12_000) if not 100 <= one[0] <= 200]
    late = [(30, 80.0), *((second, 120.0) for second in range(100, 201, 10))]
    _, history = await read_with_late(
        pool,
        [record(0, (0, 110), (20, 110), (40, 110), (50, 80)), record(1, *drive)],
        [record(2, *late)],
    )
    assert await pool.fetchval("SELECT count(*) FROM late_windows") == 1
    assert await history.turn() == 1
    assert await filed(pool, "speeding") == [
        (0, 40, None, None),
        (0, 40, "true", "true"),
        (100, 200, "true", None),
    ]
    assert await history.turn() == 0
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'alerts'") >= 2


async def test_an_emergency_that_came_late_is_an_alert_without_waiting(pool: asyncpg.Pool) -> None:
    pressed = record(1, (1_000, 80), alarm_bits=1)
    _, _ = await read_with_late(pool, [record(0, *steady(0, 990), *steady(1_010, 4_000))], [pressed])
    assert await History(pool, default_rulebook(), ZoneSet(), rest_s=3600.0).turn() == 1
    assert await filed(pool, "emergency") == [(1_000, 1_000, "true", None)]
    assert await pool.fetchval("SELECT level FROM alerts WHERE rule = 'emergency'") == 1


async def test_who_drove_what_at_that_time_is_taken_not_who_does_now(pool: asyncpg.Pool) -> None:
    """80 km/h are no speeding for the truck it was; the hours are those of the driver it had."""
    drive = [one for one in steady(0, 16_000, 75.0) if not 5_000 <= one[0] <= 5_100]
    life, history = await read_with_late(pool, [record(0, *drive[:490])], [])
    await life.read([record(1, *drive[490:])])
    await pool.execute(
        "INSERT INTO vehicles VALUES ($1, $2, '1', 'p', 1, 'hazmat', 0, 'e', 'Other', 'a')",
        *(vehicle_key(VEHICLE), VEHICLE),
    )
    life.pipeline.partitions[NUMBER].engine._settle()
    await life.read([record(2, *steady(5_000, 5_101, 75.0))])
    assert await filed(pool, "continuous_driving") == [(0, None, None, None)]
    assert await history.turn() == 1
    assert await filed(pool, "continuous_driving") == [(0, None, None, None)]
    assert await filed(pool, "speeding") == []


async def test_the_hours_of_a_driver_lie_in_all_vehicles_he_drove(pool: asyncpg.Pool) -> None:
    """Three hours in another vehicle and then two in this one are over four, without a rest between."""
    life = Life(pool)
    await life.start()
    other = next(name for name in map(str, range(99)) if _number(name) != NUMBER)
    first = block([row(other, second, 75.0, "D") for second in range(0, 10_800, 30)])
    await life.read([Record(1 - NUMBER, 0, first)])
    drive = [row(VEHICLE, second, 75.0, "D") for second in range(10_800, 18_000, 30)]
    late = [one for one in drive if 12_000_000 <= int(str(one["time"])) - START_MS < 12_100_000]
    await life.read([Record(NUMBER, 0, block([one for one in drive if one not in late]))])
    life.pipeline.partitions[NUMBER].engine._settle()
    await pool.execute("DELETE FROM alerts")
    await life.read([Record(NUMBER, 1, block(late))])
    assert await History(pool, default_rulebook(), ZoneSet(), rest_s=0.0).turn() == 1
    [found] = await filed(pool, "continuous_driving")
    assert found == (0, None, "true", None)


def _number(name: str) -> int:
    return int(partition_of(vehicle_key(name), PARTITIONS))


async def test_the_rulebook_is_that_of_the_time(pool: asyncpg.Pool) -> None:
    """Under the first published rulebook 70 is too fast, under the second it is not."""
    for version, text, second in (
        ("slow", 'version = "slow"\nclass_limit_kmh = 60\n', -86_400),
        ("fast", 'version = "fast"\nclass_limit_kmh = 100\n', 2_000),
    ):
        await pool.execute("INSERT INTO rulebook_versions VALUES ($1, $2, '', now(), 't')", version, text)
        await pool.execute(
            "INSERT INTO rulebook_publishings VALUES ($1, $2)",
            *(to_datetime(START_MS + second * 1000), version),
        )
    late = [record(1, *steady(100, 201, 70.0), *steady(3_000, 3_101, 70.0))]
    _, history = await read_with_late(
        pool, [record(0, (0, 50), (300, 50), *steady(4_000, 6_000, 50.0))], late
    )
    assert await history.turn() == 1
    assert await filed(pool, "speeding") == [(100, 200, "true", None)]
    assert await pool.fetchval("SELECT rulebook_version FROM alerts WHERE rule = 'speeding'") == "slow"


async def test_an_alarm_of_a_camera_that_came_late_becomes_an_alert(pool: asyncpg.Pool) -> None:
    alarm = SimpleNamespace(
        peripheral=0x65, dialect=0, event=1, terminal_alarm_id=7, flag=0, level=2, degree=5, speed_kmh=80,
        longitude_deg=118.0, latitude_deg=32.1, time_ms=START_MS + 1_000_000, identifier=b"A" * 16,
        attachments=0, tyre_bits=-1, tyres=0,
    )  # fmt: skip
    late = record(1, (1_000, 80), alarms=[alarm])
    _, history = await read_with_late(pool, [record(0, *steady(0, 990), *steady(1_010, 4_000))], [late])
    assert await pool.fetchval("SELECT count(*) FROM track_alarms") == 1
    assert await history.turn() == 1
    [(start, _, again, _)] = await filed(pool, "dsm_fatigue")
    assert (start, again) == (1_000, "true")


async def test_a_window_is_looked_at_again_when_its_day_has_passed(pool: asyncpg.Pool) -> None:
    _, history = await read_with_late(pool, [record(0, *steady(0, 990), *steady(1_010, 4_000))], [])
    await pool.execute(
        "INSERT INTO late_windows (vehicle_key, vehicle_id, partition, from_at, to_at)"
        " VALUES ($1, $2, $3, now(), now())",
        *(vehicle_key(VEHICLE), VEHICLE, NUMBER),
    )
    assert await history.turn() == 1
    assert await pool.fetchval("SELECT again_at > now() + interval '1 day' FROM late_windows")
    assert await history.turn() == 0
