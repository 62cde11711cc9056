"""Drivers who change into vehicles of another partition: their alerts are those of one engine."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

import asyncpg
import pytest

from alerts.times import to_ms
from geo.zones import ZoneSet
from rules.history import recompute
from rules.hours import HOURS_RULES
from rules.identity import vehicle_key
from rules.local_time import DAY_MS, OFFSET_MS
from rules.rulebook import default_rulebook
from stream.driver_review import MOST_VEHICLES, Driven, DriverLook
from stream.worker import driver_hours
from stream.worker.driver_hours import Claim, DriverHours
from stream.worker.drivers_seen import NOBODY
from stream.worker.round import Record
from tests.worker.records import PARTITIONS, block
from tests.worker.shifts import (
    COACH,
    HOUR,
    TRUCK,
    Shift,
    delayed,
    partition,
    portions,
    random_shifts,
    reports_of,
    telemetry,
    vehicles,
)
from tests.worker.test_pipeline import Life, pool

__all__ = ["pool"]

pytestmark = pytest.mark.stack

#: Midnight in Shanghai some days ago: what is older than a week is told as it is found.
START_MS = (int(time.time() * 1000) + OFFSET_MS) // DAY_MS * DAY_MS - OFFSET_MS - 3 * DAY_MS
Alerts = set[tuple[int, str, int, int, int | None]]


class Centre:
    """A worker over all partitions, its looks at drivers, and a clock that goes with the reports."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.now_ms = START_MS
        self.life = Life(pool)
        self.hours = DriverHours(pool, default_rulebook(), clock_ms=lambda: self.now_ms)
        self.looks = 0
        self._offsets = dict.fromkeys(range(PARTITIONS), 0)

    async def read(self, rows: Sequence[dict[str, object]]) -> None:
        records = []
        for number in range(PARTITIONS):
            own = [one for one in rows if partition(str(one["vehicle_id"])) == number]
            if own:
                records.append(Record(number, self._offsets[number], block(own)))
                self._offsets[number] += 1
        if records:
            await self.life.read(records)

    async def look(self) -> None:
        while await self.hours.turn():
            self.looks += 1

    async def until(self, end_ms: int, every_s: int) -> None:
        while self.now_ms < end_ms:
            self.now_ms += every_s * 1000
            await self.look()


async def alerts(pool: asyncpg.Pool) -> Alerts:
    """What an operator sees, in seconds after the start."""
    rows = await pool.fetch(
        "SELECT vehicle_key, rule, extract(epoch FROM start_at)::float8 AS start,"
        " extract(epoch FROM found_at)::float8 AS found, extract(epoch FROM end_at)::float8 AS ended"
        " FROM alerts WHERE rule = ANY($1) AND detail ->> 'concerns' IS NULL"
        " AND detail ->> 'withdrawn' IS NULL",
        sorted(HOURS_RULES),
    )
    return {
        (one["vehicle_key"], one["rule"], *(_second(one[name]) for name in ("start", "found", "ended")))
        for one in rows
    }


def _second(epoch_s: float | None) -> int | None:
    return None if epoch_s is None else round(epoch_s) - START_MS // 1000


def expected(rows: Sequence[dict[str, object]]) -> Alerts:
    found = recompute(default_rulebook(), ZoneSet(), reports_of(rows))
    return {
        (
            one.vehicle_key,
            one.rule,
            *(_second(None if at is None else at / 1000) for at in (one.start_ms, one.found_ms, one.end_ms)),
        )
        for one in found
        if one.rule in HOURS_RULES
    }


async def relive(centre: Centre, rows: Sequence[dict[str, object]], chance: random.Random) -> None:
    """All reports as they come, with looks in between and a day after."""
    await centre.life.start()
    for end_ms, part in portions(rows, START_MS, 1_800):
        chance.shuffle(part)
        await centre.read(part)
        await centre.until(end_ms, 600)
    await centre.until(centre.now_ms + 24 * HOUR * 1000, HOUR)


@pytest.mark.parametrize("seed", range(3))
async def test_alerts_are_those_of_one_engine(pool: asyncpg.Pool, seed: int) -> None:
    chance = random.Random(seed)
    rows = telemetry(random_shifts(chance, 20), START_MS, chance, COACH if seed % 2 else TRUCK)
    centre = Centre(pool)
    await relive(centre, rows, chance)
    assert await alerts(pool) == expected(rows)
    assert centre.looks > 0


async def test_hours_of_a_vehicle_that_are_stored_late_count(pool: asyncpg.Pool) -> None:
    chance = random.Random(4)
    rows = telemetry(random_shifts(chance, 16, fleet=2), START_MS, chance)
    late = delayed(rows, vehicles(2)[0], 2 * HOUR)
    await relive(Centre(pool), late, chance)
    assert await alerts(pool) == expected(rows)


