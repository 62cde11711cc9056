"""The worker process: wiring, start, stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass
from typing import TypeVar

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts.migrate import ensure_partitions
from alerts.relay import Relay
from geo.zones import ZoneSet
from rules.rulebook import Rulebook, default_rulebook, load_rulebook
from rules.saved_state import SnapshotError
from rules.timely import Timely
from rules.warm_up import warm_up
from stream.attachments.configure import retention_of, upload_place_of
from stream.broker_clients import start_patiently
from stream.errors import ServiceError
from stream.map_files import load_map
from stream.settings import Settings
from stream.worker import checkpoint, metrics
from stream.worker.claims import Claims
from stream.worker.database import DATABASE_AWAY, patiently
from stream.worker.driver_hours import DriverHours
from stream.worker.history import History
from stream.worker.log_source import LogSource, LogSourceSettings
from stream.worker.pipeline import Pipeline, PipelineSettings
from stream.worker.watchdog import Watchdog

log = logging.getLogger(__name__)

T = TypeVar("T")

_WATCH_S = 1.0
_PARTITIONS_AHEAD_EVERY_S = 6 * 3600.0
#: Faust's stop waits for its threads; a broker that is gone must not hold the process.
_STOP_S = 4.0


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """All that a worker is told."""

    dsn: str
    source: LogSourceSettings
    pipeline: PipelineSettings
    rulebook: Rulebook
    zones: ZoneSet
    stall_s: float = 60.0


def config_from(settings: Settings) -> WorkerConfig:
    """Settings as a worker wants them. Raises the rulebook's and the zones' own errors."""
    section = settings.worker
    return WorkerConfig(
        settings.database.dsn,
        LogSourceSettings(
            settings.broker.bootstrap_servers,
            section.group,
            session_timeout_s=section.session_timeout_s,
            rebalance_timeout_s=section.rebalance_timeout_s,
        ),
        PipelineSettings(
            snapshot_interval_s=section.snapshot_interval_s,
            warn_drivers=section.warn_drivers,
            upload_place=upload_place_of(settings.evidence),
            retention=retention_of(settings.evidence),
        ),
        load_rulebook(settings.rules.rulebook) if settings.rules.rulebook else default_rulebook(),
        load_map(settings.rules.zones, settings.rules.roads),
        section.stall_s,
    )


class Worker:
    """One process's worker. `serve` returns when `stop` is set and raises when something is beyond repair."""

    def __init__(self, config: WorkerConfig) -> None:
        self._config = config
        self._ready = asyncio.Event()

    async def serve(self, stop: asyncio.Event) -> None:
        """Run until told to stop. Raises ServiceError (stalled, schema missing), OwnershipLost, or a bug."""
        config = self._config
        # Now, so that the first report does not wait for the compiler.
        await asyncio.to_thread(warm_up)
        async with contextlib.AsyncExitStack() as stack:
            pool = await _open_pool(config.dsn)
            stack.push_async_callback(_close_pool, pool)
            producer = AIOKafkaProducer(bootstrap_servers=config.source.bootstrap_servers, acks="all")
            reader = AIOKafkaConsumer(bootstrap_servers=config.source.bootstrap_servers)
            for client in (producer, reader):
                await start_patiently(client)
                stack.push_async_callback(client.stop)
            relay = Relay(pool.acquire, producer)
            pipeline = Pipeline(
                pool,
                self._make_engine,
                config.pipeline,
                on_written=relay.ring,
                seek=lambda partition, offset: source.seek(partition, offset),
            )
            claims = Claims(pool, reader, pipeline)
            source = LogSource(config.source, claims.positions, pipeline.put)
            hours = DriverHours(
                pool, config.rulebook, warn_drivers=config.pipeline.warn_drivers, on_written=relay.ring
            )
            rounds = asyncio.create_task(pipeline.run(), name="rounds")
            tasks: list[asyncio.Task[object]] = [
                rounds,
                asyncio.create_task(relay.run(), name="relay"),
                asyncio.create_task(History(pool, config.rulebook, config.zones).run(), name="history"),
                asyncio.create_task(hours.run(), name="hours of drivers"),
                asyncio.create_task(_make_days_ahead(config.dsn), name="days ahead"),
                asyncio.create_task(_watch(source, pipeline, Watchdog(config.stall_s)), name="watchdog"),
                asyncio.create_task(_follow(source), name="faust"),
                asyncio.create_task(stop.wait(), name="stop"),
            ]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _stop_source(source)
                await _end(pipeline, relay, tasks, clean=stop.is_set())
            for task in done:
                task.result()

    def _make_engine(self, snapshot: bytes | None) -> Timely:
        if snapshot is None:
            return Timely.new(self._config.rulebook, self._config.zones)
        try:
            return Timely.restore(self._config.rulebook, self._config.zones, snapshot)
        except SnapshotError as error:
            log.error("state snapshot cannot be read, its vehicles start anew: %s", error)
            return Timely.new(self._config.rulebook, self._config.zones)


async def _follow(source: LogSource) -> None:
    await source.start()
    await source.app.wait_until_stopped()
    raise ServiceError(f"the log can no longer be followed: {source.app.crash_reason!r}")


async def _watch(source: LogSource, pipeline: Pipeline, watchdog: Watchdog) -> None:
    while True:
        await asyncio.sleep(_WATCH_S)
        position = {number: one.expected_offset for number, one in pipeline.partitions.items()}
        ends = source.ends()
        lag = {number: max(0, ends.get(number, 0) - offset) for number, offset in position.items()}
        for number, records in lag.items():
            metrics.LAG_RECORDS.labels(str(number)).set(records)
        stalled = watchdog.stalled(lag, position, time.monotonic())
        if stalled and not pipeline.database_away:
            raise ServiceError(
                f"partitions {stalled} have records waiting and have not moved; starting anew helps"
            )


async def _make_days_ahead(dsn: str) -> None:
    while True:
        try:
            await asyncio.to_thread(ensure_partitions, dsn)
        except Exception as error:  # a lock, an absence: rows go to the default partition until it works
            log.warning("daily partitions of tracks could not be made ahead: %s", error)
        await asyncio.sleep(_PARTITIONS_AHEAD_EVERY_S)


async def _stop_source(source: LogSource) -> None:
    with contextlib.suppress(TimeoutError, KafkaError):
        await asyncio.wait_for(source.app.stop(), _STOP_S)


async def _end(pipeline: Pipeline, relay: Relay, tasks: list[asyncio.Task[object]], *, clean: bool) -> None:
    await pipeline.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    if clean:
        with contextlib.suppress(*DATABASE_AWAY, KafkaError, checkpoint.OwnershipLost, TimeoutError):
            await asyncio.wait_for(pipeline.write_snapshots(), _STOP_S)
            await asyncio.wait_for(relay.step(), _STOP_S)


async def _open_pool(dsn: str) -> asyncpg.Pool:
    # No connections kept for their own sake: while the database is away the pool would log each try to.
    pool = await asyncpg.create_pool(dsn, min_size=0, max_size=5, command_timeout=60)
    newest = await patiently(lambda: pool.fetchval("SELECT to_regclass('drivers_seen')"), "connecting")
    if newest is None:
        await pool.close()
        raise ServiceError("the database has no haulwatch schema, or an older one; run `haulwatch migrate`")
    return pool


async def _close_pool(pool: asyncpg.Pool) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(pool.close(), _STOP_S)
