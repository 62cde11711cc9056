"""The truth about speed: reports over a limit in a row."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulators.events import Event
from simulators.limits import GAP_S, NEAR_LIMIT_KMH, SPEEDING_COUNTS_AFTER_S, Ints

Floats = NDArray[np.float64]

JOIN_S = 60


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

    def event(self, rule: str, where: dict[str, object], end_ms: int | None) -> Event:
        assert self.found_ms is not None
        speeds: dict[str, object] = {"max_speed_kmh": round(self.max_kmh, 1), "limit_kmh": self.limit_kmh}
        return Event(rule, self.first_ms, self.found_ms, end_ms, {**where, **speeds})


@dataclass(slots=True)
class SpeedingTruth:
    """Runs over a limit of at least 30 s; runs at most 60 s apart are one."""

    rule: str = "speeding"
    where: dict[str, object] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    _run: _Run | None = None
    _waiting: _Run | None = None  # ended, but the next may still join it
    _last_ms: int = 0

    def feed(self, time_ms: Ints, speed_kmh: Floats, limit_kmh: Floats) -> None:
        """Some reports, and the limit that holds at each."""
        self._feed(time_ms, speed_kmh, limit_kmh, speed_kmh > limit_kmh)

    def feed_near(self, time_ms: Ints, speed_kmh: Floats, limit_kmh: Floats) -> None:
        """The same for the warning: near the limit and not over it."""
        near = (speed_kmh >= limit_kmh - NEAR_LIMIT_KMH) & (speed_kmh <= limit_kmh)
        self._feed(time_ms, speed_kmh, limit_kmh, near)

    def _feed(self, time_ms: Ints, speed_kmh: Floats, limit_kmh: Floats, counts: NDArray[np.bool_]) -> None:
        """Where nothing counts and nothing goes on, there is nothing to look at."""
        if self._run is None and self._waiting is None and not counts.any():
            self._last_ms = int(time_ms[-1])
            return
        columns = (each.tolist() for each in (time_ms, speed_kmh, limit_kmh, counts))
        for row in zip(*columns, strict=True):
            self._see(*row)

    def _see(self, time_ms: int, speed_kmh: float, limit_kmh: float, counts: bool) -> None:
        if self._run and (not counts or time_ms - self._last_ms > GAP_S * 1000):
            self._end_run()
        if self._waiting and not self._run and time_ms - self._waiting.last_ms > JOIN_S * 1000:
            self.events.append(self._waiting.event(self.rule, self.where, self._waiting.last_ms))
            self._waiting = None
        if counts:
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

    def take(self) -> list[Event]:
        """What is certain by now, each event once."""
        events, self.events = self.events, []
        return events

    def finish(self) -> None:
        """The reports end here; an episode whose last report is over the limit stays open."""
        run = self._run
        if run is not None and run.found_ms is not None:
            self.events.append(self._joined(run).event(self.rule, self.where, None))
        elif self._waiting is not None:
            self.events.append(self._waiting.event(self.rule, self.where, self._waiting.last_ms))
        self._run = self._waiting = None
