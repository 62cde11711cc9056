"""The whole path on Apache Kafka, which is killed under load and comes back with its log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.endtoend.centre import Centre, import_fleet, json_lines, make_centre, wait_for
from tests.endtoend.test_truth import essence
from tests.kafka.server import Kafka, missing_tool

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(missing_tool() is not None, reason=f"{missing_tool()} is not installed"),
]

VEHICLES = 30
SEED = 13
DURATION_S = 42
AWAY_S = 4.0


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[Kafka]:
    folder = tmp_path / "kafka"
    folder.mkdir()
    kafka = Kafka(folder)
    kafka.start()
    yield kafka
    kafka.kill()


def test_a_bounce_costs_nothing(database: str, kafka: Kafka, tmp_path: Path) -> None:
    topics = {TELEMETRY: 4, ALERTS: 1, COMMANDS: 1}
    asyncio.run(ensure_topics(kafka.bootstrap_servers, topics))
    centre = make_centre(database, kafka.bootstrap_servers, tmp_path)
    try:
        _drive_over_a_bounce(centre, kafka, tmp_path)
    finally:
        for process in centre.running.values():
            process.kill()
            process.wait()


def _drive_over_a_bounce(centre: Centre, kafka: Kafka, tmp_path: Path) -> None:
    import_fleet(centre.dsn, tmp_path, VEHICLES, SEED)
    for role in ("worker", "gateway", "desk"):
        centre.start(role)
    wait_for(lambda: "listening" in centre.log("gateway"), "the gateway listens")
    truth, ledger = tmp_path / "truth.jsonl", tmp_path / "ledger.jsonl"
    options = f"--vehicles {VEHICLES} --seed {SEED} --speedup 600 --history 6 --duration {DURATION_S}"
    files = ("--truth", str(truth), "--ledger", str(ledger), "--port", str(centre.gateway_port))
    centre.start("simulate", *options.split(), *files)

    wait_for(lambda: centre.query("SELECT count(*) FROM tracks")[0][0] > 1000, "reports are stored")
    kafka.kill()
    time.sleep(AWAY_S)
    kafka.start()

    assert centre.running.pop("simulate").wait(timeout=DURATION_S + 90) == 0, centre.log("simulate")
    acknowledged = {(row["vehicle_id"], row["time_ms"]) for row in json_lines(ledger)}
    assert len(acknowledged) > VEHICLES * 1000
    wait_for(
        lambda: centre.query("SELECT count(*) FROM tracks") == [(len(acknowledged),)],
        "every acknowledged report is stored, once",
    )
    expected = sorted(essence(event) for event in json_lines(truth) if "rule" in event)
    wait_for(lambda: len(centre.all_alerts()) >= len(expected), "the alerts are at the desk")
    assert sorted(essence(alert | alert["detail"]) for alert in centre.all_alerts()) == expected
    centre.stop()
