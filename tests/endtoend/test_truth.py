"""Terminals in, alerts out: what the desk shows is what the simulator made happen, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.endtoend.centre import Centre, start_drive, wait_for

pytestmark = pytest.mark.stack

CHINA = timezone(timedelta(hours=8))
SPEEDUP, DURATION_S = 600, 42
# What seven hours from 20:30 on have to offer besides speeding, hours and zones.
RULES = (
    *("speeding_pre", "continuous_driving_pre", "night_driving", "night_driving_pre"),
    *("driving_24h", "driving_24h_pre", "driving_day", "driving_day_pre"),
    *("forbidden_hours", "forbidden_hours_pre", "zone_exit", "zone_speed", "zone_forbidden"),
    *("route_deviation", "route_stop", "route_wrong_direction", "emergency", "terminal_alarm"),
    *("adas_forward_collision", "adas_headway", "dsm_fatigue", "dsm_phone", "dsm_smoking"),
    *("fused_fatigue", "fused_phone", "fused_headway"),
    *("position_jump", "position_drift", "position_frozen", "invalid_data", "speed_source_suspect"),
    *("speed_source_check", "offline_displacement", "silent_driving"),
)


def last_evening() -> str:
    """The last 20:30 in China from which all of the drive is past: the same drive at any hour of the day."""
    latest = datetime.now(UTC).astimezone(CHINA) - timedelta(seconds=SPEEDUP * (DURATION_S + 20))
    evening = latest.replace(hour=20, minute=30, second=0, microsecond=0)
    return (evening if evening <= latest else evening - timedelta(days=1)).isoformat()


def test_alerts_equal_the_ground_truth(centre: Centre) -> None:
    # A machine that is busy otherwise may take its time to answer.
    options = ("--begin", last_evening(), "--alarms", "1.5", "--interval", "15", "--answer-timeout", "60")
    drive = start_drive(centre, *options, vehicles=50, seed=10, speedup=SPEEDUP, duration_s=DURATION_S)
    drive.finish()
    drive.assert_alerts_are_true(*RULES)
    wait_for(lambda: centre.get("/api/health")["ok"], "all is well")
    centre.stop()
