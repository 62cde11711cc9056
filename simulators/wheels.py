"""What a vehicle can do: hold and change its speed, stop, reach the next corner exactly. All is recorded."""

import math

from simulators.limits import NIGHT_BEGINS_S, NIGHT_ENDS_S, second_of_day
from simulators.motion import Track
from simulators.routes import Path

PULL_AWAY_MPS2, BRAKE_MPS2 = 0.7, 0.9
# A leg that begins this near to a corner has it behind it.
CORNER_BEHIND_M = 200.0


class Wheels:
    """The state of one vehicle on its way; each action appends to ``track`` and moves time on."""

    __slots__ = (
        "_corners",
        "_stop_m",
        "driven_s",
        "leg_end_m",
        "metres",
        "night_driven_s",
        "path",
        "speed_mps",
        "time_s",
        "track",
    )

    def __init__(self, salt: int, begin_s: float) -> None:
        self.track = Track(salt, begin_s)
        self.time_s, self.metres, self.speed_mps = begin_s, 0.0, 0.0
        self.driven_s = self.night_driven_s = 0.0
        self.leg_end_m, self._stop_m = 0.0, math.inf
        self._corners: list[tuple[float, float]] = []

    def begin_leg(self, path: Path, offset_m: float = 0.0, stop_m: float | None = None) -> None:
        """Go on along a path, from some way along it; ``stop_m``: where on it to come to a stop."""
        self.path = path
        self.leg_end_m = self.metres + path.length_m - offset_m
        corners = sorted((*path.corners, *([] if stop_m is None else [(stop_m, 0.0)])))
        self._corners = [
            (self.metres + along_m - offset_m, speed_mps)
            for along_m, speed_mps in corners
            if along_m > offset_m + CORNER_BEHIND_M
        ]
        self._stop_m = math.inf if stop_m is None else self.metres + stop_m - offset_m
        self.track.add_leg(self.metres, path, offset_m)

    @property
    def at_stop(self) -> bool:
        """Whether the vehicle is where it was told to come to a stop."""
        return abs(self.metres - self._stop_m) < 1.0

    def obstacle(self) -> tuple[float, float]:
        """The next corner or the leg's end: where, on the vehicle's count of metres, and how fast at most."""
        return self._corners[0] if self._corners else (self.leg_end_m, 0.0)

    def can_stop_before_obstacle(self) -> bool:
        """Whether there is room to brake to a stop, and to pull away again."""
        return self.obstacle()[0] - self.metres >= self.speed_mps**2 / (2 * BRAKE_MPS2) + 50

    def hold(self, lasts_s: float) -> None:
        """Keep the speed for a while."""
        self._drive(0.0, lasts_s)

    def change_speed(self, target_mps: float, rate_mps2: float) -> None:
        """Reach a speed at a constant rate."""
        change_mps = target_mps - self.speed_mps
        if abs(change_mps) > 1e-9:
            self._drive(math.copysign(rate_mps2, change_mps), abs(change_mps) / rate_mps2)
            self.speed_mps = target_mps

    def stand(self, lasts_s: float) -> None:
        """Stand still."""
        self.speed_mps = 0.0
        self.track.add_piece(self.metres, 0.0, 0.0, lasts_s)
        self.time_s += lasts_s

    def stop_at_leg_end(self) -> None:
        """Be exactly at the end of the leg, at rest."""
        self.metres, self.speed_mps = self.leg_end_m, 0.0

    def reach_obstacle(self, top_mps: float) -> None:
        """Drive exactly to the next corner or the leg's end, and be as slow there as it asks."""
        stop_m, stop_mps = self.obstacle()
        rest_m, speed = stop_m - self.metres, self.speed_mps
        a, b = PULL_AWAY_MPS2, BRAKE_MPS2
        reachable = math.sqrt(max(0.0, (2 * a * b * rest_m + b * speed**2 + a * stop_mps**2) / (a + b)))
        peak = min(reachable, max(top_mps, stop_mps))
        if peak >= max(speed, stop_mps):
            self.change_speed(peak, a)
            hold_m = stop_m - self.metres - (peak**2 - stop_mps**2) / (2 * b)
            self.hold(max(0.0, hold_m) / max(peak, 0.5))
            self.change_speed(stop_mps, b)
        else:
            self._slow_within(rest_m, stop_mps)
        self.metres, self.speed_mps = stop_m, stop_mps
        if self._corners:
            self._corners.pop(0)

    def _slow_within(self, rest_m: float, stop_mps: float) -> None:
        """Too fast to pull away first: hold the speed while that is safe, then brake as hard as it takes."""
        brake_m = (self.speed_mps**2 - stop_mps**2) / (2 * BRAKE_MPS2)
        if 0 < brake_m < rest_m:
            self.hold((rest_m - brake_m) / self.speed_mps)
            self.change_speed(stop_mps, BRAKE_MPS2)
        elif rest_m > 0 and self.speed_mps + stop_mps > 0:
            lasts_s = 2 * rest_m / (self.speed_mps + stop_mps)
            self._drive((stop_mps - self.speed_mps) / lasts_s, lasts_s)

    def _drive(self, acceleration_mps2: float, lasts_s: float) -> None:
        """Append one piece of driving."""
        if lasts_s <= 0:
            return
        self.track.add_piece(self.metres, self.speed_mps, acceleration_mps2, lasts_s)
        self.metres += self.speed_mps * lasts_s + acceleration_mps2 * lasts_s**2 / 2
        self.speed_mps = max(0.0, self.speed_mps + acceleration_mps2 * lasts_s)
        of_day_s = second_of_day(self.time_s)
        self.time_s += lasts_s
        self.driven_s += lasts_s
        if of_day_s >= NIGHT_BEGINS_S - 600 or of_day_s < NIGHT_ENDS_S:
            self.night_driven_s += lasts_s
