"""What goes wrong on board: alarm bits that come up, positions, speeds and heights that cannot be right.

Each is laid over what the vehicle really does, in windows of time that return, so that nothing depends on how
the reports are cut.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simulators.motion import Samples

Mask = NDArray[np.bool_]

EMERGENCY, POWER_LOW, CAMERA_FAULT, DOOR_OPEN = 0, 7, 11, 31
JUMP_UDEG, DRIFT_UDEG = 180_000, 1_300  # some 20 km and 140 m north
FALSE_HEIGHT_M = 9_000
SLOW_RECORDER = 0.8


@dataclass(frozen=True, slots=True)
class Window:
    """When something is so: from ``after_s`` behind the first time on, for ``lasts_s``, every ``every_s``."""

    after_s: int
    lasts_s: int
    every_s: int

    def holds(self, time_ms: NDArray[np.int64], first_s: float, interval_s: int) -> Mask:
        """At which times; at one report at least each time."""
        since_s = time_ms // 1000 - round(first_s) - self.after_s
        return (since_s >= 0) & (since_s % self.every_s < max(self.lasts_s, interval_s))


BITS = {
    EMERGENCY: Window(0, 35, 10_800),
    POWER_LOW: Window(180, 240, 7_200),
    CAMERA_FAULT: Window(1_500, 600, 9_000),
    DOOR_OPEN: Window(600, 20, 5_400),
}
WINDOWS = {
    "jumping": Window(0, 1, 3_000),
    "drifting": Window(0, 900, 7_200),
    "frozen": Window(0, 1_200, 9_000),
    "odd_speed": Window(0, 1_200, 9_000),
    "odd_height": Window(0, 40, 3_600),
}


class Faults:
    """What is laid over the samples of one vehicle, in order of time."""

    def __init__(self, role: str, first_s: float, interval_s: int) -> None:
        self._role, self._first_s, self._interval_s = role, first_s, interval_s
        self._kept: tuple[int, int] | None = None  # where a frozen receiver stays
        lay = {
            "alarming": self._alarms,
            "jumping": self._jump,
            "drifting": self._drift,
            "frozen": self._freeze,
            "odd_speed": self._misread,
            "odd_height": self._lift,
        }
        self._lay: Callable[[Samples], Samples] = lay.get(role, lambda samples: samples)

    def over(self, samples: Samples) -> Samples:
        """The samples as the terminal reports them."""
        return self._lay(samples)

    def _in_window(self, samples: Samples) -> Mask:
        return WINDOWS[self._role].holds(samples.time_ms, self._first_s, self._interval_s)

    def _alarms(self, samples: Samples) -> Samples:
        bits = samples.alarm_bits.copy()
        for bit, window in BITS.items():
            bits[window.holds(samples.time_ms, self._first_s, self._interval_s)] |= 1 << bit
        return replace(samples, alarm_bits=bits)

    def _jump(self, samples: Samples) -> Samples:
        moved = samples.latitude_udeg + JUMP_UDEG * self._in_window(samples)
        return replace(samples, latitude_udeg=moved)

    def _drift(self, samples: Samples) -> Samples:
        """Every other report is elsewhere, while the vehicle stands."""
        odd = samples.time_ms // 1000 // self._interval_s % 2 == 1
        moved = samples.latitude_udeg + DRIFT_UDEG * (self._in_window(samples) & odd & ~samples.moving)
        return replace(samples, latitude_udeg=moved)

    def _freeze(self, samples: Samples) -> Samples:
        lon, lat = samples.longitude_udeg.copy(), samples.latitude_udeg.copy()
        for row, frozen in enumerate(self._in_window(samples).tolist()):
            if not frozen:
                self._kept = None
                continue
            self._kept = self._kept or (int(lon[row]), int(lat[row]))
            lon[row], lat[row] = self._kept
        return replace(samples, longitude_udeg=lon, latitude_udeg=lat)

    def _misread(self, samples: Samples) -> Samples:
        slow = np.rint(samples.speed_dkmh * SLOW_RECORDER).astype(np.int64)
        told = np.where(self._in_window(samples), slow, samples.recorder_speed_dkmh)
        return replace(samples, recorder_speed_dkmh=told)

    def _lift(self, samples: Samples) -> Samples:
        height_m = np.where(self._in_window(samples), FALSE_HEIGHT_M, samples.altitude_m)
        return replace(samples, altitude_m=height_m)
