"""The rules' engine, fed with the bytes the terminals send, finds what the truth says and nothing else.

Two independent readings of the same reports: the truth was written from the law, report by report, the engine
from the same law in columns.
"""

import pytest

from simulators.reports import bodies
from tests.simulators.engine import Finding, Judge, expected
from tests.simulators.fleets import EVENING_S, MORNING_S, fleet_events


@pytest.mark.parametrize(
    ("seed", "begin_s", "interval_s", "hours"),
    [(1, MORNING_S, 10, 5), (2, EVENING_S, 30, 9), (3, MORNING_S, 60, 12)],
)
def test_engine_finds_the_truth_and_nothing_else(seed, begin_s, interval_s, hours):
    judge, truth = Judge(), set[Finding]()
    for plan, samples, events in fleet_events(60, seed, begin_s, interval_s, hours):
        judge.hear(plan.vehicle, bodies(samples, plan.vehicle.edition))
        truth |= expected(plan.vehicle, events)
    assert judge.findings() == truth
    assert {rule for _, rule, *_ in truth} >= {"speeding", "continuous_driving", "zone_enter", "zone_exit"}
