"""The truth about a condition that reports show in a row: when it held, and whether that was long enough."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulators.events import Event
from simulators.limits import GAP_S, Ints

FOR_EVER_S = 10**9


@dataclass(frozen=True, slots=True)
class Asks:
    """What makes reports in a row an event, in seconds.

    ``min_s`` from the first to the last and ``points`` reports at least; ``hold_s``: the longest pause of two
    that follow each other, ``join_s``: of two with others in between; ``instant``: told once, without length.
    """

    min_s: float = 0.0
    points: int = 1
    hold_s: float = FOR_EVER_S
    join_s: float = -1.0
    broken_by_gap: bool = False
    instant: bool = False


@dataclass(slots=True)
class _Run:
    """Reports at which it held."""

    start_ms: int
    last_ms: int
    points: int = 0
    found_ms: int | None = None


@dataclass(slots=True)
class RunTruth:
    """Feed every report of a vehicle; an event is there when nothing can join it any more."""

    rule: str
    asks: Asks = field(default_factory=Asks)
    detail: dict[str, object] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    _run: _Run | None = None
    _held_last: bool = False
    _last_ms: int | None = None

    def see(self, time_ms: int, holds: bool, since_ms: int | None = None) -> None:
        """One report; ``since_ms``: where a run that begins with it starts, if not at the report itself."""
        asks, run = self.asks, self._run
        silent_ms = 0 if self._last_ms is None else time_ms - self._last_ms
        if run is not None:
            longest_s = asks.hold_s if holds and self._held_last else asks.join_s
            broken = asks.broken_by_gap and silent_ms > GAP_S * 1000
            if broken or time_ms - run.last_ms > longest_s * 1000:
                self._end(run, run.last_ms)
        if holds:
            self._extend(time_ms, time_ms if since_ms is None else since_ms)
        self._held_last, self._last_ms = holds, time_ms

    def feed(self, time_ms: Ints, holds: NDArray[np.bool_], since_ms: Ints | None = None) -> None:
        """Some reports; where nothing holds and nothing goes on, there is nothing to look at."""
        if not len(time_ms):
            return
        if self._run is None and not holds.any():
            self._held_last, self._last_ms = False, int(time_ms[-1])
            return
        starts = (time_ms if since_ms is None else since_ms).tolist()
        for row in zip(time_ms.tolist(), holds.tolist(), starts, strict=True):
            self.see(*row)

    def _extend(self, time_ms: int, start_ms: int) -> None:
        run = self._run = self._run or _Run(start_ms, time_ms)
        run.last_ms, run.points = time_ms, run.points + 1
        enough = time_ms - run.start_ms >= self.asks.min_s * 1000 and run.points >= self.asks.points
        if run.found_ms is None and enough:
            run.found_ms = time_ms

    def _end(self, run: _Run, end_ms: int | None) -> None:
        self._run = None
        if run.found_ms is not None:
            end_ms = run.start_ms if self.asks.instant else end_ms
            self.events.append(Event(self.rule, run.start_ms, run.found_ms, end_ms, self.detail))

    def take(self) -> list[Event]:
        """What is certain by now, each event once."""
        events, self.events = self.events, []
        return events

    def finish(self) -> None:
        """The reports end here; what holds at the last one stays open."""
        if self._run is not None:
            self._end(self._run, None if self._held_last else self._run.last_ms)
