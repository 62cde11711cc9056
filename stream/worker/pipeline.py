"""From records of the log to rows of the database: the worker without Kafka.

A round takes what has arrived (bounded), evaluates it partition by partition, and writes everything in one
transaction. Nothing here acknowledges anything to the broker: the checkpoint in the database is the only
memory of how far we are.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

import asyncpg

from alerts.evidence.retention import Retention
from alerts.evidence.upload_orders import UploadPlace
from rules.timely import Timely
from stream.worker import checkpoint, flush, lateness, metrics
from stream.worker.database import DATABASE_AWAY
from stream.worker.partition import Order, Partition
from stream.worker.round import Evaluated, Record, evaluate
from stream.worker.vehicle_days import KnownDays

log = logging.getLogger(__name__)

#: A snapshot this large is written at every interval, a larger one as much more seldom: 200 kB/s a partition.
_SNAPSHOT_BYTES = 1 << 20
#: Without records, late reports are looked after this often.
_IDLE_S = 1.0
_RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """Bounds of one worker. `queue_blocks` blocks of up to 2,000 rows of 150 bytes wait at most."""

    round_rows: int = 20_000
    queue_blocks: int = 256
    #: The rules cost about 2 ms a partition whatever they are given, so rounds are not begun more often.
    round_interval_s: float = 0.05
    snapshot_interval_s: float = 5.0
    #: Whether a beginning alert is spoken to its driver.
    warn_drivers: bool = True
    #: Where terminals are to bring the files of their alarms; None: they are not asked for any.
    upload_place: UploadPlace | None = None
    retention: Retention = field(default_factory=Retention)


class Pipeline:
    """Owns the partitions this worker holds. One round at a time; `reassign` waits for the round to end."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        make_engine: Callable[[bytes | None], Timely],
        settings: PipelineSettings,
        *,
        on_written: Callable[[], None] = lambda: None,
        seek: Callable[[int, int], Awaitable[None]],
    ) -> None:
        self.partitions: dict[int, Partition] = {}
        self.database_away = False
        self._pool = pool
        self._make_engine = make_engine
        self._settings = settings
        self._on_written = on_written
        self._seek = seek
        self._queue: asyncio.Queue[Record] = asyncio.Queue(settings.queue_blocks)
        self._turn = asyncio.Lock()
        self._round_due_s = 0.0
        self._abandon = asyncio.Event()
        self._known_days = KnownDays()

    async def put(self, record: Record) -> None:
        """Hand over one record; waits while the queue is full, which stops the fetching."""
        await self._queue.put(record)

    async def reassign(self, claims: Callable[[], Awaitable[Iterable[checkpoint.Claim]]]) -> dict[int, int]:
        """Give up all partitions, claim the new ones, and say where each is to be read from."""
        self._abandon.set()
        async with self._turn:
            self._abandon.clear()
            self.partitions.clear()
            # What was asked to be written may not have been: whoever reads a record again writes it again.
            self._known_days = KnownDays()
            while not self._queue.empty():
                self._queue.get_nowait()
            for claim in await claims():
                self.partitions[claim.partition] = self._restore(claim)
            metrics.PARTITIONS.set(len(self.partitions))
            return {number: one.expected_offset for number, one in self.partitions.items()}

    async def run(self) -> None:
        """Rounds until cancelled. Raises what is a bug, after which nothing may be written any more."""
        while True:
            records = await self._take()
            async with self._turn:
                await self._round(records)

    async def stop(self) -> None:
        """Let the round that is under way end, unless the database is away; no other begins."""
        if self.database_away:
            self._abandon.set()
        await self._turn.acquire()

    async def write_snapshots(self) -> None:
        """After `stop`: the state of every partition, so that the next start replays nothing."""
        at_rest = [one for one in self.partitions.values() if one.expected_offset == one.written_offset]
        advances = [
            checkpoint.Advance(one.number, one.epoch, one.written_offset, one.engine.snapshot())
            for one in at_rest
            # Late reports that wait would be in the snapshot, but what they change has not been told.
            if not one.engine.late
        ]
        await self._write(flush.Flush.of_snapshots(advances))
        for one in at_rest:
            if one.engine.late:
                # It is their turn now, and their round writes the snapshot too. One partition a round, so
                # that who waits no longer than this may take loses the rest only.
                one.late_due_s = one.snapshot_due_s = 0.0
                await self._round([])

    def _restore(self, claim: checkpoint.Claim) -> Partition:
        engine = self._make_engine(claim.snapshot)
        return Partition(claim.partition, claim.epoch, engine, claim.snapshot_offset, claim.next_offset)

    async def _take(self) -> list[Record]:
        try:
            # Not `wait_for`: it forgets that it was cancelled when a record comes at the same moment.
            async with asyncio.timeout(_IDLE_S):
                records = [await self._queue.get()]
        except TimeoutError:
            return []
        await asyncio.sleep(max(0.0, self._round_due_s - time.monotonic()))
        self._round_due_s = time.monotonic() + self._settings.round_interval_s
        size = len(records[0].value)
        # A row takes some 150 bytes in a block; counting bytes needs no decoding.
        while size < self._settings.round_rows * 150 and not self._queue.empty():
            records.append(self._queue.get_nowait())
            size += len(records[-1].value)
        return records

    async def _round(self, records: Sequence[Record]) -> None:
        due = await self._in_order(records)
        for number, partition in self.partitions.items():
            if lateness.due(partition) and partition.expected_offset >= partition.written_offset:
                due.setdefault(number, [])
        if not due:
            return
        started_s = time.perf_counter()
        evaluated = [evaluate(self.partitions[number], group) for number, group in due.items()]
        metrics.RULE_S.observe(time.perf_counter() - started_s)
        now_ms = int(time.time() * 1000)
        filing = flush.Filing(self._settings.upload_place, self._settings.retention, now_ms)
        said_ms = now_ms if self._settings.warn_drivers else None
        advances = self._advances(evaluated)
        if await self._write(flush.Flush.of_round(evaluated, advances, said_ms, filing, self._known_days)):
            for one in evaluated:
                one.partition.written_offset = max(one.partition.written_offset, one.next_offset)
            self._observe(evaluated)

    async def _in_order(self, records: Sequence[Record]) -> dict[int, list[Record]]:
        due: dict[int, list[Record]] = {}
        for record in records:
            partition = self.partitions.get(record.partition)
            if partition is None:
                continue
            order = partition.order(record.offset)
            if order is Order.AHEAD:
                log.warning("partition %d: record %d came where %d was due, seeking back",
                            record.partition, record.offset, partition.expected_offset)  # fmt: skip
                partition.sought_offset = partition.expected_offset
                metrics.SEEKS.inc()
                await self._seek(record.partition, partition.expected_offset)
            elif order is Order.NEXT:
                partition.expected_offset = record.offset + 1
                due.setdefault(record.partition, []).append(record)
        return due

    def _advances(self, evaluated: Sequence[Evaluated]) -> list[checkpoint.Advance]:
        now_s = time.monotonic()
        advances = []
        for one in evaluated:
            partition, snapshot = one.partition, None
            caught_up = one.next_offset >= partition.written_offset
            if caught_up and now_s >= partition.snapshot_due_s and not partition.engine.late:
                snapshot = partition.engine.snapshot()
                share = max(1.0, len(snapshot) / _SNAPSHOT_BYTES)
                partition.snapshot_due_s = now_s + share * self._settings.snapshot_interval_s
            if caught_up:
                advances.append(
                    checkpoint.Advance(partition.number, partition.epoch, one.next_offset, snapshot)
                )
        return advances

    async def _write(self, batch: flush.Flush) -> bool:
        """Write until it is written; False when the partitions were taken from us meanwhile."""
        attempt = 0
        while not self._abandon.is_set():
            try:
                started_s = time.perf_counter()
                async with self._pool.acquire() as connection:
                    written = await flush.write(connection, batch)
                metrics.FLUSH_S.observe(time.perf_counter() - started_s)
                _count(written, batch)
                self.database_away = False
                if written.revisions or written.orders:
                    self._on_written()
                return True
            except DATABASE_AWAY as error:
                pause_s = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                log.warning("database away, flush waits %.1f s: %s: %s", pause_s, type(error).__name__, error)
                metrics.FLUSH_RETRIES.inc()
                self.database_away = True
                attempt += 1
                await asyncio.sleep(pause_s)
        return False

    @staticmethod
    def _observe(evaluated: Sequence[Evaluated]) -> None:
        oldest_ms = min((one.oldest_received_ms for one in evaluated if one.oldest_received_ms), default=0)
        if oldest_ms:
            metrics.STORED_S.observe(max(0.0, time.time() - oldest_ms / 1000))


def _count(written: flush.Written, batch: flush.Flush) -> None:
    metrics.TRACKS.inc(written.tracks)
    metrics.DOUBLED.inc(written.doubled)
    metrics.WARNINGS.inc(written.warnings)
    metrics.SAFETY_ALARMS.inc(written.alarms)
    metrics.FILE_ORDERS.inc(written.orders)
    metrics.DEAD_LETTERS.inc(len(batch.dead_letters))
    for revision in written.revisions:
        metrics.ALERT_REVISIONS.labels(revision.rule, revision.kind).inc()
