"""Reports through all rules, against the plain oracle; the zone index against shapely's tree."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import shapely

from benchmarks.fleet_reports import EAST, NORTH, SOUTH, START_MS, WEST, Fleet, star_zones
from benchmarks.naive_rules import NaiveRules
from geo.zones import ZoneSet
from rules.engine import Engine
from rules.history import recompute
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.warm_up import warm_up

VEHICLES = 200_000
SNAPSHOT_VEHICLES = 50_000
ZONES = 1_000
MANY_ZONES = 10_000
BLOCKS = 30  # blocks that are timed, after each vehicle has reported twice
NAIVE_REPORTS = 20_000
HISTORY_DAYS = 50


def run() -> dict[str, Any]:
    """Rates in reports a second on one core, and their ratios to the baselines of the same run."""
    warm_up()
    measured: dict[str, Any] = {"vehicles": VEHICLES}
    naive = _naive_rate(star_zones(ZONES))
    measured["naive_reports_per_s"] = naive
    for count in (ZONES, MANY_ZONES):
        zones = star_zones(count)
        began = time.process_time()
        zone_set = ZoneSet(zones)
        measured[f"zones_{count}_index_s"] = time.process_time() - began
        engine, fleet = _fleet_on_the_road(zone_set, VEHICLES)
        for rows in (20_000, 1_000):
            rate, p50_ms, p99_ms = _rate(engine, fleet, rows)
            name = f"zones_{count}_block_{rows}"
            measured[f"{name}_reports_per_s"] = rate
            measured[f"{name}_p50_ms"], measured[f"{name}_p99_ms"] = p50_ms, p99_ms
            measured[f"{name}_ratio_to_naive"] = rate / naive
        measured[f"zones_{count}_state_bytes_per_vehicle"] = engine.state_bytes / engine.vehicles
    return measured | _snapshot() | _history() | _zone_queries()


def _fleet_on_the_road(zones: ZoneSet, vehicles: int) -> tuple[Engine, Fleet]:
    """An engine that knows every vehicle of a fleet by two reports."""
    engine, fleet = Engine(default_rulebook(), zones), Fleet(vehicles)
    for block in fleet.blocks(20_000, 2 * vehicles):
        engine.process(block)
    return engine, fleet


def _rate(engine: Engine, fleet: Fleet, rows: int) -> tuple[float, float, float]:
    blocks = list(fleet.blocks(rows, BLOCKS * rows))
    times_s = []
    for block in blocks:
        began = time.process_time()
        engine.process(block)
        times_s.append(time.process_time() - began)
    p50, p99 = np.percentile(times_s, [50, 99]) * 1000
    return rows * len(blocks) / sum(times_s), float(p50), float(p99)


def _naive_rate(zones: list[Any]) -> float:
    naive, fleet = NaiveRules(zones), Fleet(NAIVE_REPORTS)
    naive.process(fleet.block(NAIVE_REPORTS))
    block = fleet.block(NAIVE_REPORTS)
    began = time.process_time()
    naive.process(block)
    return len(block) / (time.process_time() - began)


def _snapshot() -> dict[str, float]:
    zones = ZoneSet(star_zones(ZONES))
    engine, _ = _fleet_on_the_road(zones, SNAPSHOT_VEHICLES)
    began = time.process_time()
    data = engine.snapshot()
    written = time.process_time()
    Engine.restore(default_rulebook(), zones, data)
    return {
        "snapshot_write_s": written - began,
        "snapshot_restore_s": time.process_time() - written,
        "snapshot_bytes_per_vehicle": len(data) / engine.vehicles,
    }


def _history() -> dict[str, float]:
    """Days of vehicles that report every 30 s, looked at again, each by itself."""
    zones = ZoneSet(star_zones(ZONES))
    days = [_day(number) for number in range(HISTORY_DAYS)]
    recompute(default_rulebook(), zones, days[0])
    began = time.process_time()
    for day in days:
        recompute(default_rulebook(), zones, day)
    single_s = (time.process_time() - began) / len(days)
    together = Reports.concat(days)
    together = together.take(np.argsort(together.time_ms, kind="stable"))
    began = time.process_time()
    recompute(default_rulebook(), zones, together)
    return {
        "history_ms_per_vehicle_day": 1000 * single_s,
        "history_ms_per_vehicle_day_together": 1000 * (time.process_time() - began) / len(days),
    }


def _day(number: int) -> Reports:
    """A coach's day: ten hours of driving, with stops."""
    count = 24 * 120
    turn = np.arange(count)
    random = np.random.default_rng(number)
    drives = (turn % 480 < 400) & (turn < 1_500)
    way_deg = np.cumsum(drives) * 0.006
    return Reports.build(
        vehicle_key=np.full(count, number + 1),
        time_ms=START_MS + turn * 30_000,
        longitude_deg=WEST + way_deg % (EAST - WEST),
        latitude_deg=np.full(count, random.uniform(SOUTH, NORTH)),
        speed_kmh=np.where(drives, np.round(random.normal(70, 6, count).clip(10, 99), 1), 0.0),
        vehicle_class=np.full(count, 2),
    )


def _zone_queries() -> dict[str, float]:
    random = np.random.default_rng(3)
    x, y = random.uniform(WEST, EAST, 20_000), random.uniform(SOUTH, NORTH, 20_000)
    measured = {}
    for count in (ZONES, MANY_ZONES):
        zones = ZoneSet(star_zones(count))
        tree = shapely.STRtree([zone.polygon for zone in zones.zones])
        ours, theirs = [], []
        for _ in range(5):
            began = time.process_time()
            zones.query(x, y)
            between = time.process_time()
            tree.query(shapely.points(x, y), predicate="intersects")
            ours.append(between - began)
            theirs.append(time.process_time() - between)
        measured[f"zone_query_points_per_s_{count}"] = len(x) / min(ours)
        measured[f"zone_query_ratio_to_strtree_{count}"] = min(theirs) / min(ours)
    return measured
