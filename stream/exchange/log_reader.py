"""The telemetry log as one link reads it: all partitions, from where the link's positions say."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from rules.blocks import BlockError, decode_block
from stream.broker_clients import start_patiently
from stream.exchange import metrics
from stream.log_identity import LogIdentity, read_log_identity
from stream.topics import TELEMETRY

log = logging.getLogger(__name__)

FETCH_BYTES = 4 * 1024 * 1024
"""Of one partition at once. A block of 2,000 reports is 300 KB; one that waited for the broker is larger."""
RECORDS_AT_ONCE = 20
"""Records taken from the consumer at once: what is sent again after a break stays small."""
WAIT_MS = 200
FIRST_MS = 2000
"""How long a partition may take to show what it begins with."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One block as it lies in the log."""

    partition: int
    offset: int
    value: bytes


class LogReader:
    """Mutable; one consumer without a group. Open it, seek, read, close it."""

    def __init__(self, bootstrap_servers: str, link: str) -> None:
        self._link = link
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap_servers,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_wait_ms=WAIT_MS // 2,
        )
        self.identity = LogIdentity("", "")

    async def open(self) -> None:
        """Connect, waiting for the broker as long as it takes, and learn which log this is."""
        await start_patiently(self._consumer)
        self.identity = await read_log_identity(self._consumer._client, TELEMETRY)
        found = await self._consumer._client.fetch_all_metadata()
        numbers = sorted(found.partitions_for_topic(TELEMETRY) or ())
        self._consumer.assign([TopicPartition(TELEMETRY, number) for number in numbers])

    async def close(self) -> None:
        """Let the broker go."""
        await self._consumer.stop()

    async def seek(self, offsets: Mapping[int, int], known_link: bool) -> dict[int, int]:
        """Read on at `offsets`; returns where each partition is really read from.

        A partition without one begins at the log's end for a link that has never been served (it is sent what
        comes), at its beginning for one that has (the log was made anew). What the broker has deleted is
        counted.
        """
        partitions = sorted(self._consumer.assignment())
        first = await self._consumer.beginning_offsets(partitions)
        end = await self._consumer.end_offsets(partitions)
        started = {}
        for tp in partitions:
            wanted = offsets.get(tp.partition, first[tp] if known_link else end[tp])
            if wanted < first[tp]:
                metrics.LOST.labels(self._link).inc(first[tp] - wanted)
                log.error(
                    "link %s: %d records of partition %d were deleted by the broker before their turn",
                    self._link, first[tp] - wanted, tp.partition,
                )  # fmt: skip
            at = min(max(wanted, first[tp]), end[tp])
            self._consumer.seek(tp, at)
            started[tp.partition] = at
        return started

    @property
    def partitions(self) -> int:
        """Of the topic."""
        return len(self._consumer.assignment())

    async def first_received_ms(self, partitions: Set[int], offsets: Mapping[int, int]) -> int | None:
        """When the first of what is left in some partitions was received; None when nothing is left.

        Reads on at `offsets` afterwards."""
        first_ms = None
        for number in sorted(partitions):
            tp = TopicPartition(TELEMETRY, number)
            self._consumer.seek(tp, offsets[number])
            found = (await self._consumer.getmany(tp, timeout_ms=FIRST_MS, max_records=1)).get(tp, [])
            self._consumer.seek(tp, offsets[number])
            for record in found:
                with contextlib.suppress(BlockError):
                    times = decode_block(record.value).reports.received_ms
                    first_ms = min(int(times.min()), first_ms or int(times.min())) if len(times) else first_ms
        return first_ms

    async def read(self) -> Sequence[LogRecord]:
        """The next records, possibly none; a partition's are in order."""
        batches = await self._consumer.getmany(timeout_ms=WAIT_MS, max_records=RECORDS_AT_ONCE)
        return [
            LogRecord(tp.partition, record.offset, record.value)
            for tp, records in batches.items()
            for record in records
            if record.value is not None
        ]

    def lag_records(self, offsets: Mapping[int, int]) -> int:
        """Records between `offsets` and the log's end, as the newest fetches said."""
        lag = 0
        for tp in self._consumer.assignment():
            end = self._consumer.highwater(tp)
            if end is not None and tp.partition in offsets:
                lag += max(0, end - offsets[tp.partition])
        return lag
