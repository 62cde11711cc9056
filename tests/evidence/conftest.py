"""An attachment server in this process, on a real database, with vehicles that are known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts.evidence.folder_objects import FolderObjects
from alerts.evidence.objects import Objects
from alerts.evidence.retention import Retention
from alerts.registry import import_csv
from stream.attachments.keeper import Keeper
from stream.attachments.limits import Limits
from stream.attachments.server import AttachmentServer
from stream.attachments.uploads import Uploads
from tests.evidence.terminal import PATIENCE_S, Terminal
from tests.services import free_port

REGISTRY = """id,terminal_phone,plate,plate_colour,class,total_mass_kg,enterprise,driver
V1,13900000001,苏A00001,2,heavy_truck,31000,First,D1
V2,13900000002,苏A00002,2,hazmat,18000,First,D2
"""


@dataclass
class Centre:
    """A server that can be ended and started again, and what stands behind it."""

    pool: asyncpg.Pool
    dsn: str
    folder: Path
    objects: Objects
    limits: Limits
    port: int
    server: AttachmentServer | None = None

    async def start(self, **limits: Any) -> None:
        self.limits = replace(self.limits, **limits)
        retention = Retention()
        keeper = Keeper(self.pool, self.objects, self.folder, retention)
        self.server = AttachmentServer(Uploads(self.pool, keeper, self.folder, self.limits, retention))
        await self.server.listen("127.0.0.1", self.port)

    async def stop(self) -> None:
        if self.server is not None:
            await self.server.close()
            self.server = None

    @asynccontextmanager
    async def terminal(self, phone: str = "13900000001", **options: Any) -> AsyncIterator[Terminal]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        terminal = Terminal(reader, writer, phone, **options)
        try:
            yield terminal
        finally:
            await terminal.hang_up()

    async def rows(self) -> dict[str, asyncpg.Record]:
        """Evidence files by name."""
        return {row["name"]: row for row in await self.pool.fetch("SELECT * FROM evidence_files")}

    async def stored(self, sha256: bytes, size: int) -> bytes:
        return b"".join([piece async for piece in self.objects.read(sha256, 0, size)])


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database, min_size=0, max_size=8) as pool:
        yield pool


@pytest.fixture
def registry(database: str, tmp_path: Path) -> None:
    path = tmp_path / "registry.csv"
    path.write_text(REGISTRY, encoding="utf-8")
    assert import_csv(database, path) == 0


@pytest.fixture
async def centre(registry: None, database: str, pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Centre]:
    folder = tmp_path / "evidence"
    centre = Centre(pool, database, folder, FolderObjects(folder / "objects"), Limits(), free_port())
    await centre.start()
    yield centre
    await centre.stop()


async def eventually(condition: Any, what: str = "") -> Any:
    """The first true value of an async condition."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            value = await condition()
            if value:
                return value
            await asyncio.sleep(0.02)
