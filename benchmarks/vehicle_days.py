"""Days of vehicles judged by processes side by side, partition after partition: how many a second, and in how
much memory."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fleet_map import grid_roads, line_place, road_limit_kmh, star_zones
from geo.zones import ZoneSet
from rules.history import recompute
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.warm_up import warm_up
from stream.recompute.plan import BATCH_VEHICLES

#: Of the run by several processes; a million of them take half an hour on two cores.
DAYS = int(os.environ.get("BENCHMARK_VEHICLE_DAYS", "20000"))
PROCESSES = len(os.sched_getaffinity(0))
PARTITIONS = 12
ZONES = 1_000
REPORTS_A_DAY = 24 * 120
MIDNIGHT_MS = 1_780_243_200_000  # 2026-06-01 in Shanghai

#: One process alone does as many days as this takes, which is enough for its rate.
BASELINE_S = 60.0
#: Days between two reports of progress of a process: a second or two, and two batches at least.
_CHUNK = 8 * BATCH_VEHICLES
#: Chunks handed to each process ahead, so that none waits.
_AHEAD = 2
_PROGRESS_S = 30.0
_MIB = 1 << 20

_places: ZoneSet


@dataclass(frozen=True, slots=True)
class Done:
    """What a process did: days, episodes found in them, the seconds that took without making the days up, and
    the memory it then had."""

    process: int
    days: int
    episodes: int
    spent_s: float
    resident_bytes: int


class Tally:
    """What all processes have done, and their memory at a quarter of the days and at the end."""

    def __init__(self, days: int) -> None:
        self._wanted = days
        self._newest: dict[int, int] = {}
        self.spent_s: dict[int, float] = {}
        self.days = self.episodes = 0
        self.quarter_bytes = 0

    def add(self, done: Done) -> None:
        """A chunk is done."""
        self.days += done.days
        self.episodes += done.episodes
        self.spent_s[done.process] = self.spent_s.get(done.process, 0.0) + done.spent_s
        self._newest[done.process] = done.resident_bytes
        if not self.quarter_bytes and 4 * self.days >= self._wanted:
            self.quarter_bytes = self.resident_bytes

    @property
    def resident_bytes(self) -> int:
        """Of all processes together, as each said last."""
        return sum(self._newest.values())

    @property
    def days_per_s(self) -> float:
        """Of all processes together while they judge."""
        return self.days / max(self.spent_s.values())


def run() -> dict[str, Any]:
    """Vehicle-days a second of one process, for a minute, and of all, for all days."""
    warm_up()
    alone = in_processes(1, DAYS, BASELINE_S)
    began_s = time.perf_counter()
    together = in_processes(PROCESSES, DAYS)
    return {
        "vehicle_days": together.days,
        "reports_a_day": REPORTS_A_DAY,
        "zones": ZONES,
        "partitions": PARTITIONS,
        "processes": PROCESSES,
        "episodes": together.episodes,
        "vehicle_days_of_one_process": alone.days,
        "vehicle_days_per_s_one_process": alone.days_per_s,
        "vehicle_days_per_s": together.days_per_s,
        "ratio_to_one_process": together.days_per_s / alone.days_per_s,
        "judging_s": max(together.spent_s.values()),
        "judging_and_making_up_s": time.perf_counter() - began_s,
        "million_days_s": 1_000_000 / together.days_per_s,
        "resident_mib_at_a_quarter": together.quarter_bytes / _MIB,
        "resident_mib_at_the_end": together.resident_bytes / _MIB,
    }


def in_processes(processes: int, days: int, most_s: float = float("inf")) -> Tally:
    """Let processes judge so many days, those of one partition after those of another, or fewer where
    `most_s` seconds of judging have passed."""
    tally, waiting = Tally(days), set[Future[Done]]()
    chunks = _chunks(days)
    told_s = time.monotonic()
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin) as pool:
        while True:
            spent = max(tally.spent_s.values(), default=0.0) >= most_s
            room = 0 if spent else processes * _AHEAD - len(waiting)
            waiting |= {pool.submit(_judge, chunk) for chunk in islice(chunks, room)}
            if not waiting:
                return tally
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for one in done:
                tally.add(one.result())
            if time.monotonic() - told_s > _PROGRESS_S:
                told_s = time.monotonic()
                _tell(tally, days)


def _tell(tally: Tally, days: int) -> None:
    memory = f"{tally.resident_bytes / _MIB:.0f} MiB in {len(tally.spent_s)} processes"
    print(f"{tally.days} of {days} vehicle-days, {tally.days_per_s:.0f} a second, {memory}", file=sys.stderr)


def _chunks(days: int) -> Iterator[range]:
    """The numbers of vehicles, partition after partition: the key of vehicle n is n + 1."""
    for partition in range(PARTITIONS):
        mine = range((partition - 1) % PARTITIONS, days, PARTITIONS)
        yield from (mine[first : first + _CHUNK] for first in range(0, len(mine), _CHUNK))


def _begin() -> None:
    global _places
    _places = ZoneSet(star_zones(ZONES), (), grid_roads())
    # What is compiled, read in and kept at first is no part of the rate.
    recompute(default_rulebook(), _places, day_of(0))


def _judge(numbers: range) -> Done:
    """Judge the days of some vehicles of a partition, in batches as `haulwatch recompute` makes them."""
    episodes, spent_s = 0, 0.0
    for first in range(0, len(numbers), BATCH_VEHICLES):
        batch = Reports.concat([day_of(number) for number in numbers[first : first + BATCH_VEHICLES]])
        began_s = time.perf_counter()
        episodes += len(recompute(default_rulebook(), _places, batch))
        spent_s += time.perf_counter() - began_s
    return Done(os.getpid(), len(numbers), episodes, spent_s, _resident_bytes())


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


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
