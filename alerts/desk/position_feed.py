"""The map of newest positions: loaded from the database, moved on by telemetry, sent once a second."""

from __future__ import annotations

import asyncio
import logging
import time

import numpy as np
from aiokafka import ConsumerRecord

from alerts.desk.database import Database, DatabaseAway
from alerts.desk.hub import Chunk, Hub, event
from alerts.desk.metrics import Metrics
from alerts.desk.positions import PositionMap
from alerts.desk.roster import Roster, RosterEntry
from alerts.desk.stored_positions import newest_positions
from alerts.times import now_ms
from rules.blocks import BlockError, decode_block
from rules.vehicle_class import class_name

log = logging.getLogger(__name__)

TICK_S = 1.0
ROSTER_REFRESH_S = 5.0
RETRY_S = 1.0


class PositionFeed:
    """The map, and the three things that move it; ``loaded`` once the stored positions are in."""

    def __init__(self, database: Database, hub: Hub, metrics: Metrics) -> None:
        self._database, self._hub, self._metrics = database, hub, metrics
        self._roster = Roster()
        self._snapshot: bytes | None = None
        self.map = PositionMap(self._roster.entries.get)
        self.loaded = False
        self.refused_blocks = 0

    def take(self, record: ConsumerRecord, live: bool) -> None:
        """Apply one telemetry record; one that can't be read is counted and passed over."""
        try:
            block = decode_block(record.value or b"")
        except BlockError as error:
            self.refused_blocks += 1
            self._metrics.refused_blocks.inc()
            log.warning("telemetry %d offset %d: %s", record.partition, record.offset, error)
            return
        vehicle_ids, classes = block.table.column("vehicle_id"), block.reports.vehicle_class

        def entry(index: int) -> RosterEntry:
            return RosterEntry(vehicle_ids[index].as_py(), "", class_name(int(classes[index])))

        self.map.apply(block.reports, entry, live=live)
        if live:
            self._metrics.reports.inc(block.rows)

    def snapshot(self) -> bytes:
        """All vehicles as JSON, encoded once for everybody who asks between two ticks.

        What changes after it was encoded is in the next tick, so a stream that begins with it misses nothing.
        """
        if self._snapshot is None:
            self._snapshot = self.map.to_json(self.map.all_rows())
        return self._snapshot

    async def run_ticks(self) -> None:
        """Send what changed, once a second, until cancelled."""
        due = time.monotonic()
        while True:
            due = max(due + TICK_S, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
            self._tick()

    async def run_database(self) -> None:
        """Load the stored positions, then keep plates and classes fresh, until cancelled."""
        while True:
            try:
                if not self.loaded:
                    await self._load()
                self.map.rename(await self._roster.refresh(self._database))
                await asyncio.sleep(ROSTER_REFRESH_S)
            except DatabaseAway as away:
                log.debug("positions: %s", away)
                await asyncio.sleep(RETRY_S)

    async def _load(self) -> None:
        started = time.monotonic()
        await self._roster.refresh(self._database)
        entries = self._roster.entries
        async for reports in newest_positions(self._database, list(entries)):
            keys = reports.vehicle_key

            def entry(index: int, keys: np.ndarray = keys) -> RosterEntry:
                return entries[int(keys[index])]

            self.map.apply(reports, entry, live=False)
        self.loaded = True
        log.info("loaded %d positions in %.1f s", len(self.map), time.monotonic() - started)

    def _tick(self) -> None:
        rows, received_ms = self.map.take_changed()
        self._snapshot = None
        self._metrics.positions.set(len(self.map))
        if len(rows) and len(self._hub):
            self._hub.send(Chunk([event("positions", self.map.to_json(rows))]))
            self._metrics.latency.observe((now_ms() - received_ms) / 1000)
