"""A rulebook reaches running workers in the order of the stream."""

from __future__ import annotations

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer

from geo.zones import ZoneSet
from rules.rulebook import default_rulebook
from rules.rulebook_record import decode_rulebook, encode_rulebook
from rules.timely import Timely
from stream.errors import OperatorError
from stream.rulebook_publishing import publish
from stream.topics import TELEMETRY, ensure_topics
from stream.worker.partition import Partition
from stream.worker.round import Evaluated, Record, evaluate
from tests.worker.records import block, row

STRICT = encode_rulebook('version = "strict"\n[class_limit_kmh]\nvalue = 60\n')


def part(begin: int, end: int) -> bytes:
    return block([row("V", second, 80.0) for second in range(begin, end, 10)])


def log_of(*values: bytes) -> list[Record]:
    return [Record(0, offset, value) for offset, value in enumerate(values)]


def fresh(written: int = 0) -> Partition:
    return Partition(0, 1, Timely.new(default_rulebook(), ZoneSet()), 0, written)


def speeding(result: Evaluated) -> list[tuple[str, int, str]]:
    return [
        (one.kind, one.start_ms % 1_000_000 // 1000, one.rulebook_version)
        for one in result.changes
        if one.rule == "speeding"
    ]


def test_it_holds_from_its_offset_on_inside_one_round() -> None:
    result = evaluate(fresh(), log_of(part(0, 100), STRICT, part(100, 200)))
    assert speeding(result) == [("open", 100, "strict")]
    assert (len(result.reports), len(result.disposition), result.next_offset) == (20, 20, 3)
    assert result.partition.engine.rulebook.version == "strict"


def test_any_cut_into_rounds() -> None:
    log = log_of(part(0, 100), STRICT, part(100, 200))
    partition = fresh()
    told = [change for record in log for change in speeding(evaluate(partition, [record]))]
    assert told == [("open", 100, "strict")]


def test_after_a_crash_the_log_brings_it_again() -> None:
    log = log_of(part(0, 100), STRICT, part(100, 200))
    assert speeding(evaluate(fresh(written=2), log)) == [("open", 100, "strict")]


def test_one_that_cannot_be_read_is_kept_and_changes_nothing() -> None:
    result = evaluate(fresh(), log_of(part(0, 100), b"haulwatch-rulebook 1\ngap_s = 'x'", part(100, 200)))
    assert speeding(result) == []
    (letter,) = result.dead_letters
    assert "gap_s must be a number" in letter.reason


@pytest.mark.stack
async def test_publishing(broker: str, database: str) -> None:
    count = (await ensure_topics(broker, {TELEMETRY: 3}))[TELEMETRY]
    text = 'version = "2027.1"\ngap_s = 400\n'
    offsets = await publish(broker, database, "2027.1", text)
    assert sorted(offsets) == list(range(count))
    again = await publish(broker, database, "2027.1", text)
    assert all(again[number] > offset for number, offset in offsets.items())
    consumer = AIOKafkaConsumer(TELEMETRY, bootstrap_servers=broker, auto_offset_reset="earliest")
    await consumer.start()
    try:
        found = set()
        while len(found) < count:
            record = await consumer.getone()
            if record.offset == offsets[record.partition]:
                assert decode_rulebook(record.value or b"").version == "2027.1"
                found.add(record.partition)
    finally:
        await consumer.stop()
    connection = await asyncpg.connect(database)
    try:
        assert (
            await connection.fetchval("SELECT text FROM rulebook_versions WHERE version = '2027.1'") == text
        )
        assert await connection.fetchval("SELECT count(*) FROM rulebook_publishings") == 2
    finally:
        await connection.close()
    with pytest.raises(OperatorError, match="another text"):
        await publish(broker, database, "2027.1", text + "rest_s = 1\n")
