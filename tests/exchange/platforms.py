"""Exchanges under test: the role itself in this process, its broker and database beside it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from rules.blocks import Block, decode_block, encode_block
from rules.identity import partition_of, vehicle_key
from stream.exchange.link_file import read_links
from stream.exchange.service import serve
from stream.settings import Settings
from tests.exchange.link_files import write_links

PARTITIONS = 3
TOPICS = {"telemetry": PARTITIONS, "alerts": 1, "commands": 1}
DEADLINE_S = 60.0


class MovedClock:
    """Real time plus what a test adds to it."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@dataclass(frozen=True)
class Place:
    """A broker and a database."""

    bootstrap_servers: str
    dsn: str

    @property
    def settings(self) -> Settings:
        plain = Settings()
        return replace(
            plain,
            broker=replace(plain.broker, bootstrap_servers=self.bootstrap_servers),
            database=replace(plain.database, dsn=self.dsn),
            exchange=replace(plain.exchange, block_linger_ms=20),
        )


@contextlib.asynccontextmanager
async def running_exchange(
    place: Place, folder: Path, *tables: dict[str, Any], clock: Callable[[], float] = time.time
) -> AsyncIterator[None]:
    """The role, until the context ends."""
    links = read_links(write_links(folder, *tables), {})
    stop = asyncio.Event()
    settings = replace(
        place.settings, evidence=replace(place.settings.evidence, data_dir=folder / "evidence", store="")
    )
    role = asyncio.create_task(serve(settings, links, stop, clock))
    try:
        yield
        if role.done():
            role.result()
    finally:
        stop.set()
        await asyncio.wait_for(role, 60)


async def until(condition: Callable[[], Awaitable[Any]], deadline_s: float = DEADLINE_S) -> Any:
    """The condition's first true value."""
    end = time.monotonic() + deadline_s
    while True:
        value = await condition()
        if value:
            return value
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.03)


async def fetch(place: Place, query: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(place.dsn)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


async def link_states(place: Place, link: str) -> tuple[str, str] | None:
    rows = await fetch(place, "SELECT main_state, sub_state FROM exchange_links WHERE link = $1", link)
    return tuple(rows[0]) if rows else None


async def until_up(place: Place, link: str) -> None:
    async def up() -> bool:
        return await link_states(place, link) == ("up", "up")

    await until(up)


async def add_vehicles(place: Place, count: int, **fields: Any) -> list[str]:
    """Vehicles V0 ... with plates 苏A00000 ..., colour 2."""
    connection = await asyncpg.connect(place.dsn)
    names = [f"V{number}" for number in range(count)]
    rows = [
        (
            *(vehicle_key(name), name, f"139{number:08d}", f"苏A{number:05d}", fields.get("colour", 2)),
            *(fields.get("vehicle_class", "heavy_truck"), 0, fields.get("enterprise", "苏运"), "D1", "x"),
        )
        for number, name in enumerate(names)
    ]
    await connection.executemany(
        """INSERT INTO vehicles (vehicle_key, vehicle_id, terminal_phone, plate, plate_colour, vehicle_class,
                                 total_mass_kg, enterprise, driver_id, auth_code)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        rows,
    )
    await connection.close()
    return names


def block_of(vehicle_ids: Sequence[str], time_ms: int, **columns: Any) -> bytes:
    """One report of each vehicle; longitude tells which vehicle it is."""
    n = len(vehicle_ids)
    rows: dict[str, Any] = {
        "vehicle_key": [vehicle_key(one) for one in vehicle_ids],
        "vehicle_id": list(vehicle_ids),
        "vehicle_class": [1] * n,
        "driver_id": [""] * n,
        "time": [time_ms] * n,
        "received": [time_ms] * n,
        "longitude_deg": [118 + int(one[1:]) / 10_000 for one in vehicle_ids],
        "latitude_deg": [32.0] * n,
        "speed_kmh": [60.0] * n,
        "heading_deg": [90] * n,
        "altitude_m": [5] * n,
        "alarm_bits": [1] * n,
        "status_bits": [3] * n,
        "source": [0] * n,
        "serial": [0] * n,
        "items": [b""] * n,
        **columns,
    }
    return encode_block(rows)


async def send_blocks(place: Place, vehicle_ids: Sequence[str], times_ms: Sequence[int]) -> None:
    """For each time a block a partition, as the gateway makes them."""
    producer = AIOKafkaProducer(bootstrap_servers=place.bootstrap_servers)
    await producer.start()
    by_partition: dict[int, list[str]] = {}
    for one in vehicle_ids:
        by_partition.setdefault(partition_of(vehicle_key(one), PARTITIONS), []).append(one)
    for time_ms in times_ms:
        for partition, theirs in by_partition.items():
            await producer.send_and_wait("telemetry", block_of(theirs, time_ms), partition=partition)
    await producer.stop()


class LogWatch:
    """All blocks that come into a telemetry log from now on."""

    def __init__(self, place: Place) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=place.bootstrap_servers, auto_offset_reset="earliest", fetch_max_wait_ms=50
        )
        self.blocks: list[Block] = []

    async def __aenter__(self) -> LogWatch:
        await self._consumer.start()
        self._consumer.assign([TopicPartition("telemetry", number) for number in range(PARTITIONS)])
        await self._consumer.seek_to_end()
        for number in range(PARTITIONS):
            await self._consumer.position(TopicPartition("telemetry", number))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def until_rows(self, rows: int, deadline_s: float = DEADLINE_S) -> list[dict[str, Any]]:
        """All rows, when there are at least so many."""
        end = time.monotonic() + deadline_s
        while sum(block.rows for block in self.blocks) < rows:
            assert time.monotonic() < end, f"{sum(block.rows for block in self.blocks)} of {rows} rows came"
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                self.blocks += [decode_block(record.value) for record in records]
        return [row for block in self.blocks for row in block.table.to_pylist()]


def now_s() -> int:
    return int(datetime.now(UTC).timestamp())
