"""The truth about hours at the wheel."""

from dataclasses import dataclass, field

from simulators.events import Event
from simulators.limits import LONGEST_DRIVING_S, SHORTEST_REST_S, STOPPED_SPEED_KMH


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
