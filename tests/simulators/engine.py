"""The rules' engine fed with the bytes the terminals send."""

import numpy as np

from geo.zones import ZoneSet
from rules.change import EpisodeChange
from rules.engine import Engine
from rules.identity import vehicle_key
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.vehicle_class import CODE_OF_NAME
from simulators.events import Event
from simulators.fleet import Vehicle
from simulators.zones import SHIPPED_ZONES
from stream.jt808.bulk import decode_position_bodies

Finding = tuple[str, str, int, int, int | None, object]


def reports_of(vehicle: Vehicle, sent: list[bytes]) -> Reports:
    """What the gateway would make of these bodies."""
    positions = decode_position_bodies(sent)
    count = len(sent)
    assert positions.ok.all()
    return Reports.build(
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
        vehicle_class=np.full(count, CODE_OF_NAME[vehicle.vehicle_class], np.uint8),
    )


RULES_OF_THE_TRUTH = ("continuous_driving", "speeding")


def told_by_the_truth(change: EpisodeChange) -> bool:
    """Whether a fleet's ground truth speaks of it."""
    return change.rule in RULES_OF_THE_TRUTH or change.rule.startswith("zone_")


class Judge:
    """Feeds an engine and keeps the last word on each alert."""

    def __init__(self) -> None:
        self.engine = Engine(default_rulebook(), ZoneSet.from_geojson(SHIPPED_ZONES))
        self._changes: dict[str, EpisodeChange] = {}
        self._names: dict[int, str] = {}

    def hear(self, vehicle: Vehicle, sent: list[bytes]) -> None:
        self._names[vehicle_key(vehicle.vehicle_id)] = vehicle.vehicle_id
        outcome = self.engine.process(reports_of(vehicle, sent))
        self._changes |= {change.alert_id: change for change in outcome.changes}

    def findings(self) -> set[Finding]:
        last = self._changes | {change.alert_id: change for change in self.engine.open_changes()}
        return {
            (
                self._names[each.vehicle_key],
                each.rule,
                each.start_ms,
                each.found_ms,
                each.end_ms,
                each.detail.get("zone_id"),
            )
            for each in last.values()
            if told_by_the_truth(each)
        }


def expected(vehicle: Vehicle, events: list[Event]) -> set[Finding]:
    return {
        (vehicle.vehicle_id, each.rule, each.start_ms, each.found_ms, each.end_ms, each.detail.get("zone_id"))
        for each in events
        if not each.fact
    }
