"""Records to the broker, receipts back: nothing is acknowledged before the broker has it.

One task a partition with one record under way: the order of a vehicle's reports is the order of their
arrival, and while the broker is slow the next record simply grows. A partition makes at most one record in
`linger_s` unless one is full; after a pause the first report waits only a moment for company.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from alerts.cancellation import asked_to_end
from stream.gateway import metrics

log = logging.getLogger(__name__)

#: Two ticks: what came in together leaves together.
_COMPANY_S = 0.01

_RETRY_S = (0.1, 0.2, 0.5, 1.0)

P = TypeVar("P")
R = TypeVar("R")
P_contra = TypeVar("P_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class Builder(Protocol[P_contra, R_co]):
    """Gathers what one partition's next record will hold; `weight` in rows or bytes, as the bounds are."""

    @property
    def weight(self) -> int: ...
    def add(self, part: P_contra) -> int:
        """Take a part; returns its weight."""

    def seal(self) -> tuple[bytes | None, Sequence[R_co], int]:
        """Empty the builder, or as much of it as fits one record: the value (None: nothing is to be sent),
        the receipts due when it is durable, and the weight."""


class Publisher(Generic[P, R]):
    """Mutable. `pending` weighs what terminals have sent and not been answered for; `settle` is called with
    the receipts of each record that the broker has, `refuse` with those of one that it will never take."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        topic: str,
        builders: Sequence[Builder[P, R]],
        *,
        full: int,
        limit: int,
        linger_s: float,
    ) -> None:
        self.pending = 0
        self.settle: Callable[[Sequence[R]], None] = lambda receipts: None
        self.refuse: Callable[[Sequence[R]], None] = lambda receipts: None
        self._producer = producer
        self.topic = topic
        self._builders = builders
        self._filled = [asyncio.Event() for _ in builders]
        self._full = [asyncio.Event() for _ in builders]
        self._full_weight = full
        self._limit = limit
        self._linger_s = linger_s
        self._drained = asyncio.Event()

    @property
    def partitions(self) -> int:
        """Of the topic."""
        return len(self._builders)

    @property
    def overfull(self) -> bool:
        """Whether more waits for the broker than may."""
        return self.pending >= self._limit

    def add(self, partition: int, part: P) -> None:
        """Put a part into a partition's next record."""
        builder = self._builders[partition]
        self.pending += builder.add(part)
        self._filled[partition].set()
        if builder.weight >= self._full_weight:
            self._full[partition].set()

    async def run(self) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as group:
            for partition in range(self.partitions):
                group.create_task(self._follow(partition))

    async def drain(self, timeout_s: float) -> bool:
        """At a stop: wait until nothing is pending; False when the broker would not take it in time."""
        if self.pending:
            self._drained.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._drained.wait()
        return not self.pending

    async def _follow(self, partition: int) -> None:
        filled, full, builder = self._filled[partition], self._full[partition], self._builders[partition]
        sealed_s = 0.0
        while True:
            await filled.wait()
            wait_s = max(min(_COMPANY_S, self._linger_s), self._next_s(sealed_s) - time.monotonic())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await full.wait()
            sealed_s = time.monotonic()
            filled.clear()
            full.clear()
            value, receipts, weight = builder.seal()
            if builder.weight:
                filled.set()
            taken = value is None or await self._send(partition, value)
            self.pending -= weight
            (self.settle if taken else self.refuse)(receipts)
            if not self.pending:
                self._drained.set()

    def _next_s(self, sealed_s: float) -> float:
        """When the next record may leave. The same moments for all partitions: what leaves together is one
        request to the broker, which costs a tenth of a request each."""
        if not self._linger_s:
            return sealed_s
        return (sealed_s // self._linger_s + 1.0) * self._linger_s

    async def _send(self, partition: int, value: bytes) -> bool:
        """Until the broker has it; False when it says that the record is too large, which never ends."""
        attempt = 0
        while True:
            started_s = time.perf_counter()
            try:
                await self._producer.send_and_wait(self.topic, value, partition=partition)
            except MessageSizeTooLargeError:
                log.error("%s partition %d: a record of %d bytes is too large for the broker; raise the "
                          "topic's max.message.bytes", self.topic, partition, len(value))  # fmt: skip
                return False
            except (KafkaError, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and asked_to_end():
                    raise
                pause_s = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                log.warning("%s partition %d: a record waits %.1f s: %s: %s",
                            self.topic, partition, pause_s, type(error).__name__, error)  # fmt: skip
                metrics.PUBLISH_RETRIES.inc()
                attempt += 1
                await asyncio.sleep(pause_s)
            else:
                metrics.PUBLISH_S.observe(time.perf_counter() - started_s)
                return True
