"""The whole way: an alarm with three files is reported, its files are asked for, brought, cut, brought again,
and lie with their alarm. Gateway, worker and evidence server are the real ones."""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts.times import SHANGHAI
from stream.attachments.service import serve as serve_evidence
from stream.gateway.service import serve as serve_gateway
from stream.settings import Settings
from stream.topics import ensure_topics, stated_partitions
from stream.worker.service import Worker, config_from
from tests.evidence.conftest import eventually
from tests.evidence.samples import h264, jpeg, state
from tests.evidence.terminal import END, HEAD, LIST, Terminal, about, chunk, chunks, file_list, frame
from tests.services import free_port, running_broker

pytestmark = pytest.mark.stack

PHONE = "13900000001"


@asynccontextmanager
async def role(serve: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[None]:
    stop = asyncio.Event()
    serving = asyncio.ensure_future(serve(stop))
    try:
        yield
        assert not serving.done(), serving
    finally:
        stop.set()
        await asyncio.wait_for(serving, 60)


@pytest.fixture
async def settings(registry: None, database: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of three roles that run."""
    plain = Settings()
    with running_broker() as broker:
        settings = replace(
            plain,
            broker=replace(plain.broker, bootstrap_servers=broker, telemetry_partitions=4),
            database=replace(plain.database, dsn=database),
            gateway=replace(plain.gateway, host="127.0.0.1", port=free_port()),
            evidence=replace(
                plain.evidence,
                host="127.0.0.1",
                port=free_port(),
                public_address="127.0.0.1",
                data_dir=tmp_path / "evidence",
            ),
        )
        await ensure_topics(broker, stated_partitions(settings.broker))
        worker = Worker(config_from(settings))
        async with AsyncExitStack() as stack:
            for serve in (
                lambda stop: serve_evidence(settings, stop),
                worker.serve,
                lambda stop: serve_gateway(settings, stop),
            ):
                await stack.enter_async_context(role(serve))
            for port in (settings.gateway.port, settings.evidence.port):
                await listening(port)
            yield settings


async def listening(port: int) -> None:
    async def answers() -> bool:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return True
        return False

    await eventually(answers)


async def connect(port: int) -> Terminal:
    return Terminal(*await asyncio.open_connection("127.0.0.1", port), phone=PHONE)


def report(identifier: bytes, time: datetime) -> bytes:
    """0x0200 with a DSM alarm: fatigue of level 2 at 63 km/h."""
    place = struct.pack(">II", 32_050_000, 118_700_000)
    when = bytes.fromhex(time.strftime("%y%m%d%H%M%S"))
    base = struct.pack(">II", 0, 3) + place + struct.pack(">HHH", 10, 630, 90) + when
    alarm = struct.pack(">IBBBB4xBH", 17, 0, 1, 2, 8, 63, 10) + place + when + struct.pack(">H", 0x0401)
    value = alarm + identifier
    assert len(value) == 47
    return base + bytes([0x65, len(value)]) + value


async def order_of(terminal: Terminal) -> bytes:
    """The body of the 0x9208 that comes, answered."""
    while True:
        message = await terminal.answer()
        if message.message_id == 0x9208:
            # The order's own serial is not needed to be known: the test terminal reads bodies only.
            return message.body


async def test_an_alarm_with_three_files_cut_in_the_middle_and_resumed(
    settings: Settings, pool: asyncpg.Pool
) -> None:
    now = datetime.now(SHANGHAI)
    identifier = b"TERM001" + bytes.fromhex(now.strftime("%y%m%d%H%M%S")) + bytes([0, 3, 0])
    link = await connect(settings.gateway.port)
    auth = await pool.fetchval("SELECT auth_code FROM vehicles WHERE vehicle_id = 'V1'")
    assert (await link.ask(0x0102, auth.encode())).result == 0
    link.say(0x0200, report(identifier, now))
    order = await order_of(link)

    size = order[0]
    address, port = order[1 : 1 + size].decode(), int.from_bytes(order[1 + size : 3 + size])
    assert (address, port) == ("127.0.0.1", settings.evidence.port)
    told = order[5 + size :]
    assert told[:16] == identifier
    number = told[16:48]
    files = {
        b"00_65_6501_0_" + number + b".jpg": (0, jpeg(90_000)),
        b"02_65_6501_1_" + number + b".h264": (2, h264(400_000)),
        b"03_65_6501_2_" + number + b".bin": (3, state(50)),
    }
    await bring(port, identifier, number, files)

    rows = await pool.fetch(
        """SELECT f.name, f.state, f.sha256, a.alert_id, a.level FROM safety_alarms a
           JOIN evidence_files f USING (vehicle_key, alarm_key) ORDER BY f.name"""
    )
    assert [(row["name"].encode(), row["state"]) for row in rows] == [(name, "complete") for name in files]
    for row in rows:
        assert row["sha256"] == hashlib.sha256(files[row["name"].encode()][1]).digest()
        assert row["level"] == 2
        assert row["alert_id"] is not None
    await link.hang_up()


async def bring(port: int, identifier: bytes, number: bytes, files: dict[bytes, tuple[int, bytes]]) -> None:
    """Three links: the first breaks in the second file, the next in a chunk, the last ends it all."""
    names = list(files)
    video, (kind, data) = names[1], files[names[1]]
    first = await connect(port)
    assert (await first.ask(LIST, listed(identifier, number, files))).result == 0
    assert (await first.hand_over(names[0], *files[names[0]])).result == 0
    assert (await first.ask(HEAD, about(video, kind, len(data)))).result == 0
    first.send(b"".join(chunks(video, data))[:200_000])
    await first.writer.drain()
    await first.hang_up()

    left = {name: files[name] for name in names[1:]}
    second = await connect(port)
    assert (await second.ask(LIST, listed(identifier, number, left, again=1))).result == 0
    assert (await second.ask(HEAD, about(video, kind, len(data)))).result == 0
    answer = await second.ask(END, about(video, kind, len(data)))
    assert answer.result == 1
    assert sum(length for _, length in answer.ranges) < len(data)
    for offset, length in answer.ranges:
        second.send(chunk(video, offset, data[offset : offset + length]))
    assert (await second.ask(END, about(video, kind, len(data)))).result == 0
    second.send(frame(HEAD, PHONE, 99, about(names[2], *sizes(files[names[2]])))[:9])
    await second.hang_up()

    third = await connect(port)
    assert (
        await third.ask(LIST, listed(identifier, number, {names[2]: files[names[2]]}, again=1))
    ).result == 0
    assert (await third.hand_over(names[2], *files[names[2]])).result == 0
    await third.hang_up()


def sizes(file: tuple[int, bytes]) -> tuple[int, int]:
    return file[0], len(file[1])


def listed(identifier: bytes, number: bytes, files: dict[bytes, Any], again: int = 0) -> bytes:
    return file_list(
        [(name, len(data)) for name, (_, data) in files.items()], identifier, number, again=again
    )


async def test_terminals_without_files_are_asked_for_none(settings: Settings, pool: asyncpg.Pool) -> None:
    now = datetime.now(SHANGHAI)
    identifier = b"TERM001" + bytes.fromhex(now.strftime("%y%m%d%H%M%S")) + bytes([0, 0, 0])
    link = await connect(settings.gateway.port)
    auth = await pool.fetchval("SELECT auth_code FROM vehicles WHERE vehicle_id = 'V1'")
    assert (await link.ask(0x0102, auth.encode())).result == 0
    assert (await link.ask(0x0200, report(identifier, now))).result == 0
    await eventually(lambda: pool.fetchval("SELECT count(*) FROM safety_alarms"))
    kinds = [json.loads(row["body"]) for row in await pool.fetch("SELECT body FROM commands")]
    assert not [body for body in kinds if "identifier" in body]
    await link.hang_up()
