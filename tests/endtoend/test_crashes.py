"""kill -9 of worker and gateway at random moments under load: nothing is lost, nothing doubled."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.endtoend.centre import Centre, import_fleet, json_lines, wait_for
from tests.endtoend.test_truth import essence

pytestmark = pytest.mark.stack

VEHICLES = 40
SEED = 11
SPEEDUP = 500
DURATION_S = 50
KILLS = 6


def test_nothing_is_lost_and_nothing_doubled(centre: Centre, tmp_path: Path) -> None:
    import_fleet(centre.dsn, tmp_path, VEHICLES, SEED)
    for role in ("worker", "gateway", "desk"):
        centre.start(role)
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
    _kill_at_random(centre, until_s=time.monotonic() + DURATION_S - 15)
    assert centre.running.pop("simulate").wait(timeout=DURATION_S + 90) == 0, centre.log("simulate")

    acknowledged = Counter((row["vehicle_id"], row["time_ms"]) for row in json_lines(ledger))
    assert len(acknowledged) > VEHICLES * 1000
    wait_for(lambda: not _missing(centre, acknowledged), "every acknowledged report is stored")
    doubled = centre.query(
        "SELECT vehicle_key, time FROM tracks GROUP BY 1, 2, digest HAVING count(*) > 1 LIMIT 5"
    )
    assert doubled == []

    expected = sorted(essence(event) for event in json_lines(truth) if "rule" in event)
    wait_for(lambda: len(centre.all_alerts()) >= len(expected), "the alerts are at the desk")
    assert sorted(essence(alert | alert["detail"]) for alert in centre.all_alerts()) == expected
    centre.stop()


def _kill_at_random(centre: Centre, until_s: float) -> None:
    """Kill worker or gateway, and start it again, at moments drawn from a seed."""
    draw = random.Random(SEED)
    moments = sorted(draw.uniform(time.monotonic() + 5, until_s) for _ in range(KILLS))
    for moment in moments:
        time.sleep(max(0.0, moment - time.monotonic()))
        role = draw.choice(["worker", "worker", "gateway"])
        centre.kill(role)
        centre.start(role)


def _missing(centre: Centre, acknowledged: Counter[tuple[str, int]]) -> set[tuple[str, int]]:
    stored = centre.query(
        "SELECT vehicle_id, (extract(epoch FROM time) * 1000)::bigint"
        " FROM tracks JOIN vehicles USING (vehicle_key)"
    )
    return set(acknowledged) - {(vehicle_id, time_ms) for vehicle_id, time_ms in stored}
