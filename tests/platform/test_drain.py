"""Before the embedded broker ends, what it holds is stored."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from aiokafka import AIOKafkaProducer

from stream.embedded import EmbeddedBroker
from stream.topics import TELEMETRY, ensure_topics
from stream.up.drain import Log, records_stored, wait_until_stored
from tests.services import data_folder, free_port

pytestmark = pytest.mark.stack

RECORDS = 3


@pytest.fixture
def log(database: str) -> Iterator[Log]:
    """A log with some records in partition 0 of two, none of them stored."""

    async def fill(address: str) -> None:
        await ensure_topics(address, {TELEMETRY: 2})
        producer = AIOKafkaProducer(bootstrap_servers=address)
        await producer.start()
        for number in range(RECORDS):
            await producer.send_and_wait(TELEMETRY, bytes([number]), partition=0)
        await producer.stop()

    with data_folder() as folder, EmbeddedBroker(free_port(), log_path=folder / "log") as broker:
        asyncio.run(fill(broker.bootstrap_servers))
        yield Log(broker.bootstrap_servers, broker.cluster_id, database)


def store(log: Log, next_offset: int) -> None:
    with psycopg.connect(log.dsn) as connection:
        connection.execute(
            "INSERT INTO checkpoints (topic, partition, cluster_id, topic_id, next_offset, epoch)"
            " VALUES (%s, 0, %s, 't', %s, 1)"
            " ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset",
            [TELEMETRY, log.cluster_id, next_offset],
        )


def test_what_is_not_stored_in_time_is_counted(log: Log) -> None:
    assert wait_until_stored(log, 0.0, lambda: False) == RECORDS
    store(log, 1)
    assert wait_until_stored(log, 0.0, lambda: False) == RECORDS - 1


def test_the_wait_ends_when_all_is_stored(log: Log) -> None:
    asked = iter(range(1, RECORDS + 1))

    def store_one_more() -> bool:
        store(log, next(asked))
        return False

    assert wait_until_stored(log, 60.0, store_one_more) == 0


def test_a_second_signal_ends_the_wait(log: Log) -> None:
    assert wait_until_stored(log, 60.0, lambda: True) == RECORDS


def test_records_that_are_stored_are_counted(log: Log) -> None:
    assert records_stored(log) == 0
    store(log, 2)
    assert records_stored(log) == 2
    assert records_stored(replace(log, cluster_id="another")) == 0
    assert records_stored(replace(log, dsn=f"postgresql://postgres@127.0.0.1:{free_port()}/x")) == 0


def test_checkpoints_of_an_older_log_do_not_count(log: Log) -> None:
    store(log, 1000)
    assert wait_until_stored(replace(log, cluster_id="another"), 0.0, lambda: False) == RECORDS


def test_services_that_are_away_are_not_waited_for(log: Log) -> None:
    away = f"127.0.0.1:{free_port()}"
    assert wait_until_stored(replace(log, bootstrap_servers=away), 60.0, lambda: False) == 0
    assert wait_until_stored(replace(log, dsn=f"postgresql://postgres@{away}/x"), 60.0, lambda: False) == 0