class Mortal(Centre):
    """Workers that die between any two steps of a look, come back late, or look both at once."""

    def __init__(self, pool: asyncpg.Pool, chance: random.Random) -> None:
        super().__init__(pool)
        self._chance = chance
        self._other = DriverHours(pool, default_rulebook(), clock_ms=lambda: self.now_ms)
        self._asleep: list[tuple[Claim, Driven, DriverLook, int]] = []

    async def look(self) -> None:
        for claim, driven, found, now_ms in self._asleep:
            await self._other.file(claim, driven, found, now_ms)
        self._asleep = []
        for _ in range(self._chance.randrange(4)):
            fate = self._chance.randrange(5)
            if fate == 0:
                await asyncio.gather(self.hours.turn(), self._other.turn())
            elif fate == 1:
                await self.hours.turn()
            elif claim := await self.hours.claim(self.now_ms):
                await self._die(claim, fate)

    async def _die(self, claim: Claim, fate: int) -> None:
        found = await self.hours.look(claim, self.now_ms)
        if fate == 2:
            self._asleep.append((claim, *found, self.now_ms))
        elif fate == 3:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(driver_hours.command_store, "issue_all", _interrupted)
                with pytest.raises(InterruptedError):
                    await self.hours.file(claim, *found, self.now_ms)


async def _interrupted(*_: object) -> None:
    raise InterruptedError


async def test_whoever_dies_and_whenever_alerts_are_the_same(pool: asyncpg.Pool) -> None:
    chance = random.Random(11)
    rows = telemetry(random_shifts(chance, 14), START_MS, chance, COACH)
    centre = Mortal(pool, chance)
    await relive(centre, rows, chance)
    await Centre.look(centre)
    assert await alerts(pool) == expected(rows)
    twice = "SELECT alert_id FROM alert_revisions GROUP BY alert_id, content HAVING count(*) > 1"
    assert await pool.fetch(twice) == []


def day_of_a_driver() -> list[dict[str, object]]:
    """Three hours in one vehicle, then four in one of another partition, in which he rests."""
    first, second = vehicles(2)
    shifts = [Shift(first, "D", 0, 3 * HOUR), Shift(second, "D", 3 * HOUR + 300, 4 * HOUR)]
    shifts.append(Shift(second, "D", 7 * HOUR + 300, HOUR, driving=0.0))
    return telemetry(shifts, START_MS, random.Random(0), step=60)


async def test_an_alert_of_this_moment_rings_once_and_the_driver_hears_it(pool: asyncpg.Pool) -> None:
    centre = Centre(pool)
    await centre.life.start()
    second = vehicles(2)[1]
    await pool.execute(
        "INSERT INTO vehicles VALUES ($1, $2, '1', 'p', 1, 'heavy_truck', 0, 'e', '', 'a')",
        *(vehicle_key(second), second),
    )
    rows = [one for one in day_of_a_driver() if int(str(one["time"])) < START_MS + 5 * HOUR * 1000]
    for end_ms, part in portions(rows, START_MS, 120):
        await centre.read(part)
        await centre.until(end_ms, 30)
    found = await pool.fetch("SELECT * FROM alerts WHERE rule = 'continuous_driving'")
    assert [(one["vehicle_id"], one["end_at"]) for one in found] == [(second, None)]
    assert to_ms(found[0]["start_at"]) == START_MS
    assert "retrospective" not in str(found[0]["detail"])
    said = await pool.fetch("SELECT dedup FROM commands WHERE dedup = $1", f"driver/{found[0]['alert_id']}")
    assert len(said) == 1
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE topic = 'alerts'") >= 2


async def test_a_driver_costs_some_looks_a_day(pool: asyncpg.Pool) -> None:
    """A limit, its pre-alarm, an end, and every four hours; less often the longer he is silent."""
    centre = Centre(pool)
    await centre.life.start()
    for end_ms, part in portions(day_of_a_driver(), START_MS, 600):
        await centre.read(part)
        await centre.until(end_ms, 60)
    await centre.until(START_MS + 24 * HOUR * 1000, 300)
    assert 5 < centre.looks < 30
    await centre.until(START_MS + 52 * HOUR * 1000, HOUR)
    assert await pool.fetchval("SELECT count(*) FROM drivers_seen WHERE look_at IS NOT NULL") == 0


async def test_a_name_of_a_whole_fleet_is_no_person(pool: asyncpg.Pool) -> None:
    shifts = [Shift(vehicle, "company", 0, 1_800) for vehicle in vehicles(MOST_VEHICLES + 1)]
    centre = Centre(pool)
    await centre.life.start()
    await centre.read(telemetry(shifts, START_MS, random.Random(0)))
    await centre.until(START_MS + HOUR * 1000, 600)
    assert centre.looks == 1
    assert await pool.fetchval("SELECT partition FROM drivers_seen") == NOBODY
