"""What an operator sees: vehicles that move, alerts that arrive, and a break that costs nothing."""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from alerts.store import apply_changes
from rules.identity import vehicle_key
from tests.browser.looking import repeated, script
from tests.desk.running import (
    RunningDesk,
    add_vehicle,
    running_desk,
    send_telemetry,
    telemetry,
)
from tests.store.changes import Change, alert_id

pytestmark = [pytest.mark.stack, pytest.mark.browser]

ARTIFACTS = Path(os.environ.get("HAULWATCH_ARTIFACTS", Path(__file__).parents[2] / "artifacts"))
WEST_DEG, STEP_DEG = 118.2, 0.02


def drive(desk: RunningDesk, vehicle_id: str, turn: int) -> None:
    """One report, a little further east than the last."""
    block = telemetry(vehicle_id, [datetime.now(UTC)], WEST_DEG + STEP_DEG * turn, speed_kmh=62.0)
    send_telemetry(desk.bootstrap_servers, (vehicle_id, block))


def store(dsn: str, names: dict[int, str], *changes: Change) -> None:
    """Store alert changes of named vehicles as the worker does."""

    async def run() -> None:
        connection = await asyncpg.connect(dsn)
        try:
            async with connection.transaction():
                await apply_changes(connection, changes, names)
        finally:
            await connection.close()

    asyncio.run(run())


def test_a_vehicle_moves_and_an_alert_arrives_and_is_signed(desk: RunningDesk) -> None:
    add_vehicle(desk.dsn, "moving", plate="苏A80808", vehicle_class="hazmat")
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    found = Change(
        alert_id(1),
        vehicle_key=vehicle_key("moving"),
        start_ms=now_ms - 65_000,
        found_ms=now_ms - 35_000,
        detail={"max_speed_kmh": 91.5, "limit_kmh": 80.0, "limit_source": "class"},
    )
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    drive(desk, "moving", 0)
    with (
        repeated(lambda turn: drive(desk, "moving", turn + 1), pause_s=0.5),
        script("page.mjs", desk.url, str(ARTIFACTS), "--sign", "王芳") as page,
    ):
        page.wait_for("ready")
        store(desk.dsn, {found.vehicle_key: "moving"}, found)
        seen = page.wait_for("done")
    assert seen["moved"]["id"] == "moving"
    assert seen["moved"]["to"][0] > seen["moved"]["from"][0]
    assert seen["picture_changed"]
    assert seen["alert"] == alert_id(1)
    assert (seen["reloaded"], seen["stream"]) == (False, "live")
    assert seen["foreign_requests"] == []
    assert seen["errors"] == []
    stored = desk.get(f"/api/alerts/{alert_id(1)}").json()
    assert (stored["acknowledged_by"], stored["acknowledgement_note"]) == ("王芳", "已电话提醒")
    for name in ("page.png", "alert.png", "english.png"):
        assert (ARTIFACTS / name).stat().st_size > 20_000


def test_alerts_of_a_break_are_filled_in(desk: RunningDesk) -> None:
    missed = [alert_id(100 + n) for n in range(50)]
    with ExitStack() as page_stack:
        with running_desk(desk.dsn, desk.bootstrap_servers) as first:
            port = int(first.url.rsplit(":", 1)[1])
            page = page_stack.enter_context(script("resume.mjs", first.url))
            page.wait_for("ready")
        lost = page.wait_for("lost")
        store(desk.dsn, {1: "away"}, *(Change(name) for name in missed))
        with running_desk(desk.dsn, desk.bootstrap_servers, port=port):
            seen = page.wait_for("done")
    assert "重连中" in lost["text"]
    assert set(missed) <= set(seen["alerts"])
    assert (seen["reloaded"], seen["errors"]) == (False, [])
