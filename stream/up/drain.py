"""Before the embedded broker forgets its log: has the worker stored all of it?"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from stream.topics import TELEMETRY

POLL_S = 0.05
ASK_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Log:
    """The log of one start of the embedded broker, and the database that it is stored in."""

    bootstrap_servers: str
    cluster_id: str
    dsn: str


def wait_until_stored(log: Log, timeout_s: float, given_up: Callable[[], bool]) -> int:
    """Waits until the checkpoints have reached the end of `telemetry`; nobody may write to it any more.

    Returns:
        How many records are not stored after `timeout_s`, or when `given_up()` said so; 0 is hoped for.
        A broker or database that does not answer counts as nothing to wait for.
    """
    deadline = time.monotonic() + timeout_s
    try:
        ends = asyncio.run(asyncio.wait_for(_ends(log.bootstrap_servers), ASK_TIMEOUT_S))
        with psycopg.connect(log.dsn, autocommit=True, connect_timeout=1) as connection:
            while missing := _missing(connection, log.cluster_id, ends):
                if given_up() or time.monotonic() > deadline:
                    return missing
                time.sleep(POLL_S)
    except (KafkaError, OSError, TimeoutError, psycopg.Error):
        pass
    return 0


async def _ends(bootstrap_servers: str) -> dict[int, int]:
    """The offset after the newest record of each partition that has any."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    try:
        await consumer.start()
        partitions = consumer.partitions_for_topic(TELEMETRY) or await _asked(consumer)
        places = [TopicPartition(TELEMETRY, number) for number in partitions]
        found = await consumer.end_offsets(places)
        return {place.partition: end for place, end in found.items() if end > 0}
    finally:
        await consumer.stop()


async def _asked(consumer: AIOKafkaConsumer) -> set[int]:
    await consumer.topics()
    return consumer.partitions_for_topic(TELEMETRY) or set()


def _missing(connection: psycopg.Connection, cluster_id: str, ends: Mapping[int, int]) -> int:
    rows = connection.execute(
        "SELECT partition, next_offset FROM checkpoints WHERE topic = %s AND cluster_id = %s",
        [TELEMETRY, cluster_id],
    ).fetchall()
    stored = {int(partition): int(offset) for partition, offset in rows}
    return sum(max(0, end - stored.get(partition, 0)) for partition, end in ends.items())
