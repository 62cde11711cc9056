"""Database killed, broker frozen, under load: nothing acknowledged is lost, and all goes on by itself."""

from __future__ import annotations

import asyncio
import io
import signal
import time
from pathlib import Path

import pytest

from alerts import migrate
from stream.embedded import EmbeddedBroker, EmbeddedPostgres
from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.endtoend.centre import Centre, import_fleet, json_lines, make_centre, wait_for
from tests.endtoend.test_truth import essence
from tests.services import data_folder, free_port

pytestmark = pytest.mark.stack

VEHICLES = 30
SEED = 5
DURATION_S = 45
AWAY_S = 6.0


def test_outages_cost_nothing(tmp_path: Path) -> None:
    with (
        data_folder() as folder,
        EmbeddedPostgres(folder, free_port()) as postgres,
        EmbeddedBroker(free_port(), log_path=folder / "broker.log") as broker,
    ):
        assert migrate.run(postgres.dsn(), io.StringIO(), io.StringIO()) == 0
        topics = {TELEMETRY: 4, ALERTS: 1, COMMANDS: 1}
        asyncio.run(ensure_topics(broker.bootstrap_servers, topics))
        centre = make_centre(postgres.dsn(), broker.bootstrap_servers, tmp_path)
        try:
            _live_through_outages(centre, postgres, broker, tmp_path)
        finally:
            for process in centre.running.values():
                process.kill()
                process.wait()


def _live_through_outages(
    centre: Centre, postgres: EmbeddedPostgres, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    import_fleet(centre.dsn, tmp_path, VEHICLES, SEED)
    for role in ("worker", "gateway", "desk"):
        centre.start(role)
    wait_for(lambda: "listening" in centre.log("gateway"), "the gateway listens")
    truth, ledger = tmp_path / "truth.jsonl", tmp_path / "ledger.jsonl"
    options = f"--vehicles {VEHICLES} --seed {SEED} --speedup 500 --history 5 --duration {DURATION_S}"
    files = ("--truth", str(truth), "--ledger", str(ledger), "--port", str(centre.gateway_port))
    centre.start("simulate", *options.split(), *files)

    wait_for(lambda: centre.query("SELECT count(*) FROM tracks")[0][0] > 1000, "reports are stored")
    postgres.kill()
    time.sleep(AWAY_S)
    assert broker.child is not None
    broker.child.send(signal.SIGSTOP)
    time.sleep(AWAY_S)
    broker.child.send(signal.SIGCONT)
    postgres.start()

    assert centre.running.pop("simulate").wait(timeout=DURATION_S + 90) == 0, centre.log("simulate")
    acknowledged = {(row["vehicle_id"], row["time_ms"]) for row in json_lines(ledger)}
    wait_for(
        lambda: centre.query("SELECT count(*) FROM tracks") == [(len(acknowledged),)],
        "every acknowledged report is stored, once",
    )
    assert "database away" in centre.log("worker")
    expected = sorted(essence(event) for event in json_lines(truth) if "rule" in event)
    wait_for(lambda: len(centre.all_alerts()) >= len(expected), "the alerts are at the desk")
    assert sorted(essence(alert | alert["detail"]) for alert in centre.all_alerts()) == expected
    centre.stop()
