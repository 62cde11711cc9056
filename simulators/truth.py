"""The ground truth of one vehicle: what its reports show, worked out report by report in the plainest way.

Written from the law and the meaning of the rules, not from their code: whoever compares alerts with this file
compares two independent readings.
"""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from simulators.condition_truth import ConditionTruth
from simulators.events import Event
from simulators.fleet import Vehicle
from simulators.hours_truth import HoursTruth
from simulators.limits import COACHES, GAP_S, STOPPED_SPEED_KMH, Ints, limits_kmh
from simulators.line_truth import LineTruth
from simulators.lines import lines_of
from simulators.motion import Samples
from simulators.safety_truth import CameraAlarm, SafetyTruth
from simulators.speeding_truth import SpeedingTruth
from simulators.told import Told
from simulators.zone_truth import ZoneTruth, names_of
from simulators.zones import Zone, zones_for

# In a silence with less movement the vehicle rested.
RESTED_WITHIN_M = 300.0

Watcher = SpeedingTruth | HoursTruth | SafetyTruth | ConditionTruth | LineTruth | ZoneTruth


class VehicleTruth:
    """All of it for one vehicle. Feed every report once, in order of time; take events once certain."""

    __slots__ = (
        *("_before", "_condition", "_hours", "_left", "_lines", "_near", "_safety", "_speeding"),
        *("_vehicle_class", "_zone_speeds", "_zones"),
    )

    def __init__(self, vehicle: Vehicle, zones: Sequence[Zone]) -> None:
        self._vehicle_class = vehicle.vehicle_class
        coach = vehicle.vehicle_class in COACHES
        self._speeding, self._near = SpeedingTruth(), SpeedingTruth("speeding_pre")
        self._hours, self._safety, self._condition = HoursTruth(coach), SafetyTruth(), ConditionTruth(coach)
        self._left: list[HoursTruth] = []
        self._lines = [LineTruth(line) for line in lines_of(vehicle.vehicle_id)]
        self._before: Told | None = None
        mine = zones_for(zones, vehicle.vehicle_class)
        self._zones = [ZoneTruth(zone) for zone in mine]
        self._zone_speeds = {
            zone.zone_id: SpeedingTruth("zone_speed", names_of(zone))
            for zone in mine
            if "speed" in zone.rules
        }

    def feed(self, samples: Samples, alarms: Mapping[int, CameraAlarm] = MappingProxyType({})) -> None:
        """Take the next reports; `alarms` of the cameras by row."""
        told = Told.of(samples)
        insides = [zone.zone.contains(told.longitude_deg, told.latitude_deg) for zone in self._zones]
        limits = self._limits_kmh(told.time_ms, insides)
        self._speeding.feed(told.time_ms, told.speed_kmh, limits)
        self._near.feed_near(told.time_ms, told.speed_kmh, limits)
        self._condition.feed(told)
        self._feed_driver(told, alarms)
        for zone, inside in zip(self._zones, insides, strict=True):
            self._feed_zone(zone, told, inside)
        for line in self._lines:
            line.feed(told)

    def hand_over(self, other: "VehicleTruth") -> None:
        """The driver leaves for another vehicle, which has sent no report yet, and takes his hours along."""
        self._left.append(self._hours)
        other._hours = self._hours.change_vehicle(other._vehicle_class in COACHES)
        self._hours = HoursTruth(self._vehicle_class in COACHES)

    def _feed_driver(self, told: Told, alarms: Mapping[int, CameraAlarm]) -> None:
        """Hours at the wheel, and with them what the cameras saw."""
        before, self._before = self._before, told
        if before is None:
            self._hours.get_in(int(told.time_ms[0]))
        known = told.after(before)
        gap = np.diff(known.time_ms) > GAP_S * 1000
        fast = np.maximum(known.speed_kmh[:-1], known.speed_kmh[1:]) > STOPPED_SPEED_KMH
        driving = np.where(gap, known.moved_m() >= RESTED_WITHIN_M, fast).tolist()
        first = len(told.time_ms) - len(driving)
        for row, time_ms in enumerate(told.time_ms.tolist()):
            if row >= first:
                self._hours.see(time_ms, driving[row - first])
            driven_s = self._hours.driven_since_rest_s(time_ms)
            self._safety.see(time_ms, alarms.get(row), driven_s)

    def _limits_kmh(self, time_ms: Ints, insides: list[NDArray[np.bool_]]) -> NDArray[np.float64]:
        """The lowest limit of the class and of the zones a vehicle is in."""
        lowest = limits_kmh(self._vehicle_class, time_ms)
        for zone, inside in zip(self._zones, insides, strict=True):
            if zone.zone.zone_id in self._zone_speeds:
                lowest[inside] = np.minimum(lowest[inside], zone.zone.limit_kmh)
        return lowest

    def _feed_zone(self, zone: ZoneTruth, told: Told, inside: NDArray[np.bool_]) -> None:
        times, here = told.time_ms.tolist(), inside.tolist()
        if not inside.any():  # the common case; only its first and last report can matter
            times, here = [times[0], times[-1]], [False, False]
        for time_ms, is_here in zip(times, here, strict=True):
            zone.see(time_ms, is_here)
        in_zone = self._zone_speeds.get(zone.zone.zone_id)
        if in_zone:
            in_zone.feed(told.time_ms, told.speed_kmh, np.where(inside, zone.zone.limit_kmh, math.inf))

    def _watchers(self) -> list[Watcher]:
        people = [*self._left, self._hours]
        rest = (self._speeding, self._near, self._safety, self._condition)
        return [*people, *rest, *self._lines, *self._zones, *self._zone_speeds.values()]

    def take(self) -> list[Event]:
        """Events that are certain by now, each once, in order of start."""
        events = [event for each in self._watchers() for event in each.take()]
        return sorted(events, key=lambda event: event.start_ms)

    def finish(self) -> list[Event]:
        """No report follows: the rest of the events, open ones with no end."""
        for each in self._watchers():
            if each not in self._left:
                each.finish()
        return self.take()
