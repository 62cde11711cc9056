"""Terminals in, alerts out: what the desk shows is what the simulator made happen, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.endtoend.centre import Centre, import_fleet, json_lines, wait_for

pytestmark = pytest.mark.stack

VEHICLES = 50
SEED = 7
#: Six hours of driving in 36 seconds.
SPEEDUP = 600
DURATION_S = 42


def test_alerts_equal_the_ground_truth(centre: Centre, tmp_path: Path) -> None:
    import_fleet(centre.dsn, tmp_path, VEHICLES, SEED)
    for role in ("worker", "gateway", "desk"):
        centre.start(role)
    wait_for(lambda: bool(centre.get("/api/health")["ok"]), "the desk is healthy")
    wait_for(lambda: "listening" in centre.log("gateway"), "the gateway listens")
    truth, ledger = tmp_path / "truth.jsonl", tmp_path / "ledger.jsonl"
    options = {
        "--port": centre.gateway_port,
        "--vehicles": VEHICLES,
        "--seed": SEED,
        "--speedup": SPEEDUP,
        "--history": 6,
        "--duration": DURATION_S,
        "--truth": truth,
        "--ledger": ledger,
    }
    centre.start("simulate", *(str(part) for option in options.items() for part in option))
    assert centre.running.pop("simulate").wait(timeout=DURATION_S + 60) == 0, centre.log("simulate")

    acknowledged = sum(1 for _ in json_lines(ledger))
    assert acknowledged > VEHICLES * 1000
    wait_for(
        lambda: centre.query("SELECT count(*) FROM tracks") == [(acknowledged,)],
        "every acknowledged report is stored, once",
    )
    expected = sorted(essence(event) for event in json_lines(truth) if "rule" in event)
    assert {essence[1] for essence in expected} >= {"speeding", "continuous_driving", "zone_enter"}
    wait_for(lambda: len(centre.all_alerts()) >= len(expected), "the alerts are at the desk")
    found = sorted(essence(alert | alert["detail"]) for alert in centre.all_alerts())
    assert found == expected
    centre.stop()


def essence(event: dict[str, Any]) -> tuple[str, ...]:
    """What an alert and a true event must agree in; the peak of an episode is told when it ends."""
    ended = event["end"] is not None
    return (
        event["vehicle_id"],
        event["rule"],
        event["start"],
        event["found"],
        event["end"] if ended else "still going on",
        str(event.get("zone_id", "")),
        str(event.get("max_speed_kmh", "")) if ended else "",
        str(event.get("limit_kmh", "")),
    )
