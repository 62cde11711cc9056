"""Days of vehicles looked at again by several processes, and from the database; reports that come late."""

from __future__ import annotations

import asyncio
import io
import time
from typing import Any

import asyncpg
import numpy as np

from benchmarks import vehicle_days
from benchmarks.fleet_map import grid_roads, star_zones
from benchmarks.fleet_reports import Fleet
from benchmarks.vehicle_days import day_of
from geo.road_table import RoadTable
from geo.zones import ZoneSet
from rules.history import recompute
from rules.local_time import DAY_MS
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.timely import Timely
from stream.recompute.plan import BATCH_VEHICLES
from stream.stored_tracks import read_tracks

STORED_DAYS = 640

LATE_VEHICLES, LATE_BLOCK, LATE_BLOCKS, LATE_SHARE = 50_000, 20_000, 60, 0.01
_LATE_COST_SHARE = 0.1  # as stream.worker.lateness


def run() -> dict[str, Any]:
    """A vehicle-day by itself and in batches, all days by processes side by side and from a database, and
    reports that come late."""
    several = vehicle_days.run()
    return several | alone_and_together(grid_roads(), vehicle_days.ZONES) | _stored() | _late()


def alone_and_together(roads: RoadTable, zones: int, days: int = 64) -> dict[str, float]:
    """Milliseconds a vehicle-day takes by itself, and in batches as `haulwatch recompute` makes them."""
    places = ZoneSet(star_zones(zones), (), roads)
    every = [day_of(number) for number in range(days)]
    recompute(default_rulebook(), places, every[0])
    alone_s = []
    for day in every:
        began_s = time.process_time()
        recompute(default_rulebook(), places, day)
        alone_s.append(time.process_time() - began_s)
    batches = [
        Reports.concat(every[first : first + BATCH_VEHICLES]) for first in range(0, days, BATCH_VEHICLES)
    ]
    began_s = time.process_time()
    for batch in batches:
        recompute(default_rulebook(), places, batch)
    return {
        "history_ms_per_vehicle_day": 1000 * float(np.mean(alone_s)),
        "history_ms_per_vehicle_day_together": 1000 * (time.process_time() - began_s) / days,
    }


def _stored() -> dict[str, Any]:
    """The whole command over days in a database, the map and the start of its processes included."""
    from benchmarks.stored_days import stored_days
    from stream import recompute as command

    measured: dict[str, Any] = {"stored_vehicle_days": STORED_DAYS}
    with stored_days([day_of(number) for number in range(STORED_DAYS)]) as dsn:
        for processes in (1, 2):
            began_s = time.perf_counter()
            command.run(
                dsn,
                begin="2026-06-01",
                end="2026-06-02",
                processes=processes,
                stdout=io.StringIO(),
                stderr=io.StringIO(),
            )
            rate = STORED_DAYS / (time.perf_counter() - began_s)
            measured[f"recompute_command_vehicle_days_per_s_processes_{processes}"] = rate
        measured["recompute_command_ms_per_vehicle_day_of_reading"] = asyncio.run(_reading_ms(dsn))
    return measured


async def _reading_ms(dsn: str) -> float:
    """Milliseconds that reading a vehicle-day takes, by one process."""
    begin_ms = vehicle_days.MIDNIGHT_MS
    connection = await asyncpg.connect(dsn)
    try:
        began_s = time.perf_counter()
        for first in range(1, STORED_DAYS, BATCH_VEHICLES):
            keys = range(first, first + BATCH_VEHICLES)
            await read_tracks(connection, keys, begin_ms, begin_ms + DAY_MS, {})
        return 1000 * (time.perf_counter() - began_s) / STORED_DAYS
    finally:
        await connection.close()


def _late() -> dict[str, float]:
    """Reports a second through the worker's engine when one in a hundred comes a minute or two late."""
    rates = {}
    for share in (0.0, LATE_SHARE):
        fleet = Fleet(LATE_VEHICLES)
        engine = Timely.new(default_rulebook(), ZoneSet(star_zones(vehicle_days.ZONES)))
        for block in fleet.blocks(LATE_BLOCK, 2 * LATE_VEHICLES):
            engine.process(block)
        rates[share] = _late_rate(engine, fleet, share)
    return {
        "in_order_reports_per_s": rates[0.0],
        "late_1_percent_reports_per_s": rates[LATE_SHARE],
        "late_1_percent_ratio_to_in_order": rates[LATE_SHARE] / rates[0.0],
    }


def _late_rate(engine: Timely, fleet: Fleet, share: float) -> float:
    random = np.random.default_rng(5)
    held: list[Reports] = []
    due_s = spent_s = 0.0
    for block in fleet.blocks(LATE_BLOCK, LATE_BLOCK * LATE_BLOCKS):
        late = random.random(len(block)) < share
        held.append(block.take(late))
        parts = [block.take(~late)]
        if len(held) > 6:  # 15 s of a block each
            parts.append(held.pop(0))
        together = Reports.concat(parts)
        began_s = time.process_time()
        engine.process(together)
        if engine.late and began_s >= due_s:
            late_s = time.process_time()
            engine.late_changes()
            ended_s = time.process_time()
            due_s = ended_s + (ended_s - late_s) * (1 / _LATE_COST_SHARE - 1)
        spent_s += time.process_time() - began_s
    return LATE_BLOCK * LATE_BLOCKS / spent_s
