"""The commit point: whatever dies and whenever, the database ends up the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence

import asyncpg
import pytest

from geo.zones import ZoneSet
from rules.rulebook import default_rulebook
from rules.timely import Timely
from stream.log_identity import LogIdentity
from stream.topics import TELEMETRY
from stream.worker.checkpoint import Claim, OwnershipLost, claim
from stream.worker.pipeline import Pipeline, PipelineSettings
from stream.worker.round import Record
from tests.worker.records import PARTITIONS, block, drive, log_of, row

pytestmark = pytest.mark.stack

LOG = LogIdentity("cluster", "first")
VEHICLES = [f"V{n}" for n in range(8)]


def make_engine(snapshot: bytes | None) -> Timely:
    if snapshot is None:
        return Timely.new(default_rulebook(), ZoneSet())
    return Timely.restore(default_rulebook(), ZoneSet(), snapshot)


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while True:
            if ready():
                return
            await asyncio.sleep(0.002)


async def ended(rounds: asyncio.Task[None]) -> None:
    """End rounds before others begin, which would share their queue."""
    rounds.cancel()
    await asyncio.wait([rounds], timeout=60)
    assert rounds.done()


class Life:
    """One worker's life: claims all partitions, reads the log from where it is told, may end anywhere."""

    def __init__(self, pool: asyncpg.Pool, snapshot_interval_s: float = 0.0) -> None:
        self.sought: list[tuple[int, int]] = []
        self.pipeline = Pipeline(
            pool,
            make_engine,
            PipelineSettings(round_rows=20, snapshot_interval_s=snapshot_interval_s),
            seek=self._seek,
        )
        self._pool = pool

    async def _seek(self, partition: int, offset: int) -> None:
        self.sought.append((partition, offset))

    async def start(self, identity: LogIdentity = LOG) -> dict[int, int]:
        return await self.pipeline.reassign(lambda: self._claim(identity))

    async def _claim(self, identity: LogIdentity) -> list[Claim]:
        async with self._pool.acquire() as connection:
            return [await claim(connection, TELEMETRY, n, identity, 0) for n in range(PARTITIONS)]

    async def read(self, records: Sequence[Record]) -> None:
        """Hand over records and wait until all are committed."""
        rounds = asyncio.create_task(self.pipeline.run())
        for record in records:
            await self.pipeline.put(record)
        wanted = {record.partition: record.offset + 1 for record in records}
        partitions = self.pipeline.partitions
        await until(
            lambda: rounds.done() or all(partitions[n].written_offset >= to for n, to in wanted.items())
        )
        if rounds.done():
            rounds.result()
        await ended(rounds)

    async def wait(self, ready: Callable[[], bool]) -> None:
        """Let rounds go by without records."""
        rounds = asyncio.create_task(self.pipeline.run())
        await until(lambda: rounds.done() or ready())
        await ended(rounds)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database, min_size=1, max_size=3) as pool:
        yield pool


