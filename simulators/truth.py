"""The ground truth of one vehicle: what its reports show, worked out report by report in the plainest way.

Written from the law and the meaning of the rules, not from their code: whoever compares alerts with this file
compares two independent readings. Times are those of reports, in milliseconds since 1970 UTC.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from simulators.limits import (
    GAP_S,
    LONGEST_DRIVING_S,
    SHORTEST_REST_S,
    SPEEDING_COUNTS_AFTER_S,
    STOPPED_SPEED_KMH,
    limits_kmh,
    second_of_day,
)
from simulators.motion import Samples
from simulators.zones import Zone, zones_for

JOIN_S = 60


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. ``rule`` names a finding to expect; ``fact`` something that is no finding."""

    rule: str
    start_ms: int
    found_ms: int
    end_ms: int | None
    detail: dict[str, object]
    fact: bool = False


@dataclass(slots=True)
class _Run:
    """Reports over the limit in a row."""

    first_ms: int
    last_ms: int
    max_kmh: float
    limit_kmh: float
    found_ms: int | None = None

    def add(self, time_ms: int, speed_kmh: float, limit_kmh: float) -> None:
        self.last_ms = time_ms
        if self.found_ms is None and time_ms - self.first_ms >= SPEEDING_COUNTS_AFTER_S * 1000:
            self.found_ms = time_ms
        if speed_kmh - limit_kmh > self.max_kmh - self.limit_kmh:
            self.limit_kmh = limit_kmh
        self.max_kmh = max(self.max_kmh, speed_kmh)

    def event(self, end_ms: int | None) -> Event:
        assert self.found_ms is not None
        detail: dict[str, object] = {"max_speed_kmh": round(self.max_kmh, 1), "limit_kmh": self.limit_kmh}
        return Event("speeding", self.first_ms, self.found_ms, end_ms, detail)


@dataclass(slots=True)
class SpeedingTruth:
    """Runs over the limit of at least 30 s; runs at most 60 s apart are one."""

    events: list[Event] = field(default_factory=list)
    _run: _Run | None = None
    _waiting: _Run | None = None  # ended, but the next may still join it
    _last_ms: int = 0

    def see(self, time_ms: int, speed_kmh: float, limit_kmh: float) -> None:
        if self._run and (speed_kmh <= limit_kmh or time_ms - self._last_ms > GAP_S * 1000):
            self._end_run()
        if self._waiting and not self._run and time_ms - self._waiting.last_ms > JOIN_S * 1000:
            self.events.append(self._waiting.event(self._waiting.last_ms))
            self._waiting = None
        if speed_kmh > limit_kmh:
            if self._run is None:
                self._run = _Run(time_ms, time_ms, speed_kmh, limit_kmh)
            self._run.add(time_ms, speed_kmh, limit_kmh)
        self._last_ms = time_ms

    def _end_run(self) -> None:
        run, self._run = self._run, None
        if run is not None and run.found_ms is not None:
            self._waiting = self._joined(run)

    def _joined(self, run: _Run) -> _Run:
        before = self._waiting
        if before is None:
            return run
        worst = max(before, run, key=lambda each: each.max_kmh - each.limit_kmh)
        return _Run(
            before.first_ms, run.last_ms, max(before.max_kmh, run.max_kmh), worst.limit_kmh, before.found_ms
        )

    def finish(self) -> None:
        """The reports end here; an episode whose last report is over the limit stays open."""
        run = self._run
        if run is not None and run.found_ms is not None:
            self.events.append(self._joined(run).event(None))
        elif self._waiting is not None:
            self.events.append(self._waiting.event(self._waiting.last_ms))
        self._run = self._waiting = None


@dataclass(slots=True)
class DrivingTruth:
    """Hours at the wheel: from the first driving after a rest to the next stop of 20 min or more."""

    events: list[Event] = field(default_factory=list)
    _clock_ms: int | None = None
    _stop_ms: int | None = None
    _found_ms: int | None = None
    _before: tuple[int, float] | None = None

    def see(self, time_ms: int, speed_kmh: float) -> None:
        before, self._before = self._before, (time_ms, speed_kmh)
        if before is None:
            return
        before_ms, before_kmh = before
        if before_kmh > STOPPED_SPEED_KMH or speed_kmh > STOPPED_SPEED_KMH:
            self._drive(before_ms, time_ms)
        else:
            self._stop(before_ms, time_ms)

    def _drive(self, before_ms: int, time_ms: int) -> None:
        self._stop_ms = None
        if self._clock_ms is None:
            self._clock_ms = before_ms
        if self._found_ms is None and time_ms - self._clock_ms > LONGEST_DRIVING_S * 1000:
            self._found_ms = time_ms

    def _stop(self, before_ms: int, time_ms: int) -> None:
        if self._stop_ms is None:
            self._stop_ms = before_ms
        if self._clock_ms is not None and time_ms - self._stop_ms >= SHORTEST_REST_S * 1000:
            self._note(self._stop_ms)

    def _note(self, end_ms: int | None) -> None:
        assert self._clock_ms is not None
        until_ms = end_ms or self._stop_ms or (self._before[0] if self._before else self._clock_ms)
        detail: dict[str, object] = {"hours": round((until_ms - self._clock_ms) / 3_600_000, 4)}
        over = self._found_ms is not None
        self.events.append(
            Event("driving_period", self._clock_ms, until_ms, end_ms, {**detail, "over_4h": over}, fact=True)
        )
        if self._found_ms is not None:
            self.events.append(Event("continuous_driving", self._clock_ms, self._found_ms, end_ms, detail))
        self._clock_ms = self._found_ms = None

    def finish(self) -> None:
        """The reports end here; a drive that no rest has ended stays open."""
        if self._clock_ms is not None:
            self._note(None)


