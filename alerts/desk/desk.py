"""All parts of a running desk, and the tasks that keep them moving."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from fastapi import Request

from alerts import records
from alerts.desk.alert_feed import AlertFeed
from alerts.desk.command_feed import CommandFeed
from alerts.desk.database import Database, DatabaseAway
from alerts.desk.hub import Hub
from alerts.desk.kafka import BrokerReader
from alerts.desk.metrics import Metrics
from alerts.desk.outgoing import CommandRelay
from alerts.desk.position_feed import PositionFeed
from alerts.evidence.objects import Objects
from alerts.migrate import DAYS_AHEAD, DAYS_BACK
from rules.blocks import SCHEMA_NAME as TELEMETRY

log = logging.getLogger(__name__)

PARTITION_CHECK_S = 6 * 3600
"""Partitions are made two weeks ahead; a few looks a day survive any single failure."""


@dataclass
class Desk:
    """What the endpoints work with."""

    database: Database
    hub: Hub
    metrics: Metrics
    alerts: AlertFeed
    positions: PositionFeed
    broker: BrokerReader
    commands: CommandRelay
    command_feed: CommandFeed
    objects: Objects
    version: str
    tile_url: str
    zones: dict[str, Any]
    failed: bool = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the feeds for as long as the context lasts."""
        await self.database.open()
        tasks = [
            self._task("alert feed", self.alerts.run()),
            self._task("stored positions", self.positions.run_database()),
            self._task("position ticks", self.positions.run_ticks()),
            self._task("broker reader", self.broker.run()),
            self._task("command feed", self.command_feed.run()),
            self._task("outgoing commands", self.commands.run()),
            self._task("partitions", self._run_partitions()),
        ]
        try:
            yield
        finally:
            self.hub.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.database.close()

    def _task(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._end_on_bug)
        return task

    def _end_on_bug(self, task: asyncio.Task[None]) -> None:
        """A feed that died would leave a desk that looks alive and shows yesterday: end the process."""
        if not self.hub.closing:
            fault = None if task.cancelled() else task.exception()
            self.failed = True
            log.critical("the %s ended; the desk stops", task.get_name(), exc_info=fault)
            os.kill(os.getpid(), signal.SIGTERM)

    async def _run_partitions(self) -> None:
        while True:
            try:
                await self.database.fetch("SELECT tracks_ensure_days($1, $2)", DAYS_BACK, DAYS_AHEAD)
                await asyncio.sleep(PARTITION_CHECK_S)
            except (DatabaseAway, asyncpg.PostgresError) as error:
                log.debug("track partitions: %s", error)
                await asyncio.sleep(30.0)


def build_desk(
    dsn: str, bootstrap_servers: str, version: str, tile_url: str, zones: dict[str, Any], objects: Objects
) -> Desk:
    """The parts, connected with each other and with nothing outside yet."""
    database, hub, metrics = Database(dsn), Hub(), Metrics()
    alerts = AlertFeed(database, hub, metrics)
    positions = PositionFeed(database, hub, metrics)
    handlers = {TELEMETRY: positions.take, records.TOPIC: lambda _record, _live: alerts.ring()}
    broker = BrokerReader(bootstrap_servers, handlers)
    commands, command_feed = CommandRelay(database, bootstrap_servers), CommandFeed(database, hub)
    metrics.stream_clients.set_function(lambda: len(hub))
    metrics.slow_clients.set_function(lambda: hub.dropped)
    metrics.lag.set_function(lambda: broker.lag_records.get(TELEMETRY, float("nan")))
    feeds = (alerts, positions, broker, commands, command_feed)
    return Desk(database, hub, metrics, *feeds, objects, version, tile_url, zones)


def desk_of(request: Request) -> Desk:
    """The desk that answers a request."""
    desk: Desk = request.app.state.desk
    return desk
