"""The whole path on Apache Kafka, which is killed under load and comes back with its log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.endtoend.centre import Centre, make_centre, start_drive, wait_for
from tests.kafka.server import Kafka, missing_tool

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(missing_tool() is not None, reason=f"{missing_tool()} is not installed"),
]

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
        _drive_over_a_bounce(centre, kafka)
    finally:
        for process in centre.running.values():
            process.kill()
            process.wait()


def _drive_over_a_bounce(centre: Centre, kafka: Kafka) -> None:
    drive = start_drive(centre, vehicles=30, seed=13, speedup=600, duration_s=42)
    wait_for(lambda: centre.query("SELECT count(*) FROM tracks")[0][0] > 1000, "reports are stored")
    kafka.kill()
    time.sleep(AWAY_S)
    kafka.start()

    drive.finish()
    drive.assert_alerts_are_true()
    centre.stop()
