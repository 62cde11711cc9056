"""The rules' engine, fed with the bytes the terminals send, finds what the ground truth says and nothing else.

Two independent readings of the same reports: the truth was written from the law, report by report, the engine
from the same law in columns.
"""

import numpy as np
import pytest

from geo.zones import ZoneSet
from rules.engine import Engine
from rules.identity import vehicle_key
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.vehicle_class import CODE_OF_NAME
from simulators.reports import bodies
from simulators.zones import SHIPPED_ZONES
from stream.jt808.bulk import decode_position_bodies
from tests.simulators.fleets import EVENING_S, MORNING_S, fleet_events


def reports_of(vehicle, sent: list[bytes]) -> Reports:
    """What the gateway would make of these bodies."""
    positions = decode_position_bodies(sent)
    count = len(sent)
    assert positions.ok.all()
    return Reports(
        vehicle_key=np.full(count, vehicle_key(vehicle.vehicle_id)),
        time_ms=positions.time_ms,
        received_ms=positions.time_ms,
        longitude_deg=positions.longitude_deg,
        latitude_deg=positions.latitude_deg,
        speed_kmh=positions.speed_kmh,
        heading_deg=positions.heading_deg.astype(np.uint16),
        altitude_m=positions.altitude_m.astype(np.int16),
        alarm_bits=positions.alarm_bits,
        status_bits=positions.status_bits,
        limit_kmh=np.full(count, np.nan),
        driver_key=np.zeros(count, np.int64),
        vehicle_class=np.full(count, CODE_OF_NAME[vehicle.vehicle_class], np.uint8),
        positioned=(positions.status_bits & 2) > 0,
    )


@pytest.mark.parametrize(
    ("seed", "begin_s", "interval_s", "hours"),
    [(1, MORNING_S, 10, 5), (2, EVENING_S, 30, 9), (3, MORNING_S, 60, 12)],
)
def test_engine_finds_the_truth_and_nothing_else(seed, begin_s, interval_s, hours):
    engine = Engine(default_rulebook(), ZoneSet.from_geojson(SHIPPED_ZONES))
    expected, found, names = set(), {}, {}
    for plan, samples, events in fleet_events(60, seed, begin_s, interval_s, hours):
        key = vehicle_key(plan.vehicle.vehicle_id)
        names[key] = plan.vehicle.vehicle_id
        expected |= {
            (names[key], each.rule, each.start_ms, each.found_ms, each.end_ms, each.detail.get("zone_id"))
            for each in events
            if not each.fact
        }
        outcome = engine.process(reports_of(plan.vehicle, bodies(samples, plan.vehicle.edition)))
        found |= {change.alert_id: change for change in outcome.changes}
    found |= {change.alert_id: change for change in engine.open_changes()}
    got = {
        (
            names[each.vehicle_key],
            each.rule,
            each.start_ms,
            each.found_ms,
            each.end_ms,
            each.detail.get("zone_id"),
        )
        for each in found.values()
    }
    assert got == expected
    assert {rule for _, rule, *_ in expected} >= {"speeding", "continuous_driving", "zone_enter", "zone_exit"}
