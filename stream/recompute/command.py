"""The command: plans, hands batches to processes, prints findings partition after partition."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import groupby
from multiprocessing import get_context
from pathlib import Path
from typing import TextIO

import asyncpg

from alerts.database_errors import DATABASE_AWAY
from rules.identity import vehicle_key
from stream.command_times import parse_span
from stream.errors import OperatorError, ServiceError
from stream.recompute.plan import Batch, Wanted, plan
from stream.recompute.work import Bench, Done, Job

#: Batches handed to each process ahead, so that none waits for the printing.
_AHEAD = 2

_bench: Bench | None = None


def run(
    dsn: str,
    *,
    begin: str,
    end: str | None = None,
    vehicle_ids: Sequence[str] = (),
    numbers: Sequence[int] = (),
    partitions: int = 12,
    processes: int = 1,
    rulebook: Path | None = None,
    what_if: Path | None = None,
    zones: Path | None = None,
    roads: Path | None = None,
    file: bool = False,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Print what the rules find in the stored tracks of a span, a JSON object a line: partition after
    partition, within each in order of start, vehicle and rule. With `file`, what differs from what was told
    is filed.

    Raises
    ------
    OperatorError
        The span, a partition or the choice of options makes no sense.
    ServiceError
        The database is away or has no schema; a process died.
    RulebookError, ZoneError, RoadError
        A file cannot be used.
    """
    stdout, stderr = stdout or sys.stdout, stderr or sys.stderr
    if file and what_if:
        raise OperatorError("--file with --rulebook: what would be under another rulebook is not filed")
    from_ms, to_ms = parse_span(begin, end)
    names = {vehicle_key(name): name for name in vehicle_ids}
    job = Job(dsn, from_ms, to_ms, names, rulebook, what_if, zones, roads, file)
    bench = Bench(job)
    try:
        wanted = Wanted(from_ms, to_ms, vehicle_ids, numbers, partitions)
        batches = _plan(dsn, wanted)
        every = map(bench.do, batches) if processes == 1 else _in_parallel(job, batches, processes)
        total = _print(zip(batches, every, strict=True), stdout)
    finally:
        bench.close()
    _summarise(total, file, stderr)
    return 0


def _plan(dsn: str, wanted: Wanted) -> list[Batch]:
    async def ask() -> list[Batch]:
        connection = await asyncpg.connect(dsn)
        try:
            return await plan(connection, wanted)
        finally:
            await connection.close()

    try:
        return asyncio.run(ask())
    except (asyncpg.PostgresError, *DATABASE_AWAY) as error:
        raise ServiceError(f"the database: {error}; check database.dsn") from error


def _in_parallel(job: Job, batches: Sequence[Batch], processes: int) -> Iterator[Done]:
    """What each batch gave, in their order; bounded in what runs ahead."""
    waiting: deque[Future[Done]] = deque()
    # Not by fork: the parent has loops and threads of numba and of the database.
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_begin, initargs=(job,)) as pool:
        try:
            for batch in batches:
                waiting.append(pool.submit(_do, batch))
                if len(waiting) > processes * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ServiceError("a process ended unexpectedly; is there memory enough?") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin(job: Job) -> None:
    global _bench
    _bench = Bench(job)


def _do(batch: Batch) -> Done:
    assert _bench is not None
    return _bench.do(batch)


def _print(done: Iterable[tuple[Batch, Done]], stdout: TextIO) -> Done:
    """Print partition after partition, the lines of one at a time in memory; returns the counts of all."""
    vehicles = reports = filed = 0
    for _, of_partition in groupby(done, key=lambda one: one[0].partition):
        lines = []
        for _, one in of_partition:
            lines += one.lines
            vehicles, reports, filed = vehicles + one.vehicles, reports + one.reports, filed + one.filed
        lines.sort()
        stdout.writelines(f"{line}\n" for _, line in lines)
        stdout.flush()
    return Done([], vehicles, reports, filed)


def _summarise(total: Done, file: bool, stderr: TextIO) -> None:
    filed = f", {total.filed} findings filed" if file else ""
    print(f"{total.vehicles} vehicles, {total.reports} reports read{filed}", file=stderr)
