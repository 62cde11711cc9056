"""The role as its own process, killed in the middle of an upload."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from stream.attachments.partial_file import SYNC_BYTES
from tests.evidence.conftest import eventually
from tests.evidence.samples import h264
from tests.evidence.terminal import CHUNK, END, HEAD, LIST, Terminal, about, chunk, chunks, file_list
from tests.services import free_port

pytestmark = pytest.mark.stack

NAME = b"02_64_6401_0_x.h264"
DATA = h264(3 * SYNC_BYTES)


@contextmanager
def evidence_process(
    dsn: str, folder: Path, port: int, metrics_port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """`haulwatch evidence` without a broker: files are taken all the same."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("HAULWATCH_")}
    environment = inherited | {
        "HAULWATCH_DATABASE_DSN": dsn,
        "HAULWATCH_BROKER_BOOTSTRAP_SERVERS": f"127.0.0.1:{free_port()}",
        "HAULWATCH_EVIDENCE_HOST": "127.0.0.1",
        "HAULWATCH_EVIDENCE_PORT": str(port),
        "HAULWATCH_EVIDENCE_METRICS_PORT": str(metrics_port),
        "HAULWATCH_EVIDENCE_DATA_DIR": str(folder),
    }
    command = [sys.executable, "-m", "stream.cli", "evidence"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def connect(port: int) -> Terminal:
    async def link() -> Terminal | None:
        try:
            return Terminal(*await asyncio.open_connection("127.0.0.1", port))
        except OSError:
            return None

    found = await eventually(link)
    assert isinstance(found, Terminal)
    return found


async def begin(port: int) -> Terminal:
    terminal = await connect(port)
    assert (await terminal.ask(LIST, file_list([(NAME, len(DATA))]))).result == 0
    assert (await terminal.ask(HEAD, about(NAME, 2, len(DATA)))).result == 0
    return terminal


async def test_killed_in_the_middle_and_resumed(
    registry: None, database: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    port, metrics_port = free_port(), free_port()
    pieces = chunks(NAME, DATA)
    with evidence_process(database, tmp_path, port, metrics_port) as process:
        terminal = await begin(port)
        for piece in pieces[:40]:
            terminal.send(piece)
        await eventually(lambda: noted(tmp_path))
        process.send_signal(signal.SIGKILL)
        assert await terminal.closed()
    with evidence_process(database, tmp_path, port, metrics_port) as process:
        terminal = await begin(port)
        answer = await terminal.ask(END, about(NAME, 2, len(DATA)))
        assert answer.result == 1
        again = sum(length for _, length in answer.ranges)
        assert again <= len(DATA) - 2 * SYNC_BYTES + CHUNK  # two notes were on the disk
        for offset, length in answer.ranges:
            terminal.send(chunk(NAME, offset, DATA[offset : offset + length]))
        assert (await terminal.ask(END, about(NAME, 2, len(DATA)))).result == 0
        row = await pool.fetchrow("SELECT state, sha256, expires_at FROM evidence_files")
        assert (row["state"], row["sha256"]) == ("complete", hashlib.sha256(DATA).digest())
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"http://127.0.0.1:{metrics_port}/metrics")).text
        assert 'haulwatch_evidence_files_total{kind="video",result="complete"} 1.0' in told
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 20) == 0


async def noted(folder: Path) -> bool:
    """Whether the note speaks of two thirds of the file."""
    for note in (folder / "partial").glob("*.ranges"):
        return sum(end - start for start, end in json.loads(note.read_text())["ranges"]) >= 2 * SYNC_BYTES
    return False
