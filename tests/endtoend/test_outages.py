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
from tests.endtoend.centre import Centre, make_centre, start_drive, wait_for
from tests.services import data_folder, free_port

pytestmark = pytest.mark.stack

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
            _live_through_outages(centre, postgres, broker)
        finally:
            for process in centre.running.values():
                process.kill()
                process.wait()


def _live_through_outages(centre: Centre, postgres: EmbeddedPostgres, broker: EmbeddedBroker) -> None:
    drive = start_drive(centre, vehicles=30, seed=5, speedup=600, duration_s=42)
    wait_for(lambda: centre.query("SELECT count(*) FROM tracks")[0][0] > 1000, "reports are stored")
    postgres.kill()
    time.sleep(AWAY_S)
    assert broker.child is not None
    broker.child.send(signal.SIGSTOP)
    time.sleep(AWAY_S)
    broker.child.send(signal.SIGCONT)
    postgres.start()

    drive.finish()
    assert "database away" in centre.log("worker")
    drive.assert_alerts_are_true()
    centre.stop()
