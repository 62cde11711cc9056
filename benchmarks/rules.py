"""Reports through all rules, against the plain oracle; the zone index against shapely's tree."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from benchmarks.fleet_map import EAST, NORTH, SOUTH, WEST, grid_roads, star_zones
from benchmarks.fleet_reports import Fleet
from benchmarks.history import alone_and_together
from benchmarks.naive_rules import NaiveRules
from benchmarks.plain_oracle import PlainOracle
from geo.road_table import RoadTable
from geo.zones import ZoneSet
from rules.engine import Engine
from rules.rulebook import default_rulebook
from rules.warm_up import warm_up

VEHICLES = 200_000
SNAPSHOT_VEHICLES = 50_000
ZONES = 1_000
MANY_ZONES = 10_000
TURNS_BEFORE = 3  # reports of each vehicle before anything is timed: what is open then is open
BLOCKS = {20_000: 30, 1_000: 200}
NAIVE_REPORTS = 20_000
ORACLE_VEHICLES, ORACLE_TURNS, ORACLE_S = 200, 40, 5.0


def run() -> dict[str, Any]:
    """Rates in reports a second on one core, and their ratios to the baselines of the same run."""
    warm_up()
    roads = grid_roads()
    measured: dict[str, Any] = {"vehicles": VEHICLES, "roads": len(roads)}
    measured |= _baselines()
    for count in (ZONES, MANY_ZONES):
        measured |= _of_zones(count, roads, measured)
    return measured | _snapshot(roads) | alone_and_together(roads, ZONES) | _zone_queries()


def _of_zones(count: int, roads: RoadTable, baselines: dict[str, Any]) -> dict[str, Any]:
    fleet = Fleet(VEHICLES)
    zones = star_zones(count)
    began_s = time.process_time()
    places = ZoneSet(zones, fleet.routes(), roads)
    measured: dict[str, Any] = {f"zones_{count}_index_s": time.process_time() - began_s}
    engine = _on_the_road(places, fleet)
    for rows, blocks in BLOCKS.items():
        timed = _timed(engine, fleet, rows, blocks)
        name = f"zones_{count}_block_{rows}"
        measured |= {f"{name}_{key}": value for key, value in timed.told().items()}
        for baseline in ("oracle", "naive"):
            ratio = timed.rate / baselines[f"{baseline}_reports_per_s"]
            measured[f"{name}_ratio_to_{baseline}"] = ratio
    measured[f"zones_{count}_state_bytes_per_vehicle"] = engine.state_bytes / engine.vehicles
    return measured | _without_roads(count)


def _without_roads(count: int) -> dict[str, float]:
    """The same where neither a road table nor routes have been given, as before any map was imported."""
    fleet, measured = Fleet(VEHICLES), {}
    engine = _on_the_road(ZoneSet(star_zones(count)), fleet)
    for rows, blocks in BLOCKS.items():
        timed = _timed(engine, fleet, rows, blocks)
        measured[f"zones_{count}_block_{rows}_without_roads_reports_per_s"] = timed.rate
    return measured


def _on_the_road(places: ZoneSet, fleet: Fleet) -> Engine:
    """An engine that knows every vehicle of a fleet by some reports."""
    engine = Engine(default_rulebook(), places)
    for block in fleet.blocks(min(20_000, fleet.vehicles), TURNS_BEFORE * fleet.vehicles):
        engine.process(block)
    return engine


@dataclass(slots=True)
class Timed:
    """What some blocks took: the engine alone, and making its changes objects."""

    reports: int = 0
    changes: int = 0
    block_s: list[float] = field(default_factory=list)
    object_s: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Reports a second to columns of findings."""
        return self.reports / sum(self.block_s)

    def told(self) -> dict[str, float]:
        """As the benchmark prints it."""
        both_s = np.array(self.block_s) + np.array(self.object_s)
        p50, p99 = np.percentile(self.block_s, [50, 99]) * 1000
        p50_objects, p99_objects = np.percentile(both_s, [50, 99]) * 1000
        return {
            "reports_per_s": self.rate,
            "reports_per_s_with_objects": self.reports / float(both_s.sum()),
            "p50_ms": float(p50),
            "p99_ms": float(p99),
            "p50_ms_with_objects": float(p50_objects),
            "p99_ms_with_objects": float(p99_objects),
            "findings_per_1000_reports": 1000 * self.changes / self.reports,
        }


def _timed(engine: Engine, fleet: Fleet, rows: int, blocks: int) -> Timed:
    timed = Timed()
    for block in fleet.blocks(rows, blocks * rows):
        began_s = time.process_time()
        outcome = engine.process(block)
        between_s = time.process_time()
        timed.changes += len(list(outcome.changes))
        timed.object_s.append(time.process_time() - between_s)
        timed.block_s.append(between_s - began_s)
        timed.reports += rows
    return timed


def _baselines() -> dict[str, float]:
    """The plain oracle of the tests, and a loop over three rules with shapely's tree."""
    zones = star_zones(ZONES)
    fleet = Fleet(ORACLE_VEHICLES)
    oracle = PlainOracle(zones, fleet.routes())
    naive, crowd = NaiveRules(zones), Fleet(NAIVE_REPORTS)
    naive.process(crowd.block(NAIVE_REPORTS))
    block = crowd.block(NAIVE_REPORTS)
    began_s = time.process_time()
    naive.process(block)
    naive_s = time.process_time() - began_s
    return {
        "oracle_reports_per_s": oracle.rate(fleet.block(ORACLE_VEHICLES * ORACLE_TURNS), ORACLE_S),
        "naive_reports_per_s": len(block) / naive_s,
    }


def _snapshot(roads: RoadTable) -> dict[str, float]:
    fleet = Fleet(SNAPSHOT_VEHICLES)
    places = ZoneSet(star_zones(ZONES), fleet.routes(), roads)
    engine = _on_the_road(places, fleet)
    began_s = time.process_time()
    data = engine.snapshot()
    written_s = time.process_time()
    Engine.restore(default_rulebook(), places, data)
    return {
        "snapshot_vehicles": engine.vehicles,
        "snapshot_write_s": written_s - began_s,
        "snapshot_restore_s": time.process_time() - written_s,
        "snapshot_bytes_per_vehicle": len(data) / engine.vehicles,
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
            began_s = time.process_time()
            zones.query(x, y)
            between_s = time.process_time()
            tree.query(shapely.points(x, y), predicate="intersects")
            ours.append(between_s - began_s)
            theirs.append(time.process_time() - between_s)
        measured[f"zone_query_points_per_s_{count}"] = len(x) / min(ours)
        measured[f"zone_query_ratio_to_strtree_{count}"] = min(theirs) / min(ours)
    return measured