@dataclass(slots=True)
class ZoneTruth:
    """In and out of one zone; ``forbidden`` lasts while the vehicle is in it during its hours."""

    zone: Zone
    events: list[Event] = field(default_factory=list)
    _inside: bool | None = None
    _forbidden_ms: int | None = None

    def see(self, time_ms: int, inside: bool) -> None:
        if self._inside is not None and inside != self._inside:
            kind = "enter" if inside else "exit"
            if kind in self.zone.rules:
                self._note(f"zone_{kind}", time_ms, time_ms)
        if "forbidden" in self.zone.rules:
            self._watch(time_ms, inside and self._in_hours(time_ms))
        self._inside = inside

    def _watch(self, time_ms: int, forbidden: bool) -> None:
        if forbidden and self._forbidden_ms is None:
            self._forbidden_ms = time_ms
        elif not forbidden and self._forbidden_ms is not None:
            self._note("zone_forbidden", self._forbidden_ms, time_ms)
            self._forbidden_ms = None

    def _in_hours(self, time_ms: int) -> bool:
        if self.zone.hours is None:
            return True
        begin, end = self.zone.hours
        minute = second_of_day(time_ms / 1000) / 60
        return begin <= minute < end if begin < end else minute >= begin or minute < end

    def _note(self, rule: str, start_ms: int, end_ms: int | None) -> None:
        detail: dict[str, object] = {"zone_id": self.zone.zone_id, "zone_name": self.zone.name}
        self.events.append(Event(rule, start_ms, start_ms, end_ms, detail))

    def finish(self) -> None:
        """The reports end here; a vehicle still in a forbidden zone stays an open case."""
        if self._forbidden_ms is not None:
            self._note("zone_forbidden", self._forbidden_ms, None)


_Watcher = SpeedingTruth | DrivingTruth | ZoneTruth


class VehicleTruth:
    """All of it for one vehicle. Feed every report once, in order of time; take events once certain."""

    __slots__ = ("_driving", "_speeding", "_vehicle_class", "_zones", "reports")

    def __init__(self, vehicle_class: str, zones: Sequence[Zone]) -> None:
        self._vehicle_class = vehicle_class
        self._speeding, self._driving = SpeedingTruth(), DrivingTruth()
        self._zones = [ZoneTruth(zone) for zone in zones_for(zones, vehicle_class)]
        self.reports = 0

    def feed(self, samples: Samples) -> None:
        """Take the next reports."""
        self.reports += len(samples)
        limits = limits_kmh(self._vehicle_class, samples.time_ms).tolist()
        times, speeds = samples.time_ms.tolist(), (samples.speed_dkmh / 10).tolist()
        for time_ms, speed_kmh, limit_kmh in zip(times, speeds, limits, strict=True):
            self._speeding.see(time_ms, speed_kmh, limit_kmh)
            self._driving.see(time_ms, speed_kmh)
        lon, lat = samples.longitude_udeg / 1e6, samples.latitude_udeg / 1e6
        for zone in self._zones:
            self._feed_zone(zone, times, zone.zone.contains(lon, lat))

    def _feed_zone(self, zone: ZoneTruth, times: list[int], inside: np.ndarray) -> None:
        if not inside.any() and len(times) > 1:  # the common case: only the first report can change anything
            zone.see(times[0], False)
            return
        for time_ms, here in zip(times, inside.tolist(), strict=True):
            zone.see(time_ms, here)

    def take(self) -> list[Event]:
        """Events that are certain by now, each once, in order of start."""
        watchers: list[_Watcher] = [self._speeding, self._driving, *self._zones]
        events = sorted(
            (event for each in watchers for event in each.events), key=lambda event: event.start_ms
        )
        for each in watchers:
            each.events.clear()
        return events

    def finish(self) -> list[Event]:
        """No report follows: the rest of the events, open ones with no end."""
        watchers: list[_Watcher] = [self._speeding, self._driving, *self._zones]
        for each in watchers:
            each.finish()
        return self.take()
