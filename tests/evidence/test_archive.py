"""Topics to tables: exactly once, over crashes, broken records and a new log."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from alerts.evidence.folder_objects import FolderObjects
from alerts.evidence.retention import Retention
from alerts.frames import ArchivedFrame, digests, encode_frames
from alerts.terminal_messages import TerminalMessage, encode_messages
from rules.identity import vehicle_key
from stream.archive.service import follow_topics
from stream.settings import Settings
from stream.topics import FRAMES, MESSAGES, ensure_topics
from tests.evidence.conftest import eventually
from tests.evidence.samples import jpeg
from tests.services import running_broker

pytestmark = pytest.mark.stack

KEY = vehicle_key("V1")
NOW_MS = 1_795_300_000_000
PICTURE = jpeg(30_000)


def message(serial: int, message_id: int = 0x0900, body: bytes = b"\xf7\x00") -> TerminalMessage:
    return TerminalMessage(KEY, "V1", "13900000001", NOW_MS, message_id, serial, "2013", body)


def picture(serial: int, data: bytes = PICTURE) -> TerminalMessage:
    head = (900 + serial).to_bytes(4) + bytes([0, 0, 1, 2])
    return message(serial, 0x0801, head + bytes(28) + data)


def frame(serial: int) -> ArchivedFrame:
    data = b"\x7e" + serial.to_bytes(2) + b"\x7e"
    return ArchivedFrame(KEY, "V1", 0, NOW_MS, 0x0200, serial, data, *digests(data))


async def publish(address: str, topic: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address)
    await producer.start()
    try:
        for number, value in enumerate(values):
            await producer.send_and_wait(topic, value, partition=number % 2)
    finally:
        await producer.stop()


@asynccontextmanager
async def following(address: str, pool: asyncpg.Pool, folder: Path) -> AsyncIterator[None]:
    settings = Settings()
    settings = replace(settings, broker=replace(settings.broker, bootstrap_servers=address))
    objects = FolderObjects(folder / "objects")
    task = asyncio.create_task(follow_topics(settings, pool, objects, Retention(), folder))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def serials(pool: asyncpg.Pool, table: str) -> list[int]:
    return [row["serial"] for row in await pool.fetch(f"SELECT serial FROM {table} ORDER BY serial")]


async def until(pool: asyncpg.Pool, table: str, wanted: list[int]) -> None:
    async def there() -> bool:
        return len(await serials(pool, table)) >= len(wanted)

    await eventually(there)
    assert await serials(pool, table) == wanted


@pytest.fixture
def own_broker() -> Iterator[str]:
    """A broker whose topics hold what this test sends, and nothing of other tests."""
    with running_broker() as address:
        yield address


async def test_messages_and_frames_become_rows_exactly_once(
    own_broker: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    broker = own_broker
    await ensure_topics(broker, {MESSAGES: 2, FRAMES: 2})
    await publish(broker, MESSAGES, encode_messages([message(1), message(2)]), encode_messages([picture(3)]))
    async with following(broker, pool, tmp_path):
        await until(pool, "terminal_messages", [1, 2, 3])
        await publish(broker, FRAMES, encode_frames([frame(1)]), encode_frames([frame(2), frame(3)]))
        await until(pool, "frames", [1, 2, 3])
    async with following(broker, pool, tmp_path):  # a restart repeats nothing and misses nothing
        await publish(broker, MESSAGES, b"no Arrow", encode_messages([message(4)]))
        await until(pool, "terminal_messages", [1, 2, 3, 4])
        await eventually(lambda: pool.fetchval("SELECT count(*) FROM dead_letters"))
    row = await pool.fetchrow("SELECT * FROM terminal_messages WHERE serial = 3")
    assert row["body"] is None
    file = await pool.fetchrow("SELECT * FROM evidence_files WHERE file_id = $1", row["file_id"])
    assert (file["source"], file["state"], file["media_id"], file["kind"]) == (
        "media",
        "complete",
        903,
        "image",
    )
    assert file["sha256"] == hashlib.sha256(PICTURE).digest()
    stored = (
        tmp_path / "objects" / file["sha256"].hex()[:2] / file["sha256"].hex()[2:4] / file["sha256"].hex()
    )
    assert stored.read_bytes() == PICTURE
    letter = await pool.fetchrow("SELECT topic, value FROM dead_letters")
    assert (letter["topic"], letter["value"]) == (MESSAGES, b"no Arrow")


async def test_one_of_two_followers_writes(pool: asyncpg.Pool, tmp_path: Path) -> None:
    with running_broker() as broker:
        await ensure_topics(broker, {MESSAGES: 2, FRAMES: 2})
        async with following(broker, pool, tmp_path), following(broker, pool, tmp_path):
            for serial in range(6):
                await publish(broker, MESSAGES, encode_messages([message(serial)]))
            await until(pool, "terminal_messages", list(range(6)))


async def test_a_new_log_is_read_from_its_start(pool: asyncpg.Pool, tmp_path: Path) -> None:
    with running_broker() as broker:
        port = int(broker.rpartition(":")[2])
        await ensure_topics(broker, {MESSAGES: 2, FRAMES: 2})
        await publish(broker, MESSAGES, *(encode_messages([message(n)]) for n in range(4)))
        async with following(broker, pool, tmp_path):
            await until(pool, "terminal_messages", [0, 1, 2, 3])
    with running_broker(port) as broker:
        await ensure_topics(broker, {MESSAGES: 2, FRAMES: 2})
        await publish(broker, MESSAGES, encode_messages([message(10)]))
        async with following(broker, pool, tmp_path):
            await until(pool, "terminal_messages", [0, 1, 2, 3, 10])


async def test_media_that_cannot_be_read_stay_bytes(broker: str, pool: asyncpg.Pool, tmp_path: Path) -> None:
    await ensure_topics(broker, {MESSAGES: 2, FRAMES: 2})
    async with following(broker, pool, tmp_path):
        await publish(
            broker, MESSAGES, encode_messages([message(77, 0x0801, b"short"), picture(78, b"not a JPEG")])
        )

        async def there() -> bool:
            return {77, 78} <= set(await serials(pool, "terminal_messages"))

        await eventually(there)
    short = await pool.fetchrow("SELECT body, file_id FROM terminal_messages WHERE serial = 77")
    assert (short["body"], short["file_id"]) == (b"short", None)
    kind = await pool.fetchval("SELECT kind FROM evidence_files WHERE media_id = 978")
    assert kind == "other"  # kept as what it is
