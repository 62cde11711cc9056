"""Reports through all rules, against a plain loop; the zone index against shapely's tree."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import shapely

from benchmarks.fleet_reports import EAST, NORTH, SOUTH, WEST, Fleet, star_zones
from benchmarks.naive_rules import NaiveRules
from geo.zones import ZoneSet
from rules.engine import Engine
from rules.rulebook import default_rulebook

VEHICLES = 50_000
ZONES = 1_000
MANY_ZONES = 10_000
TURNS = 5  # reports of each vehicle that are timed, after two that are not


def run() -> dict[str, Any]:
    """Rates in reports a second on one core, and their ratios to the baselines of the same run."""
    measured: dict[str, Any] = {"vehicles": VEHICLES, "zones": ZONES}
    zones = star_zones(ZONES)
    naive = _naive_rate(zones)
    measured["naive_reports_per_s"] = naive
    for rows in (20_000, 1_000):
        rate, p50_ms, p99_ms, engine = _engine_rate(zones, rows)
        measured[f"block_{rows}_reports_per_s"] = rate
        measured[f"block_{rows}_p50_ms"], measured[f"block_{rows}_p99_ms"] = p50_ms, p99_ms
        measured[f"block_{rows}_ratio_to_naive"] = rate / naive
    return measured | _snapshot(engine, zones) | _zone_queries()


def _engine_rate(zones: list[Any], rows: int) -> tuple[float, float, float, Engine]:
    engine, fleet = Engine(default_rulebook(), ZoneSet(zones)), Fleet(VEHICLES)
    for block in fleet.blocks(rows, 2 * VEHICLES):
        engine.process(block)
    blocks = list(fleet.blocks(rows, TURNS * VEHICLES))
    times_s = []
    for block in blocks:
        began = time.process_time()
        engine.process(block)
        times_s.append(time.process_time() - began)
    p50, p99 = np.percentile(times_s, [50, 99]) * 1000
    return rows * len(blocks) / sum(times_s), float(p50), float(p99), engine


def _naive_rate(zones: list[Any]) -> float:
    naive, fleet = NaiveRules(zones), Fleet(VEHICLES)
    naive.process(fleet.block(VEHICLES))
    block = fleet.block(VEHICLES)
    began = time.process_time()
    naive.process(block)
    return len(block) / (time.process_time() - began)


def _snapshot(engine: Engine, zones: list[Any]) -> dict[str, float]:
    zone_set = ZoneSet(zones)
    began = time.process_time()
    data = engine.snapshot()
    written = time.process_time()
    Engine.restore(default_rulebook(), zone_set, data)
    return {
        "snapshot_write_s": written - began,
        "snapshot_restore_s": time.process_time() - written,
        "snapshot_bytes_per_vehicle": len(data) / engine.vehicles,
        "state_bytes_per_vehicle": engine.state_bytes / engine.vehicles,
    }


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
