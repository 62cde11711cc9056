"""Days of vehicles looked at again by several processes, and from the database; reports that come late."""

from __future__ import annotations

import io
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

from benchmarks.fleet_map import grid_roads, line_place, road_limit_kmh, star_zones
from benchmarks.fleet_reports import Fleet
from geo.road_table import RoadTable
from geo.zones import ZoneSet
from rules.history import recompute
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.timely import Timely
from rules.warm_up import warm_up

DAYS, MOST_S = 20_000, 60.0  # of one process; a slow machine does fewer days
STORED_DAYS = 640
BATCH = 32  # as `haulwatch recompute` takes them (stream.recompute.plan.BATCH_VEHICLES)
ZONES = 1_000
REPORTS_A_DAY = 24 * 120
MIDNIGHT_MS = 1_780_243_200_000  # 2026-06-01 in Shanghai

LATE_VEHICLES, LATE_BLOCK, LATE_BLOCKS, LATE_SHARE = 50_000, 20_000, 60, 0.01
_LATE_COST_SHARE = 0.1  # as stream.worker.lateness

_places: ZoneSet


def run() -> dict[str, Any]:
    """Vehicle-days a second with one process and with two, and what a million would take."""
    warm_up()
    measured: dict[str, Any] = {"vehicle_days": DAYS, "reports_a_day": REPORTS_A_DAY, "zones": ZONES}
    for processes in (1, 2):
        rate = _in_processes(processes)
        measured[f"history_vehicle_days_per_s_processes_{processes}"] = rate
        measured[f"history_million_days_s_processes_{processes}"] = 1_000_000 / rate
    return measured | _stored() | _late()


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
    batches = [Reports.concat(every[first : first + BATCH]) for first in range(0, days, BATCH)]
    began_s = time.process_time()
    for batch in batches:
        recompute(default_rulebook(), places, batch)
    return {
        "history_ms_per_vehicle_day": 1000 * float(np.mean(alone_s)),
        "history_ms_per_vehicle_day_together": 1000 * (time.process_time() - began_s) / days,
    }


def day_of(number: int) -> Reports:
    """A coach's day on a road: ten hours of driving with stops, a driver by name, a recorder."""
    turn = np.arange(REPORTS_A_DAY)
    random = np.random.default_rng(number)
    line = random.integers(0, 180, 1)
    northward, place = (one[0] for one in line_place(line))
    drives = (turn % 480 < 400) & (turn < 1_500)
    low, span = (31.0, 4.0) if northward else (116.5, 5.0)
    way = (random.random() + np.cumsum(drives) * 0.00115) % 2
    along = low + span * np.where(way > 1, 2 - way, way)
    across = place + random.normal(0, 5e-5, REPORTS_A_DAY)
    heading = np.where(northward, 0, 90) + np.where(way > 1, 180, 0)
    usual_kmh = random.normal(0.68, 0.04) * min(80.0, float(road_limit_kmh(line)[0]))
    speed_kmh = np.where(drives, np.round(random.normal(usual_kmh, 2, REPORTS_A_DAY).clip(10, 99), 1), 0.0)
    return Reports.build(
        vehicle_key=np.full(REPORTS_A_DAY, number + 1),
        time_ms=MIDNIGHT_MS + turn * 30_000,
        longitude_deg=np.round(across if northward else along, 6),
        latitude_deg=np.round(along if northward else across, 6),
        speed_kmh=speed_kmh,
        heading_deg=heading,
        vehicle_class=np.full(REPORTS_A_DAY, 2),
        driver_key=np.full(REPORTS_A_DAY, number + 1_000_000),
        recorder_speed_kmh=speed_kmh,
    )


def _in_processes(processes: int) -> float:
    """Days a second of all processes together; what makes the days up is not counted."""
    share = DAYS // processes // BATCH * BATCH
    starts = [number * share for number in range(processes)]
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin) as pool:
        list(pool.map(_share, [0] * processes, [BATCH] * processes))
        shares = list(pool.map(_share, starts, [share] * processes))
    return sum(days for days, _ in shares) / max(taken_s for _, taken_s in shares)


def _begin() -> None:
    global _places
    _places = ZoneSet(star_zones(ZONES), (), grid_roads())


def _share(start: int, days: int) -> tuple[int, float]:
    """How many of its days one process did, beside the others, and the seconds it took for them."""
    done, taken_s = 0, 0.0
    for first in range(start, start + days, BATCH):
        batch = Reports.concat([day_of(number) for number in range(first, first + BATCH)])
        began_s = time.perf_counter()
        recompute(default_rulebook(), _places, batch)
        taken_s += time.perf_counter() - began_s
        done += BATCH
        if taken_s > MOST_S:
            break
    return done, taken_s


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
    return measured


def _late() -> dict[str, float]:
    """Reports a second through the worker's engine when one in a hundred comes a minute or two late."""
    rates = {}
    for share in (0.0, LATE_SHARE):
        fleet = Fleet(LATE_VEHICLES)
        engine = Timely.new(default_rulebook(), ZoneSet(star_zones(ZONES)))
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
