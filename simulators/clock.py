"""The clock of the terminals: starts in the past, runs faster until it is the present, never ahead."""

import math
from dataclasses import dataclass

# Now less the time since a moment is that moment, but for what rounding takes.
_ROUNDING_S = 1e-3


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """Device time as a function of wall time, both in seconds since 1970 UTC.

    Starts ``history_s`` before ``started_s`` and runs ``speedup`` times as fast as the wall clock until it
    has caught up; from then on the two are the same. With speedup 1 it stays ``history_s`` behind for ever.
    """

    started_s: float
    history_s: float = 0.0
    speedup: float = 1.0

    @property
    def begin_s(self) -> float:
        """What the clock shows at first."""
        return self.started_s - self.history_s

    @property
    def first_s(self) -> int:
        """The same as a whole second."""
        return math.floor(self.begin_s + _ROUNDING_S)

    @property
    def caught_up_s(self) -> float:
        """The wall time from which on device time is wall time; infinity if never."""
        if self.history_s <= 0:
            return self.started_s
        return self.started_s + self.history_s / (self.speedup - 1) if self.speedup > 1 else math.inf

    def device_s(self, wall_s: float) -> float:
        """What the clock shows at a wall time."""
        return (
            min(wall_s, self.begin_s + self.speedup * (wall_s - self.started_s))
            if self.history_s > 0
            else wall_s
        )

    def wall_s(self, device_s: float) -> float:
        """When the clock shows a device time."""
        if self.history_s <= 0:
            return device_s
        return max(device_s, self.started_s + (device_s - self.begin_s) / self.speedup)
