"""The rules' engine, fed with the bytes the terminals send, finds what the truth says and nothing else.

Two independent readings of the same reports: the truth was written from the law, report by report, the engine
from the same law in columns.
"""

import pytest

from simulators.reliefs import HANDS_OVER, TAKES_OVER
from simulators.safety import Cameras
from simulators.source import Source
from tests.simulators.engine import Finding, Judge, expected
from tests.simulators.fleets import BOOK, EVENING_S, MORNING_S, plans, send

# Driving of 7 days is more than a scenario lasts; no line here has segments or a timetable, no clock is off.
BY_DAY = {
    *(
        "speeding",
        "speeding_pre",
        "continuous_driving",
        "continuous_driving_pre",
        "driving_24h",
        "driving_24h_pre",
    ),
    *(
        "driving_day",
        "driving_day_pre",
        "zone_enter",
        "zone_exit",
        "zone_forbidden",
        "zone_speed",
        "zone_stay",
    ),
    *("route_deviation", "route_wrong_direction", "route_stop", "emergency", "terminal_alarm"),
    *("adas_forward_collision", "adas_lane_departure", "adas_headway"),
    *("dsm_fatigue", "dsm_phone", "dsm_smoking", "dsm_distraction", "fused_fatigue", "fused_phone"),
    *("position_jump", "position_drift", "position_frozen", "speed_source_suspect", "speed_source_check"),
    *("offline_displacement", "silent_driving", "invalid_data"),
}
BY_NIGHT = {"night_driving", "night_driving_pre", "forbidden_hours", "forbidden_hours_pre", "fused_headway"}


@pytest.mark.parametrize(
    ("seed", "begin_s", "interval_s", "hours", "rules"),
    [
        (1, MORNING_S, 10, 4, BY_DAY - {"driving_day", "fused_fatigue", "zone_stay", "zone_forbidden"}),
        (2, EVENING_S, 30, 9, (BY_DAY | BY_NIGHT) - {"zone_stay"}),
        (3, MORNING_S, 60, 12, set()),
    ],
)
def test_engine_finds_the_truth_and_nothing_else(seed, begin_s, interval_s, hours, rules):
    judge, truth, left = Judge(), set[Finding](), dict[str, Source]()
    fleet = sorted(plans(40, seed, begin_s, interval_s), key=lambda plan: plan.role == TAKES_OVER)
    for plan in fleet:
        cameras = Cameras(seed, plan.vehicle, 4.0 * interval_s / 3600)
        source = Source(plan, interval_s, BOOK, with_truth=True, cameras=cameras)
        events = []
        if plan.role == TAKES_OVER:
            one = left[plan.relief.partner]
            truth |= expected(one.plan.vehicle, one.hand_over(source, one.end) + one.finish(one.end))
        sent, told = send(source, begin_s + hours * 3600)
        judge.hear(plan.vehicle, sent, plan.relief.driver if plan.relief else "")
        if plan.role == HANDS_OVER:
            left[plan.vehicle.vehicle_id] = source
        else:
            events = source.finish(len(sent))
        truth |= expected(plan.vehicle, told + events)
    assert judge.findings() == truth
    assert rules <= {rule for _, rule, *_ in truth}
