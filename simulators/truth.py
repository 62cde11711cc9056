"""The ground truth of one vehicle: what its reports show, worked out report by report in the plainest way.

Written from the law and the meaning of the rules, not from their code: whoever compares alerts with this file
compares two independent readings.
"""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simulators.driving_truth import DrivingTruth
from simulators.events import Event
from simulators.limits import Ints, limits_kmh
from simulators.motion import Samples
from simulators.speeding_truth import SpeedingTruth
from simulators.zone_truth import ZoneTruth, names_of
from simulators.zones import Zone, zones_for


class VehicleTruth:
    """All of it for one vehicle. Feed every report once, in order of time; take events once certain."""

    __slots__ = ("_alarms", "_driving", "_speeding", "_vehicle_class", "_zone_speeds", "_zones")

    def __init__(self, vehicle_class: str, zones: Sequence[Zone]) -> None:
        self._vehicle_class = vehicle_class
        self._speeding, self._driving = SpeedingTruth(), DrivingTruth()
        self._alarms: list[Event] = []
        mine = zones_for(zones, vehicle_class)
        self._zones = [ZoneTruth(zone) for zone in mine]
        self._zone_speeds = {
            zone.zone_id: SpeedingTruth("zone_speed", names_of(zone))
            for zone in mine
            if "speed" in zone.rules
        }

    def feed(self, samples: Samples, alarms: Mapping[int, dict[str, object]] = MappingProxyType({})) -> None:
        """Take the next reports; `alarms` of the cameras by row."""
        times, speeds = samples.time_ms.tolist(), (samples.speed_dkmh / 10).tolist()
        lon, lat = samples.longitude_udeg / 1e6, samples.latitude_udeg / 1e6
        insides = [zone.zone.contains(lon, lat) for zone in self._zones]
        limits = self._limits_kmh(samples.time_ms, insides).tolist()
        for time_ms, speed_kmh, limit_kmh in zip(times, speeds, limits, strict=True):
            self._speeding.see(time_ms, speed_kmh, limit_kmh)
            self._driving.see(time_ms, speed_kmh)
        for row, detail in alarms.items():
            self._alarms.append(Event("safety_alarm", times[row], times[row], times[row], detail, fact=True))
        for zone, inside in zip(self._zones, insides, strict=True):
            self._feed_zone(zone, times, speeds, inside)

    def _limits_kmh(self, time_ms: Ints, insides: list[NDArray[np.bool_]]) -> NDArray[np.float64]:
        """The lowest limit of the class and of the zones a vehicle is in."""
        lowest = limits_kmh(self._vehicle_class, time_ms)
        for zone, inside in zip(self._zones, insides, strict=True):
            if zone.zone.zone_id in self._zone_speeds:
                lowest[inside] = np.minimum(lowest[inside], zone.zone.limit_kmh)
        return lowest

    def _feed_zone(
        self, zone: ZoneTruth, times: list[int], speeds: list[float], inside: NDArray[np.bool_]
    ) -> None:
        here = inside.tolist()
        if not inside.any():  # the common case; only its first and last report can matter
            times, speeds, here = [times[0], times[-1]], [speeds[0], speeds[-1]], [False, False]
        in_zone = self._zone_speeds.get(zone.zone.zone_id)
        for time_ms, speed_kmh, is_here in zip(times, speeds, here, strict=True):
            zone.see(time_ms, is_here)
            if in_zone:
                in_zone.see(time_ms, speed_kmh, zone.zone.limit_kmh if is_here else math.inf)

    def _watchers(self) -> list[SpeedingTruth | DrivingTruth | ZoneTruth]:
        return [self._speeding, self._driving, *self._zones, *self._zone_speeds.values()]

    def take(self) -> list[Event]:
        """Events that are certain by now, each once, in order of start."""
        watchers = self._watchers()
        events = sorted(
            (*self._alarms, *(event for each in watchers for event in each.events)),
            key=lambda event: event.start_ms,
        )
        self._alarms.clear()
        for each in watchers:
            each.events.clear()
        return events

    def finish(self) -> list[Event]:
        """No report follows: the rest of the events, open ones with no end."""
        for each in self._watchers():
            each.finish()
        return self.take()