async def stored(pool: asyncpg.Pool) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Tracks and alerts, without what may differ between two runs (revision order)."""
    tracks = await pool.fetch("SELECT vehicle_key, time, speed_kmh, digest FROM tracks ORDER BY 1, 2, 4")
    alerts = await pool.fetch(
        "SELECT alert_id, vehicle_id, rule, start_at, found_at, end_at, detail FROM alerts ORDER BY 1"
    )
    return [tuple(one) for one in tracks], [tuple(one) for one in alerts]


def interleaved(log: dict[int, list[Record]]) -> list[Record]:
    return sorted((one for records in log.values() for one in records), key=lambda one: one.offset)


async def test_every_report_and_every_alert_is_written_once(pool: asyncpg.Pool) -> None:
    life = Life(pool)
    assert await life.start() == {0: 0, 1: 0}
    await life.read(interleaved(log_of(VEHICLES)))
    tracks, alerts = await stored(pool)
    assert len(tracks) == len(set(tracks)) == 60 * len(VEHICLES)
    assert sorted(alert[1] for alert in alerts) == VEHICLES
    assert {alert[2] for alert in alerts} == {"speeding"}
    assert await pool.fetchval("SELECT count(*) FROM outbox") > 0


@pytest.mark.parametrize("seed", range(4))
async def test_deaths_at_random_records_change_nothing(pool: asyncpg.Pool, seed: int) -> None:
    random_ = random.Random(seed)
    log = log_of(VEHICLES, rows_a_block=random_.choice([1, 5, 20]))
    for _ in range(6):
        life = Life(pool, snapshot_interval_s=random_.choice([0.0, 1000.0]))
        positions = await life.start()
        rest = [one for one in interleaved(log) if one.offset >= positions[one.partition]]
        await life.read(rest[: random_.randrange(len(rest) + 1)])
    life = Life(pool)
    positions = await life.start()
    await life.read([one for one in interleaved(log) if one.offset >= positions[one.partition]])
    tracks, alerts = await stored(pool)
    assert len(tracks) == len(set(tracks)) == 60 * len(VEHICLES)
    assert sorted(alert[1] for alert in alerts) == VEHICLES
    ended = await pool.fetchval("SELECT count(*) FROM alerts WHERE end_at IS NOT NULL")
    assert ended == len(VEHICLES)
    kinds = await pool.fetch("SELECT kind, count(*) FROM alert_revisions GROUP BY 1")
    counts = {one["kind"]: one["count"] for one in kinds}
    assert counts["open"] == counts["close"] == len(VEHICLES)


async def test_the_second_owner_locks_the_first_out(pool: asyncpg.Pool) -> None:
    records = interleaved(log_of(VEHICLES))
    zombie, owner = Life(pool), Life(pool)
    await zombie.start()
    await zombie.read(records[:4])
    await owner.start()
    with pytest.raises(OwnershipLost):
        await zombie.read(records[4:8])
    await owner.read(records)
    tracks, _ = await stored(pool)
    assert len(tracks) == 60 * len(VEHICLES)


async def test_a_new_log_is_read_from_its_start(pool: asyncpg.Pool) -> None:
    log = log_of(VEHICLES)
    first = Life(pool)
    await first.start()
    await first.read(interleaved(log)[:20])
    second = Life(pool)
    assert await second.start(LogIdentity("cluster", "second")) == {0: 0, 1: 0}
    await second.read(interleaved(log))
    tracks, alerts = await stored(pool)
    assert len(tracks) == len(set(tracks)) == 60 * len(VEHICLES)
    assert sorted(alert[1] for alert in alerts) == VEHICLES


async def test_repeated_reports_are_stored_once_and_late_ones_too(pool: asyncpg.Pool) -> None:
    rows = drive("V1")
    disordered = [*rows[:10], rows[3], rows[12], rows[11], rows[10], rows[9], *rows[13:20], rows[5]]
    life = Life(pool)
    await life.start()
    partition = next(n for n, records in log_of(["V1"]).items() if records)
    await life.read([Record(partition, n, block([one])) for n, one in enumerate(disordered)])
    tracks, _ = await stored(pool)
    assert len(tracks) == len(set(tracks)) == 20


async def test_two_reports_of_one_second_are_both_kept(pool: asyncpg.Pool) -> None:
    life = Life(pool)
    await life.start()
    await life.read([Record(0, 0, block([row("V1", 1, 50.0), row("V1", 1, 51.0), row("V1", 1, 50.0)]))])
    tracks, _ = await stored(pool)
    assert sorted(track[2] for track in tracks) == [50.0, 51.0]


async def test_a_record_nobody_can_read_is_set_aside_whole(pool: asyncpg.Pool) -> None:
    life = Life(pool)
    await life.start()
    await life.read([Record(0, 0, b"not arrow"), Record(0, 1, block([row("V1", 1, 50.0)]))])
    (letter,) = await pool.fetch("SELECT * FROM dead_letters")
    assert (letter["partition"], letter["record_offset"], letter["value"]) == (0, 0, b"not arrow")
    assert letter["reason"]
    assert len((await stored(pool))[0]) == 1


async def test_a_missing_record_is_sought_once_then_taken_for_a_hole(pool: asyncpg.Pool) -> None:
    life = Life(pool)
    await life.start()
    records = [Record(0, n, block([row("V1", n, 50.0)])) for n in range(4)]
    await life.read(records[:1])
    rounds = asyncio.create_task(life.pipeline.run())
    await life.pipeline.put(records[2])
    await until(lambda: bool(life.sought))
    await ended(rounds)
    assert life.sought == [(0, 1)]
    await life.read(records[2:])
    assert life.sought == [(0, 1)]
    assert len((await stored(pool))[0]) == 3


@pytest.mark.parametrize("driver", ["", "one at all wheels, which makes reports late"])
async def test_a_clean_stop_leaves_nothing_to_read_again(pool: asyncpg.Pool, driver: str) -> None:
    log = log_of(VEHICLES, driver=driver)
    life = Life(pool, snapshot_interval_s=1000.0)
    await life.start()
    await life.read(interleaved(log))
    await life.pipeline.stop()
    await life.pipeline.write_snapshots()
    assert await Life(pool).start() == {number: len(records) for number, records in log.items()}
