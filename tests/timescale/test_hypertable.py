"""The schema on a real TimescaleDB (in WebAssembly, by Node): hypertables are made and work."""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import numpy as np
import psycopg
import pytest

from alerts import migrate
from alerts.acknowledgement import acknowledge
from alerts.store import apply_changes
from rules.reports import Reports
from stream.worker import tracks
from tests.store.changes import VEHICLE_IDS, Change, alert_id

HERE = Path(__file__).parent
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None or not (HERE / "node_modules").is_dir(),
    reason="needs node, and `npm ci` in tests/timescale",
)


@pytest.fixture(scope="module")
def dsn() -> Iterator[str]:
    assert NODE is not None
    process = subprocess.Popen(
        [NODE, "bridge.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=disable"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def migrated(dsn: str) -> str:
    stdout, stderr = io.StringIO(), io.StringIO()
    assert migrate.run(dsn, stdout, stderr) == 0, stderr.getvalue()
    assert "found TimescaleDB 2." in stdout.getvalue()
    assert "tracks are a hypertable" in stdout.getvalue()
    return dsn


def test_tracks_are_a_hypertable_with_our_index_alone(migrated: str) -> None:
    with psycopg.connect(migrated) as connection:
        tables = connection.execute(
            "SELECT hypertable_name FROM timescaledb_information.hypertables"
        ).fetchall()
        indexes = connection.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'tracks'").fetchall()
    assert tables == [("tracks",)]
    assert indexes == [("tracks_report",)]


def test_again_finds_nothing_to_do(migrated: str) -> None:
    stdout = io.StringIO()
    assert migrate.run(migrated, stdout) == 0
    assert "nothing to do" in stdout.getvalue()
    assert migrate.ensure_partitions(migrated) == 0


async def test_worker_and_desk_write_here_too(migrated: str) -> None:
    """Binary COPY into chunks of three days, a repeat refused; alerts, and their acknowledgement."""
    now = datetime.now(UTC).replace(microsecond=0)
    times = [int((now - timedelta(days=days)).timestamp() * 1000) for days in (0, 1, 40)]
    reports = Reports.build(
        vehicle_key=np.array([5, 5, 5]),
        time_ms=np.array(times),
        longitude_deg=np.full(3, 118.5),
        latitude_deg=np.full(3, 32.0),
        speed_kmh=np.full(3, 60.0),
    )
    rows = tracks.copy_rows(reports, np.zeros(3, np.uint8))
    connection = await asyncpg.connect(migrated)
    try:
        async with asyncio.timeout(60):
            await connection.copy_to_table("tracks", source=rows, columns=tracks.COLUMNS, format="binary")
            assert await connection.fetchval("SELECT count(*) FROM show_chunks('tracks')") == 3
            newest = await connection.fetchval("SELECT max(time) FROM tracks WHERE vehicle_key = 5")
            assert newest == now
            again = await connection.execute("INSERT INTO tracks SELECT * FROM tracks ON CONFLICT DO NOTHING")
            assert again == "INSERT 0 0"
            async with connection.transaction():
                assert len(await apply_changes(connection, [Change(alert_id(1))], VEHICLE_IDS)) == 1
            assert await acknowledge(connection, alert_id(1), "王芳", "") is not None
    finally:
        await connection.close()
