"""The rules' engine fed with the bytes the terminals send."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from geo.zones import ZoneSet
from rules.change import EpisodeChange
from rules.engine import Engine
from rules.identity import driver_key, vehicle_key
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.safety import SafetyAlarms
from rules.vehicle_class import CODE_OF_NAME
from simulators.events import Event
from simulators.fleet import Vehicle
from simulators.zones import SHIPPED_ZONES
from stream.jt808.bulk import decode_position_bodies
from stream.jt808.safety_alarms import safety_alarms

Finding = tuple[str, str, int, int, int | None, object]


def reports_of(vehicle: Vehicle, sent: list[bytes], driver: str = "") -> Reports:
    """What the gateway would make of these bodies."""
    positions = decode_position_bodies(sent)
    count = len(sent)
    assert positions.ok.all()
    alarms = [safety_alarms(positions.items(row)) if positions.safety[row] else () for row in range(count)]
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
        driver_key=np.full(count, driver_key(driver or vehicle.driver)),
        vehicle_class=np.full(count, CODE_OF_NAME[vehicle.vehicle_class], np.uint8),
        recorder_speed_kmh=positions.recorder_speed_kmh,
        safety=SafetyAlarms.of_rows(alarms),
    )


class Judge:
    """Feeds an engine and keeps the last word on each alert."""

    def __init__(self) -> None:
        self.engine = Engine(default_rulebook(), ZoneSet.from_geojson(SHIPPED_ZONES))
        self._changes: dict[str, EpisodeChange] = {}
        self._names: dict[int, str] = {}

    def hear(self, vehicle: Vehicle, sent: list[bytes], driver: str = "") -> None:
        self._names[vehicle_key(vehicle.vehicle_id)] = vehicle.vehicle_id
        outcome = self.engine.process(reports_of(vehicle, sent, driver))
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
                subject(each.detail),
            )
            for each in last.values()
        }


def subject(detail: Mapping[str, Any]) -> object:
    """What an episode is about, beside its rule: a zone, a line, an alarm bit, so many alarms."""
    return detail.get("zone_id", detail.get("route_id", detail.get("bit", detail.get("alarms"))))


def expected(vehicle: Vehicle, events: list[Event]) -> set[Finding]:
    return {
        (vehicle.vehicle_id, each.rule, each.start_ms, each.found_ms, each.end_ms, subject(each.detail))
        for each in events
        if not each.fact
    }
