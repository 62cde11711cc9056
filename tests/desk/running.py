"""A desk as a process of its own, and what tests put in front of it: vehicles, tracks, alerts, telemetry."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import psycopg
from aiokafka import AIOKafkaProducer

from alerts.store import apply_changes
from rules.blocks import encode_block
from rules.identity import partition_of, vehicle_key
from tests.services import free_port
from tests.store.changes import Change

TELEMETRY_PARTITIONS = 4
TOPICS = {"telemetry": TELEMETRY_PARTITIONS, "alerts": 2, "commands": 1}
DEADLINE_S = 60.0


@dataclass(frozen=True)
class RunningDesk:
    """Where a desk answers, and what stands behind it."""

    url: str
    dsn: str
    bootstrap_servers: str
    process: subprocess.Popen

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return httpx.get(self.url + path, params=parameters or None, timeout=60)

    def post(self, path: str, body: Any) -> httpx.Response:
        return httpx.post(self.url + path, json=body, timeout=60)


@contextmanager
def running_desk(dsn: str, bootstrap_servers: str, **options: Any) -> Iterator[RunningDesk]:
    """Start a desk and wait until it answers; stop it with SIGTERM at the end."""
    port = options.setdefault("port", free_port())
    arguments = {"dsn": dsn, "bootstrap_servers": bootstrap_servers, **options}
    code = f"import sys; from alerts.desk import run; sys.exit(run(**{arguments!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    desk = RunningDesk(f"http://127.0.0.1:{port}", dsn, bootstrap_servers, process)
    try:
        wait_until(lambda: _answers(desk) or process.poll() is not None)
        assert process.poll() is None, "the desk did not start"
        yield desk
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        finally:
            process.kill()


def _answers(desk: RunningDesk) -> bool:
    try:
        return desk.get("/api/config").status_code == 200
    except httpx.TransportError:
        return False


def wait_until(condition: Any, deadline_s: float = DEADLINE_S) -> Any:
    """The condition's first true value; fails when it stays false."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def add_vehicle(dsn: str, vehicle_id: str, **fields: Any) -> None:
    row = {
        "vehicle_key": vehicle_key(vehicle_id),
        "vehicle_id": vehicle_id,
        "terminal_phone": str(abs(vehicle_key(vehicle_id)))[:11],
        "plate": "苏A" + vehicle_id,
        "plate_colour": 2,
        "vehicle_class": "heavy_truck",
        "total_mass_kg": 25000,
        "enterprise": "苏运物流",
        "driver_id": "",
        "auth_code": "secret",
        **fields,
    }
    names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
    with psycopg.connect(dsn) as connection:
        connection.execute(f"INSERT INTO vehicles ({names}) VALUES ({marks})", list(row.values()))


def add_tracks(dsn: str, vehicle_id: str, times: Sequence[datetime], disposition: int = 0) -> None:
    rows = [
        (vehicle_key(vehicle_id), time, time, 118.0 + n / 1000, 32.0, 60.0, 90, 10, 0, 3, n + 1, disposition)
        for n, time in enumerate(times)
    ]
    marks = ", ".join(["%s"] * 12)
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO tracks VALUES ({marks})", rows)


def store_changes(dsn: str, *changes: Change) -> list[int]:
    """Store alert changes as the worker does; returns their numbers. Vehicles are named "V<key>"."""

    async def store() -> list[int]:
        connection = await asyncpg.connect(dsn)
        try:
            async with connection.transaction():
                names = {change.vehicle_key: f"V{change.vehicle_key}" for change in changes}
                return [revision.seq for revision in await apply_changes(connection, changes, names)]
        finally:
            await connection.close()

    return asyncio.run(store())


def telemetry(vehicle_id: str, times: Sequence[datetime], longitude_deg: float, **columns: Any) -> bytes:
    """A block of reports of one vehicle."""
    n = len(times)
    stamps = [int(time.timestamp() * 1000) for time in times]
    received = columns.pop("received", int(datetime.now(UTC).timestamp() * 1000))
    rows = {
        "vehicle_key": [vehicle_key(vehicle_id)] * n,
        "vehicle_id": [vehicle_id] * n,
        "vehicle_class": [1] * n,
        "driver_id": [""] * n,
        "time": stamps,
        "received": [received] * n,
        "longitude_deg": [longitude_deg] * n,
        "latitude_deg": [32.0] * n,
        "speed_kmh": [50.0] * n,
        "heading_deg": [90] * n,
        "altitude_m": [5] * n,
        "alarm_bits": [0] * n,
        "status_bits": [3] * n,
        "source": [0] * n,
        "serial": list(range(n)),
        "items": [b""] * n,
    }
    rows.update({name: [value] * n for name, value in columns.items()})
    return encode_block(rows)


def send_telemetry(bootstrap_servers: str, *blocks: tuple[str, bytes]) -> None:
    """Put (vehicle_id, block) on the topic, each in its vehicle's partition."""

    async def send() -> None:
        producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
        await producer.start()
        try:
            for vehicle_id, block in blocks:
                partition = partition_of(vehicle_key(vehicle_id), TELEMETRY_PARTITIONS)
                assert len(await producer.partitions_for("telemetry")) == TELEMETRY_PARTITIONS
                await producer.send_and_wait("telemetry", block, partition=partition)
        finally:
            await producer.stop()

    asyncio.run(send())
