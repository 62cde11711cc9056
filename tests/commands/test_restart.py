"""A gateway that is killed between an order and its answer; a database that is away meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from alerts.command_kinds import FINAL
from stream.gateway import command_feed
from stream.jt808.messages import Heartbeat
from tests.commands.conftest import DEADLINE_S, Centre
from tests.commands.terminal import ObedientTerminal
from tests.services import free_port

pytestmark = pytest.mark.stack


@contextlib.asynccontextmanager
async def gateway_process(
    centre: Centre, port: int, folder: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A gateway as a process of its own, listening; killed at the end."""
    environment = os.environ | {
        "HAULWATCH_BROKER_BOOTSTRAP_SERVERS": centre.bootstrap_servers,
        "HAULWATCH_DATABASE_DSN": centre.dsn,
        "HAULWATCH_GATEWAY_HOST": "127.0.0.1",
        "HAULWATCH_GATEWAY_PORT": str(port),
        "HAULWATCH_GATEWAY_METRICS_PORT": str(free_port()),
    }
    command = [str(Path(sys.executable).with_name("haulwatch")), "gateway"]
    with (folder / "gateway.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, cwd=folder, stdout=log, stderr=log
        )
    try:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                assert process.returncode is None, (folder / "gateway.log").read_text()
                await asyncio.sleep(0.1)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_killed_between_order_and_answer(centre: Centre, tmp_path: Path) -> None:
    port = free_port()
    async with gateway_process(centre, port, tmp_path) as process:
        terminal = ObedientTerminal("013900000001")
        await terminal.join(port)
        text = await centre.order("text", {"text": "x", "speak": True})
        photo = await centre.order("photo", {"channel": 1, "command": 1})
        await terminal.order(0x8300)
        terminal.acknowledge(await terminal.order(0x8801))
        await centre.reaches(text, "sent")
        await centre.reaches(photo, "delivered")
        process.kill()
        assert await terminal.closed()
    while_down = await centre.order("position_query", valid_s=600)
    async with gateway_process(centre, port, tmp_path):
        again = ObedientTerminal("013900000001")
        again.code = terminal.code
        await again.connect(port)
        assert (await again.authenticate()).result == 0
        again.acknowledge(await again.order(0x8300))
        await centre.reaches(text, "answered", attempts=2)
        again.acknowledge(await again.order(0x8201), 3)
        await centre.reaches(while_down, "failed", reason="unsupported")
        assert (await centre.row(photo))["state"] == "delivered"
        assert not [frame for frame in again.heard if frame.header.message_id == 0x8801]


async def test_the_database_is_away_while_terminals_answer(centre: Centre) -> None:
    """Progress waits in the gateway and is written when the database is back."""
    async with centre.gateway() as gateway:
        terminal = ObedientTerminal("013900000001")
        await terminal.join(gateway.port)
        command_id = await centre.order("text", {"text": "x", "speak": True})
        heard = await terminal.order(0x8300)
        await centre.reaches(command_id, "sent")
        name = centre.dsn.rsplit("/", 1)[1]
        maintenance = await asyncpg.connect(centre.dsn.rsplit("/", 1)[0] + "/postgres")
        await maintenance.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await maintenance.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        terminal.acknowledge(heard)
        await terminal.answer_to(terminal.send(Heartbeat()))
        await maintenance.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await maintenance.close()
        await centre.reaches(command_id, "answered")


async def test_orders_that_the_topic_did_not_bring_are_found(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row whose record was lost, or whose owner died, comes to its end all the same."""
    monkeypatch.setattr(command_feed, "_COMPARE_S", 0.2)
    async with centre.gateway() as gateway:
        terminal = ObedientTerminal("013900000001")
        await terminal.join(gateway.port)
        async with centre.pool.acquire() as connection:
            await connection.execute(
                """INSERT INTO commands (command_id, vehicle_key, vehicle_id, terminal_phone, kind, body,
                       operator, created_at, expires_at, state, gateway, link_at, attempts)
                   SELECT gen_random_uuid(), vehicle_key, vehicle_id, terminal_phone, 'text', '{"text": "x"}',
                       '王芳', now() - interval '2 hours', now() - interval '1 hour', 'sent', 'dead',
                       now() - interval '2 hours', 1
                   FROM vehicles WHERE vehicle_id = 'V1'"""
            )
        async with asyncio.timeout(DEADLINE_S):
            while True:
                states = await centre.pool.fetch("SELECT state, reason FROM commands")
                if all(row["state"] in FINAL for row in states):
                    break
                await asyncio.sleep(0.2)
        assert [tuple(row) for row in states] == [("expired", "not_acknowledged")]
