"""kill -9 of worker and gateway at random moments under load: nothing is lost, nothing doubled."""

from __future__ import annotations

import random
import time

import pytest

from tests.endtoend.centre import Centre, start_drive

pytestmark = pytest.mark.stack

SEED = 11
DURATION_S = 50
KILLS = 6


def test_nothing_is_lost_and_nothing_doubled(centre: Centre) -> None:
    drive = start_drive(centre, vehicles=40, seed=SEED, speedup=500, duration_s=DURATION_S)
    _kill_at_random(centre, until_s=time.monotonic() + DURATION_S - 15)
    acknowledged = drive.finish()
    stored = centre.query(
        "SELECT vehicle_id, (extract(epoch FROM time) * 1000)::bigint"
        " FROM tracks JOIN vehicles USING (vehicle_key)"
    )
    assert sorted(stored) == sorted(acknowledged)
    drive.assert_alerts_are_true()
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
