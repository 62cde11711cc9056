"""Blocks to the broker, receipts back: nothing is acknowledged before the broker has it.

One task a partition with one block under way: the order of a vehicle's reports is the order of their arrival,
and while the broker is slow the next block simply grows. A partition makes at most one block in `linger_s`
unless a block is full; after a pause the first report waits only a moment for company.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from alerts.cancellation import asked_to_end
from stream.gateway import metrics
from stream.gateway.block_builder import BlockBuilder, Part
from stream.gateway.receipt import Receipt
from stream.topics import TELEMETRY

log = logging.getLogger(__name__)

#: Two ticks: what came in together leaves together.
_COMPANY_S = 0.01

_RETRY_S = (0.1, 0.2, 0.5, 1.0)

Settle = Callable[[Sequence[Receipt]], None]


def _nobody_waits(_: Sequence[Receipt]) -> None:
    """Until a gateway asks to be told."""


class Publisher:
    """Mutable. `pending_reports` counts what terminals have sent and not been answered for; `settle` is
    called with the receipts of each block that the broker has. `new_builder` makes what gathers parts of
    another kind than terminals' (with `rows`, `add` and `seal` as `BlockBuilder` has them)."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        partitions: int,
        *,
        block_rows: int,
        linger_s: float,
        new_builder: Callable[[], Any] = BlockBuilder,
    ) -> None:
        self.pending_reports = 0
        self.settle: Settle = _nobody_waits
        self._producer = producer
        self._builders = [new_builder() for _ in range(partitions)]
        self._filled = [asyncio.Event() for _ in range(partitions)]
        self._full = [asyncio.Event() for _ in range(partitions)]
        self._block_rows = block_rows
        self._linger_s = linger_s
        self._drained = asyncio.Event()

    @property
    def partitions(self) -> int:
        return len(self._builders)

    def add(self, partition: int, part: Part) -> None:
        """Put reports into a partition's block."""
        builder = self._builders[partition]
        builder.add(part)
        self.pending_reports += len(part.rows)
        self._filled[partition].set()
        if builder.rows >= self._block_rows:
            self._full[partition].set()

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as group:
            for partition in range(self.partitions):
                group.create_task(self._follow(partition))

    async def drain(self, timeout_s: float) -> bool:
        """At a stop: wait until nothing is pending; False when the broker would not take it in time."""
        if self.pending_reports:
            self._drained.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), timeout_s)
        return not self.pending_reports

    async def _follow(self, partition: int) -> None:
        filled, full = self._filled[partition], self._full[partition]
        sealed_s = 0.0
        while True:
            await filled.wait()
            wait_s = max(min(_COMPANY_S, self._linger_s), sealed_s + self._linger_s - time.monotonic())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(full.wait(), wait_s)
            sealed_s = time.monotonic()
            filled.clear()
            full.clear()
            value, receipts, rows = self._builders[partition].seal()
            metrics.BLOCK_ROWS.observe(rows)
            await self._send(partition, value)
            self.pending_reports -= rows
            self.settle(receipts)
            if not self.pending_reports:
                self._drained.set()

    async def _send(self, partition: int, value: bytes) -> None:
        attempt = 0
        while True:
            started_s = time.perf_counter()
            try:
                await self._producer.send_and_wait(TELEMETRY, value, partition=partition)
            except (KafkaError, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and asked_to_end():
                    raise
                pause_s = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                log.warning("partition %d: block waits %.1f s: %s: %s",
                            partition, pause_s, type(error).__name__, error)  # fmt: skip
                metrics.PUBLISH_RETRIES.inc()
                attempt += 1
                await asyncio.sleep(pause_s)
            else:
                metrics.PUBLISH_S.observe(time.perf_counter() - started_s)
                return
