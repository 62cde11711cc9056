"""Reports as they were sent, in the units of the law: what the truth is worked out from."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from simulators.motion import Samples
from simulators.roads import METRES_PER_DEGREE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Told:
    """n reports of one vehicle in order of time, a column each."""

    time_ms: Ints
    longitude_deg: Floats
    latitude_deg: Floats
    speed_kmh: Floats
    recorder_kmh: Floats
    altitude_m: Ints
    heading_deg: Ints
    alarm_bits: Ints

    @classmethod
    def of(cls, samples: Samples) -> "Told":
        """What samples tell."""
        return cls(
            samples.time_ms,
            samples.longitude_udeg / 1e6,
            samples.latitude_udeg / 1e6,
            samples.speed_dkmh / 10,
            samples.recorder_speed_dkmh / 10,
            samples.altitude_m,
            samples.heading_deg,
            samples.alarm_bits,
        )

    def after(self, last: "Told | None") -> "Told":
        """These, behind the last one of those before."""
        if last is None:
            return self
        names = [each.name for each in fields(self)]
        return Told(*(np.append(getattr(last, name)[-1:], getattr(self, name)) for name in names))

    def moved_m(self) -> Floats:
        """From each report to the next, on a flat earth; shape (n - 1,)."""
        east_deg = np.diff(self.longitude_deg) * np.cos(np.radians(self.latitude_deg[1:]))
        return np.hypot(east_deg, np.diff(self.latitude_deg)) * METRES_PER_DEGREE
