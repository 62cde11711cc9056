"""Two workers share the partitions; one dies and the other takes over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.endtoend.centre import Centre, import_fleet, json_lines, wait_for
from tests.endtoend.test_truth import essence

pytestmark = pytest.mark.stack

VEHICLES = 30
SEED = 17
DURATION_S = 40


def test_a_worker_takes_over_from_one_that_died(centre: Centre, tmp_path: Path) -> None:
    import_fleet(centre.dsn, tmp_path, VEHICLES, SEED)
    centre.start("first", role="worker")
    centre.start("second", role="worker")
    centre.start("gateway")
    centre.start("desk")
    wait_for(lambda: "listening" in centre.log("gateway"), "the gateway listens")
    wait_for(lambda: len(centre.query("SELECT * FROM checkpoints")) == 4, "all partitions are held")
    truth, ledger = tmp_path / "truth.jsonl", tmp_path / "ledger.jsonl"
    options = f"--vehicles {VEHICLES} --seed {SEED} --speedup 500 --history 5 --duration {DURATION_S}"
    files = ("--truth", str(truth), "--ledger", str(ledger), "--port", str(centre.gateway_port))
    centre.start("simulate", *options.split(), *files)

    wait_for(lambda: centre.query("SELECT count(*) FROM tracks")[0][0] > 5000, "reports are stored")
    centre.kill("first")

    assert centre.running.pop("simulate").wait(timeout=DURATION_S + 60) == 0, centre.log("simulate")
    acknowledged = sum(1 for _ in json_lines(ledger))
    wait_for(
        lambda: centre.query("SELECT count(*) FROM tracks") == [(acknowledged,)],
        "every acknowledged report is stored, once",
    )
    expected = sorted(essence(event) for event in json_lines(truth) if "rule" in event)
    wait_for(lambda: len(centre.all_alerts()) >= len(expected), "the alerts are at the desk")
    assert sorted(essence(alert | alert["detail"]) for alert in centre.all_alerts()) == expected
    centre.running["worker"] = centre.running.pop("second")
    centre.stop()
