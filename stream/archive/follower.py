"""Follows whole topics of the log and writes them, with its place in the log, in one transaction: exactly
once.

No consumer group: the place is the database's (`stream.worker.checkpoint`), and its epoch keeps a follower
that was thought dead from writing.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from alerts.arrow import RecordError
from stream.archive import metrics
from stream.log_identity import LogIdentity, read_log_identity
from stream.worker import checkpoint

_WAIT_MS = 500
_MAX_RECORDS = 100
"""A transaction; records are up to 8 MiB (media), mostly a few KB."""
_LOOK_S = 5.0
"""How often the log is asked whether it is still the same one: the embedded broker's is new at each start."""


class LogChanged(KafkaError):  # type: ignore[misc]
    """The topic was made anew or has other partitions: claim again."""


@dataclass(frozen=True, slots=True)
class Table:
    """Where a topic goes. decode raises `RecordError`; write runs inside the transaction."""

    name: str
    decode: Callable[[bytes], Sequence[Any]]
    write: Callable[[asyncpg.Connection, Sequence[Any]], Awaitable[None]]


class Follower:
    """One claim of all partitions of the topics. `run` ends with an exception; then claim anew."""

    def __init__(self, pool: asyncpg.Pool, consumer: AIOKafkaConsumer, tables: Mapping[str, Table]) -> None:
        self._pool = pool
        self._consumer = consumer
        self._tables = tables
        self._epochs: dict[TopicPartition, int] = {}
        self._identities: dict[str, LogIdentity] = {}

    async def run(self) -> None:
        """Raises OwnershipLost, LogChanged and other KafkaErrors, ObjectError, the database's errors."""
        await self._claim()
        look_s = time.monotonic() + _LOOK_S
        while True:
            found = await self._consumer.getmany(timeout_ms=_WAIT_MS, max_records=_MAX_RECORDS)
            for place, records in found.items():
                await self._write(place, records)
            self._tell_lag()
            if time.monotonic() > look_s:
                await self._look()
                look_s = time.monotonic() + _LOOK_S

    async def _claim(self) -> None:
        places = [place for topic in self._tables for place in await self._places(topic)]
        self._consumer.assign(places)
        firsts = await self._consumer.beginning_offsets(places)
        async with self._pool.acquire() as connection:
            for place in places:
                claim = await checkpoint.claim(
                    connection, place.topic, place.partition, self._identities[place.topic], firsts[place]
                )
                self._epochs[place] = claim.epoch
                self._consumer.seek(place, claim.next_offset)

    async def _places(self, topic: str) -> list[TopicPartition]:
        known = self._consumer.partitions_for_topic(topic)
        if not known:
            await self._consumer.topics()
            known = self._consumer.partitions_for_topic(topic)
        if not known:
            raise LogChanged(f"the broker has no topic {topic}; run `haulwatch topics`")
        self._identities[topic] = await read_log_identity(self._consumer._client, topic)
        return [TopicPartition(topic, number) for number in sorted(known)]

    async def _look(self) -> None:
        known = dict(self._identities)
        places = {place for topic in self._tables for place in await self._places(topic)}
        if known != self._identities or places != set(self._epochs):
            raise LogChanged("the log is another one, reading it from its start")

    async def _write(self, place: TopicPartition, records: Sequence[ConsumerRecord]) -> None:
        table = self._tables[place.topic]
        rows: list[Any] = []
        unreadable: list[tuple[str, int, int, str, bytes]] = []
        for record in records:
            try:
                rows.extend(table.decode(record.value))
            except RecordError as error:
                unreadable.append((place.topic, place.partition, record.offset, str(error), record.value))
        began_s = time.monotonic()
        step = checkpoint.Advance(place.partition, self._epochs[place], records[-1].offset + 1, None)
        async with self._pool.acquire() as connection, connection.transaction():
            await checkpoint.advance(connection, place.topic, [step])
            if rows:
                await table.write(connection, rows)
            await connection.executemany(
                "INSERT INTO dead_letters (topic, partition, record_offset, reason, value)"
                " VALUES ($1, $2, $3, $4, $5)",
                unreadable,
            )
        metrics.WRITE_S.observe(time.monotonic() - began_s)
        metrics.ROWS.labels(table.name).inc(len(rows))
        metrics.DEAD_LETTERS.inc(len(unreadable))

    def _tell_lag(self) -> None:
        lag = dict.fromkeys(self._tables, 0)
        for place in self._epochs:
            state = self._consumer._subscription.subscription.assignment.state_value(place)
            if state is not None and state.highwater is not None and state.has_valid_position:
                lag[place.topic] += max(0, state.highwater - state.position)
        for topic, records in lag.items():
            metrics.LAG_RECORDS.labels(topic).set(records)
