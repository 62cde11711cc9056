"""Follows the broker: telemetry blocks as they come, and the doorbell of the alerts.

One plain consumer without a group reads all partitions of both topics, so every desk sees everything and none
disturbs the workers. The client library can sit for ever on a broker that was restarted, without an error; so
the reader looks every few seconds whether the log grows while it stands still, and begins anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from alerts.cancellation import asked_to_end

log = logging.getLogger(__name__)

REREAD_RECORDS = 50
"""How far before its end a partition is read again at the start: reports that the worker had not stored when
the newest positions were loaded. Reading a report twice changes nothing."""
CHECK_S = 5.0
REQUEST_TIMEOUT_S = 5.0
RETRY_S = 1.0
SETTLING_S = (0.1, 0.3, 0.6, 0.0)
"""Pauses between questions where the log ends, while that seems to be before what has been read of it."""
MAX_RECORDS = 100
"""Records taken at once: about 100 ms of work, then requests and streams get their turn."""

Handler = Callable[[ConsumerRecord, bool], None]


class BrokerReader:
    """Calls ``handlers[topic](record, live)`` for every record, `live` False for those read again."""

    def __init__(self, bootstrap_servers: str, handlers: dict[str, Handler]) -> None:
        self._bootstrap_servers, self._handlers = bootstrap_servers, handlers
        self._ends: dict[TopicPartition, int] = {}
        self.fault: str | None = "not connected yet"
        self.lag_records: dict[str, int] = {}
        self.topics: set[str] = set()

    async def run(self) -> None:
        """Until cancelled; a broker that is away only delays."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError, TimeoutError, ConsumerStuck) as fault:
                self._report(_reason(fault))
            except asyncio.CancelledError:
                if asked_to_end():
                    raise
                self._report("the connection broke")
            self.lag_records.clear()
            await asyncio.sleep(RETRY_S)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap_servers,
            enable_auto_commit=False,
            auto_offset_reset="latest",
            request_timeout_ms=int(REQUEST_TIMEOUT_S * 1000),
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )
        try:
            async with asyncio.timeout(2 * REQUEST_TIMEOUT_S):
                await consumer.start()
                partitions = await self._assign(consumer)
            await self._follow(consumer, partitions)
        finally:
            await _stop(consumer)

    async def _assign(self, consumer: AIOKafkaConsumer) -> list[TopicPartition]:
        self.topics = set(await consumer.topics())
        missing = sorted(set(self._handlers) - self.topics)
        if missing:
            # Asking for a topic that isn't there would make it, with the broker's partition count, not ours.
            raise ConsumerStuck(f"topic {' and '.join(missing)} not there yet")
        partitions = [
            TopicPartition(topic, number)
            for topic in self._handlers
            for number in sorted(consumer.partitions_for_topic(topic) or ())
        ]
        consumer.assign(partitions)
        self._ends = await consumer.end_offsets(partitions)
        first = await consumer.beginning_offsets(partitions)
        for partition in partitions:
            consumer.seek(partition, max(first[partition], self._ends[partition] - REREAD_RECORDS))
        return partitions

    async def _follow(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> None:
        check_at = time.monotonic() + CHECK_S
        behind: dict[TopicPartition, int] = {}
        self._report(None)
        while True:
            batches = await consumer.getmany(timeout_ms=500, max_records=MAX_RECORDS)
            for partition, records in batches.items():
                for record in records:
                    self._handlers[partition.topic](record, record.offset >= self._ends[partition])
                    await asyncio.sleep(0)
            if time.monotonic() >= check_at:
                behind = await self._check(consumer, partitions, behind)
                check_at = time.monotonic() + CHECK_S

    async def _check(
        self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition], behind: dict[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        """Measure the lag and return the positions of the partitions that have one.

        Raises `ConsumerStuck` when one that was `behind` at the last look has not moved since.
        """
        async with asyncio.timeout(REQUEST_TIMEOUT_S):
            # Positions first: a record that comes in between must not look like an end before our position.
            positions = {partition: await consumer.position(partition) for partition in partitions}
            ends = await _ends(consumer, positions)
        lags = {partition: ends[partition] - positions[partition] for partition in partitions}
        self.lag_records = {
            topic: sum(max(0, lag) for partition, lag in lags.items() if partition.topic == topic)
            for topic in self._handlers
        }
        for partition, lag in lags.items():
            if lag < 0:
                raise ConsumerStuck(f"{partition.topic} {partition.partition}: the log is another one")
            if lag > 0 and behind.get(partition) == positions[partition]:
                raise ConsumerStuck(
                    f"{partition.topic} {partition.partition}: {lag} records are not delivered"
                )
        return {partition: positions[partition] for partition, lag in lags.items() if lag > 0}

    def _report(self, fault: str | None) -> None:
        if fault != self.fault:
            level = logging.WARNING if fault else logging.INFO
            log.log(level, "broker %s: %s", self._bootstrap_servers, fault or "connected")
        self.fault = fault


async def _ends(
    consumer: AIOKafkaConsumer, positions: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Where partitions end. The embedded broker may give out a record before it counts it: an end before our
    position is asked for again."""
    for pause_s in SETTLING_S:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(list(positions))
        if all(ends[partition] >= position for partition, position in positions.items()):
            break
        await asyncio.sleep(pause_s)
    return ends


class ConsumerStuck(Exception):
    """The consumer can't go on and is to be made anew."""


async def _stop(consumer: AIOKafkaConsumer) -> None:
    try:
        async with asyncio.timeout(1.0):
            await consumer.stop()
    except (KafkaError, OSError, TimeoutError) as error:
        log.debug("consumer did not stop cleanly: %r", error)


def _reason(fault: BaseException) -> str:
    text = str(fault)
    return text if isinstance(fault, ConsumerStuck) and text else f"{type(fault).__name__} {text}".strip()
