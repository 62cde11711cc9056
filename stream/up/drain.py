"""The embedded broker's log: how much of it is stored, and whether all is before the broker forgets it."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from stream.topics import FRAMES, MESSAGES, TELEMETRY

STORED = (TELEMETRY, MESSAGES, FRAMES)
"""Topics that end in the database: the worker's, and the two of the evidence server."""

POLL_S = 0.05
ASK_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Log:
    """The log of one start of the embedded broker, and the database that it is stored in."""

    bootstrap_servers: str
    cluster_id: str
    dsn: str


def wait_until_stored(log: Log, timeout_s: float, given_up: Callable[[], bool]) -> int:
    """Waits until the checkpoints have reached the end of the topics; nobody may write to them any more.

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


def records_stored(log: Log) -> int:
    """How many records of the log are stored; 0 when the database does not say."""
    try:
        with psycopg.connect(log.dsn, autocommit=True, connect_timeout=1) as connection:
            row = connection.execute(
                "SELECT sum(next_offset) FROM checkpoints WHERE topic = ANY(%s) AND cluster_id = %s",
                [list(STORED), log.cluster_id],
            ).fetchone()
    except psycopg.Error:
        return 0
    return int(row[0] or 0) if row else 0


async def _ends(bootstrap_servers: str) -> dict[tuple[str, int], int]:
    """The offset after the newest record of each topic's partition that has any."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    try:
        await consumer.start()
        await consumer.topics()
        places = [
            TopicPartition(topic, number)
            for topic in STORED
            for number in consumer.partitions_for_topic(topic) or ()
        ]
        found = await consumer.end_offsets(places)
        return {(place.topic, place.partition): end for place, end in found.items() if end > 0}
    finally:
        await consumer.stop()


def _missing(connection: psycopg.Connection, cluster_id: str, ends: Mapping[tuple[str, int], int]) -> int:
    rows = connection.execute(
        "SELECT topic, partition, next_offset FROM checkpoints WHERE topic = ANY(%s) AND cluster_id = %s",
        [list(STORED), cluster_id],
    ).fetchall()
    stored = {(str(topic), int(partition)): int(offset) for topic, partition, offset in rows}
    return sum(max(0, end - stored.get(place, 0)) for place, end in ends.items())
