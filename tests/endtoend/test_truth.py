"""Terminals in, alerts out: what the desk shows is what the simulator made happen, and nothing else."""

from __future__ import annotations

import pytest

from tests.endtoend.centre import Centre, start_drive

pytestmark = pytest.mark.stack


def test_alerts_equal_the_ground_truth(centre: Centre) -> None:
    drive = start_drive(centre, vehicles=50, seed=7, speedup=600, duration_s=42)
    drive.finish()
    drive.assert_alerts_are_true()
    assert centre.get("/api/health")["ok"]
    centre.stop()
