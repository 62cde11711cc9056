"""Answers the log source's question where to read from: out of the database's checkpoints."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from stream.log_identity import read_log_identity
from stream.topics import TELEMETRY
from stream.worker import checkpoint
from stream.worker.database import patiently
from stream.worker.pipeline import Pipeline


class Claims:
    """`reader` is a started client without a group, asked for the log's identity and its first offsets."""

    def __init__(self, pool: asyncpg.Pool, reader: AIOKafkaConsumer, pipeline: Pipeline) -> None:
        self._pool = pool
        self._reader = reader
        self._pipeline = pipeline

    async def positions(self, partitions: frozenset[int], claim: bool) -> dict[int, int]:
        if claim:
            return await self._pipeline.reassign(lambda: self._claim(partitions))
        return {number: one.expected_offset for number, one in self._pipeline.partitions.items()}

    async def _claim(self, partitions: Iterable[int]) -> list[checkpoint.Claim]:
        places = [TopicPartition(TELEMETRY, partition) for partition in sorted(partitions)]
        if not places:
            return []
        return await patiently(lambda: self._claim_all(places), "claiming partitions", KafkaError)

    async def _claim_all(self, places: list[TopicPartition]) -> list[checkpoint.Claim]:
        firsts = await self._reader.beginning_offsets(places)
        identity = await read_log_identity(self._reader._client, TELEMETRY)
        async with self._pool.acquire() as connection:
            return [
                await checkpoint.claim(connection, TELEMETRY, place.partition, identity, first)
                for place, first in firsts.items()
            ]
