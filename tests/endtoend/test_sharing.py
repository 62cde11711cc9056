"""Two workers share the partitions; one dies and the other takes over."""

from __future__ import annotations

import pytest

from tests.endtoend.centre import Centre, start_drive, wait_for

pytestmark = pytest.mark.stack


def test_a_worker_takes_over_from_one_that_died(centre: Centre) -> None:
    centre.start("other", role="worker")
    drive = start_drive(centre, vehicles=30, seed=17, speedup=600, duration_s=42)
    wait_for(lambda: centre.query("SELECT count(*) FROM tracks")[0][0] > 5000, "reports are stored")
    centre.kill("other")
    drive.finish()
    drive.assert_alerts_are_true()
    centre.stop()
