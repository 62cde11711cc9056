"""The embedded broker keeps its log in memory: after its end the next one begins at offset 0 again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.endtoend.centre import Centre, import_fleet, json_lines, make_centre, wait_for
from tests.services import running_broker

pytestmark = pytest.mark.stack

VEHICLES = 20
TOPICS = {TELEMETRY: 4, ALERTS: 1, COMMANDS: 1}


def test_a_new_broker_is_followed_from_its_first_record(database: str, tmp_path: Path) -> None:
    import_fleet(database, tmp_path, VEHICLES, 3)
    stored = 0
    for life in range(2):
        folder = tmp_path / str(life)
        folder.mkdir()
        with running_broker() as bootstrap_servers:
            asyncio.run(ensure_topics(bootstrap_servers, TOPICS))
            centre = make_centre(database, bootstrap_servers, folder)
            try:
                # The second life drives later hours than the first, as the next day does.
                stored += _drive(centre, folder, hours=(6, 3)[life])
                assert centre.query("SELECT count(*) FROM tracks") == [(stored,)]
                centre.stop()
            finally:
                for process in centre.running.values():
                    process.kill()
                    process.wait()
    offsets = _offsets(centre)
    assert all(next_offset == snapshot_offset for next_offset, snapshot_offset in offsets)


def _drive(centre: Centre, folder: Path, hours: float) -> int:
    """Drive for a while; returns how many reports are stored that were not before."""
    before = centre.query("SELECT count(*) FROM tracks")[0][0]
    centre.start("worker")
    centre.start("gateway")
    wait_for(lambda: "listening" in centre.log("gateway"), "the gateway listens")
    ledger = folder / "ledger.jsonl"
    options = f"--vehicles {VEHICLES} --seed 3 --speedup 600 --history {hours} --duration 12"
    centre.start("simulate", "--port", str(centre.gateway_port), "--ledger", str(ledger), *options.split())
    assert centre.running.pop("simulate").wait(timeout=90) == 0, centre.log("simulate")
    driven = {(row["vehicle_id"], row["time_ms"]) for row in json_lines(ledger)}
    assert driven
    wait_for(
        lambda: centre.query("SELECT count(*) FROM tracks")[0][0] == before + len(driven),
        "every acknowledged report is stored",
    )
    return len(driven)


def _offsets(centre: Centre) -> list[tuple[int, int]]:
    return [(row[0], row[1]) for row in centre.query("SELECT next_offset, snapshot_offset FROM checkpoints")]
