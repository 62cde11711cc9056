"""Drivers who change into vehicles of another partition: their alerts are those of one engine over everything."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

import asyncpg
import pytest

from geo.zones import ZoneSet
from rules.history import recompute
from rules.hours import HOURS_RULES
from rules.local_time import DAY_MS, OFFSET_MS
from rules.rulebook import default_rulebook
from stream.worker.driver_hours import DriverHours
from stream.worker.round import Record
from tests.worker.records import PARTITIONS, block
from tests.worker.shifts import COACH, HOUR, TRUCK, partition, portions, random_shifts, reports_of, telemetry
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


@pytest.mark.parametrize("seed", range(6))
async def test_alerts_are_those_of_one_engine(pool: asyncpg.Pool, seed: int) -> None:
    chance = random.Random(seed)
    shifts = random_shifts(chance, 20)
    rows = telemetry(shifts, START_MS, chance, COACH if seed % 2 else TRUCK)
    centre = Centre(pool)
    await centre.life.start()
    for end_ms, part in portions(rows, START_MS, 1_800):
        chance.shuffle(part)
        await centre.read(part)
        await centre.until(end_ms, 600)
    assert await alerts(pool) == expected(rows)
    await centre.until(centre.now_ms + 24 * HOUR * 1000, HOUR)
    assert await alerts(pool) == expected(rows)
