"""A driver at work: turns a plan into motion, piece by piece, as far ahead as anyone asks.

Clean by construction: cruises well under every limit, rests long before 4 h are over and keeps off the roads
through zones, unless its role says otherwise.
"""

import math
import random

from simulators.limits import (
    COACH_NIGHT_LIMIT_KMH,
    COACHES,
    DAY_LIMIT_KMH,
    DAY_S,
    LONGEST_DRIVING_S,
    NIGHT_BEGINS_S,
    NIGHT_ENDS_S,
    SHORTEST_REST_S,
    second_of_day,
)
from simulators.motion import KMH, Track
from simulators.plan import VehiclePlan, coach_stands
from simulators.routes import Path, RoadBook

PULL_AWAY_MPS2, BRAKE_MPS2, DRIFT_MPS2, OVERTAKE_MPS2 = 0.7, 0.9, 0.3, 0.6
# Cruising speed in km/h by class on expressways and national roads: 8 under the lowest limit there or more.
CRUISE_KMH = {
    ("heavy_truck", "expressway"): (78.0, 90.0),
    ("heavy_truck", "national"): (52.0, 66.0),
    ("tour_coach", "expressway"): (80.0, 90.0),
    ("tour_coach", "national"): (54.0, 66.0),
    ("line_coach", "expressway"): (80.0, 90.0),
    ("line_coach", "national"): (54.0, 66.0),
    ("hazmat", "expressway"): (62.0, 70.0),
    ("hazmat", "national"): (44.0, 54.0),
}
COACH_NIGHT_CRUISE_KMH = (62.0, 70.0)
# Coaches behave as at night from 22 minutes before to 12 minutes after it: nothing they do straddles the limit's change.
NIGHT_MARGIN_S = 1_320.0
COACH_NIGHT_DRIVING_S = 5_400.0  # they may drive 2 h at night without a rest
COACH_SHIFT_S = 21_000.0  # and 8 h in 24
ROOM_TO_SPEED_M = 1_500.0
APART_S = 1_200.0  # between stops that must not merge to one


class Driver:
    """Drives one vehicle; ``track`` holds the motion as far as ``drive_until`` was asked for."""

    __slots__ = (
        "_avoid", "_book", "_budget_s", "_corners", "_draw", "_leg_end_m", "_metres", "_next_speeding_s", "_night_s",
        "_path", "_shift_begin_s", "_shift_s", "_short_stop_s", "_speed_mps", "_stopped_s", "_time_s", "_wheel_since_s",
        "interval_s", "plan", "track",
    )  # fmt: skip

    def __init__(self, plan: VehiclePlan, interval_s: int, book: RoadBook) -> None:
        self.plan, self.interval_s, self._book = plan, interval_s, book
        self._draw = random.Random(plan.salt)
        self._time_s, self._metres = float(plan.begin_s), 0.0
        self._wheel_since_s = self._stopped_s = self._shift_begin_s = self._time_s
        self._shift_s, self._night_s = self._draw.uniform(0, COACH_SHIFT_S * 0.6), 0.0
        self._budget_s = self._first_budget_s()
        self._short_stop_s = self._time_s + self._draw.uniform(2_400, 4_800)
        self._next_speeding_s = plan.first_event_s if plan.role == "speeder" else math.inf
        self.track = Track(plan.salt, self._time_s)
        self._begin_leg(plan.path, plan.offset_m)
        self._speed_mps = 0.0 if plan.parked_s or self._must_stand() else self._cruise_mps()
        if plan.parked_s:
            self._stand(plan.parked_s)
        elif plan.role == "speeder" and plan.first_event_s <= plan.begin_s + 1 and self._speed_mps:
            self._speed_mps = self._speeding_kmh() / KMH
            self._hold_over_limit(self._holding_s())

    def drive_until(self, time_s: float) -> None:
        """Make the motion known up to a time."""
        while self._time_s <= time_s:
            self._step()

    # --- decisions ---------------------------------------------------------------------------------------

    def _step(self) -> None:
        to_end_m = self._leg_end_m - self._metres
        if to_end_m < 1.0:
            self._arrive()
        elif self._must_stand():
            self._halt(self._until_morning_s())
        elif self._must_rest():
            self._halt(self._rest_s())
        elif self._time_s >= self._short_stop_s and to_end_m > 6_000:
            self._halt_shortly()
        elif self._may_speed():
            self._overtake()
        else:
            self._cruise()

    def _is_coach(self) -> bool:
        return self.plan.vehicle.vehicle_class in COACHES

    def _is_night(self) -> bool:
        """Night with its margins; they are wide enough for whatever a coach begins before it."""
        of_day_s = second_of_day(self._time_s)
        return of_day_s >= NIGHT_BEGINS_S - NIGHT_MARGIN_S or of_day_s < NIGHT_ENDS_S + NIGHT_MARGIN_S / 2

    def _must_stand(self) -> bool:
        return self._is_coach() and coach_stands(self._time_s)

    def _until_morning_s(self) -> float:
        return 18_600 - second_of_day(self._time_s) + self._draw.uniform(0, 1_200)

    def _must_rest(self) -> bool:
        if self._time_s - self._wheel_since_s >= self._budget_s:
            return True
        return self._is_coach() and (self._night_s >= COACH_NIGHT_DRIVING_S or self._shift_s >= COACH_SHIFT_S)

    def _may_speed(self) -> bool:
        if self._time_s < self._next_speeding_s or (self._is_coach() and self._nearly_night()):
            return False
        stop_m, _ = self._obstacle()
        return stop_m - self._metres > ROOM_TO_SPEED_M + 35.0 * (self._longest_hold_s() + 60)

    def _nearly_night(self) -> bool:
        """A coach does not speed where the night limit begins or ends before it is done."""
        of_day_s = second_of_day(self._time_s)
        margin_s = NIGHT_MARGIN_S / 2 + self._longest_hold_s()
        return any(abs(of_day_s - edge_s) < margin_s for edge_s in (NIGHT_BEGINS_S, NIGHT_ENDS_S))

    # --- how long, how fast ------------------------------------------------------------------------------

    def _first_budget_s(self) -> float:
        plan = self.plan
        if plan.role in ("returning", "enduring"):
            return plan.first_event_s - plan.begin_s + self._draw.uniform(1_200, 3_000)
        if plan.role == "rested":
            return self._draw.uniform(6_600, 7_800)
        return self._draw.uniform(3_000, 11_400)

    def _rest_s(self) -> float:
        """A proper rest with room for the samples at its edges; a coach whose day is over rests until the next."""
        if self._is_coach() and self._shift_s >= COACH_SHIFT_S:
            return max(1_800.0, self._shift_begin_s + DAY_S - self._time_s)
        if self.plan.role == "rested" and self._time_s < self.plan.first_event_s:
            return SHORTEST_REST_S + 3 * self.interval_s + 30.0
        return self._draw.uniform(1_560, 2_700) + 4 * self.interval_s

    def _cruise_mps(self) -> float:
        low_kmh, high_kmh = CRUISE_KMH[self.plan.vehicle.vehicle_class, self.plan.road_class]
        if self._is_coach() and self._is_night():
            low_kmh, high_kmh = (
                min(low_kmh, COACH_NIGHT_CRUISE_KMH[0]),
                min(high_kmh, COACH_NIGHT_CRUISE_KMH[1]),
            )
        return self._draw.uniform(low_kmh, high_kmh) / KMH

    def _limit_kmh(self) -> float:
        if self._is_coach() and self._is_night():
            return COACH_NIGHT_LIMIT_KMH
        return DAY_LIMIT_KMH[self.plan.vehicle.vehicle_class]

    def _speeding_kmh(self) -> float:
        return self._limit_kmh() * self._draw.uniform(1.09, 1.28)

    def _longest_hold_s(self) -> float:
        return 150.0 + 5 * self.interval_s

    def _holding_s(self) -> float:
        """Long enough that 30 s stand between two reports whatever their phase."""
        return self._draw.uniform(60.0 + 3 * self.interval_s, self._longest_hold_s())

    # --- actions -----------------------------------------------------------------------------------------

    def _arrive(self) -> None:
        """Unload, then set off for the next place."""
        role = self.plan.role
        self._brake_to_zero_here()
        if role == "visitor" or (role in ("returning", "enduring") and self._still_over()):
            self._stand(self._draw.uniform(240, 660))
        else:
            self._stand(self._rest_s())
        self._begin_leg(self._next_path(), 0.0)

    def _still_over(self) -> bool:
        """Whether the drive that is to pass 4 h is still going on, so that no proper rest may come."""
        return self._budget_s > LONGEST_DRIVING_S

    def _next_path(self) -> Path:
        plan, here = self.plan, self._path.goal
        if plan.role == "visitor":
            crossings = self._book.crossings(plan.road_class, plan.vehicle.vehicle_class, here)
            if crossings and self._draw.random() < 0.85:
                return self._draw.choice(crossings).path
        return self._draw.choice(self._book.trips(here, plan.road_class, plan.vehicle.vehicle_class))

    def _overtake(self) -> None:
        """Go over the limit: an episode, or sometimes a burst that is too short to be one."""
        if self._draw.random() < 0.2 and self._time_s > self.plan.first_event_s + 60:
            self._change_speed((self._limit_kmh() + self._draw.uniform(4, 7)) / KMH, OVERTAKE_MPS2)
            self._emit(0.0, 3.0)
        else:
            self._change_speed(self._speeding_kmh() / KMH, OVERTAKE_MPS2)
            self._hold_over_limit(self._holding_s())

    def _hold_over_limit(self, lasts_s: float) -> None:
        self._emit(0.0, lasts_s)
        self._change_speed(self._cruise_mps(), OVERTAKE_MPS2)
        pause_s = 240 + 8 * self.interval_s + self._draw.expovariate(1 / 700)
        self._next_speeding_s = self._time_s + pause_s

    def _halt_shortly(self) -> None:
        """A stop that is no rest: fuel, a queue, a call."""
        long_s = min(840.0, SHORTEST_REST_S - 4 * self.interval_s - 60)
        if long_s > 120:
            self._halt(self._draw.uniform(120, long_s))
        self._short_stop_s = self._time_s + APART_S + self._draw.uniform(1_200, 4_200)

    def _halt(self, lasts_s: float) -> None:
        """Brake to a stop and stand; near a corner or the journey's end, reach that first."""
        stop_m, _ = self._obstacle()
        if stop_m - self._metres < self._speed_mps**2 / (2 * BRAKE_MPS2) + 50:
            self._reach_obstacle(max(self._speed_mps, 5.0))
        else:
            self._change_speed(0.0, BRAKE_MPS2)
            self._stand(lasts_s)

    def _cruise(self) -> None:
        """Hold a speed for a while, or go to the next corner or the journey's end where that is nearer."""
        target_mps, lasts_s = self._cruise_mps(), self._draw.uniform(20, 90)
        stop_m, stop_mps = self._obstacle()
        rate_mps2 = DRIFT_MPS2 if self._speed_mps > 15 else PULL_AWAY_MPS2
        change_m = abs(target_mps**2 - self._speed_mps**2) / (2 * rate_mps2)
        brake_m = max(0.0, target_mps**2 - stop_mps**2) / (2 * BRAKE_MPS2)
        if self._metres + change_m + target_mps * lasts_s + brake_m + 5 >= stop_m:
            self._reach_obstacle(target_mps)
        else:
            self._change_speed(target_mps, rate_mps2)
            self._emit(0.0, lasts_s)

    def _reach_obstacle(self, top_mps: float) -> None:
        """Drive exactly to the next corner or the leg's end, and be at its speed there."""
        stop_m, stop_mps = self._obstacle()
        rest_m, speed = stop_m - self._metres, self._speed_mps
        a, b = PULL_AWAY_MPS2, BRAKE_MPS2
        peak = math.sqrt(max(0.0, (2 * a * b * rest_m + b * speed**2 + a * stop_mps**2) / (a + b)))
        peak = min(peak, max(top_mps, stop_mps))
        if peak >= max(speed, stop_mps):
            self._change_speed(peak, a)
            hold_m = stop_m - self._metres - (peak**2 - stop_mps**2) / (2 * b)
            self._emit(0.0, max(0.0, hold_m) / max(peak, 0.5))
            self._change_speed(stop_mps, b)
        else:
            self._slow_evenly(rest_m, stop_mps)
        self._metres, self._speed_mps = stop_m, stop_mps
        if self._corners and self._corners[0][0] <= stop_m:
            self._corners.pop(0)

    def _slow_evenly(self, rest_m: float, stop_mps: float) -> None:
        """Too fast to cruise on: hold the speed as long as it is safe, then brake as hard as it takes."""
        brake_m = (self._speed_mps**2 - stop_mps**2) / (2 * BRAKE_MPS2)
        if 0 < brake_m < rest_m:
            self._emit(0.0, (rest_m - brake_m) / self._speed_mps)
            self._change_speed(stop_mps, BRAKE_MPS2)
        elif rest_m > 0 and self._speed_mps + stop_mps > 0:
            lasts_s = 2 * rest_m / (self._speed_mps + stop_mps)
            self._emit((stop_mps - self._speed_mps) / lasts_s, lasts_s)

    # --- bookkeeping -------------------------------------------------------------------------------------

    def _begin_leg(self, path: Path, offset_m: float) -> None:
        self._path = path
        self._leg_end_m = self._metres + path.length_m - offset_m
        self._corners = [
            (self._metres + along_m - offset_m, speed)
            for along_m, speed in path.corners
            if along_m > offset_m + 200
        ]
        self.track.add_leg(self._metres, path, offset_m)

    def _obstacle(self) -> tuple[float, float]:
        """Metres (on the vehicle's own count) of what comes next, and the speed it allows."""
        return self._corners[0] if self._corners else (self._leg_end_m, 0.0)

    def _brake_to_zero_here(self) -> None:
        self._metres, self._speed_mps = self._leg_end_m, 0.0

    def _change_speed(self, target_mps: float, rate_mps2: float) -> None:
        change = target_mps - self._speed_mps
        if abs(change) > 1e-9:
            self._emit(math.copysign(rate_mps2, change), abs(change) / rate_mps2)
            self._speed_mps = target_mps

    def _emit(self, acceleration_mps2: float, lasts_s: float) -> None:
        """Append one piece of driving and count its time at the wheel."""
        if lasts_s <= 0:
            return
        self.track.add_piece(self._metres, self._speed_mps, acceleration_mps2, lasts_s)
        self._metres += self._speed_mps * lasts_s + acceleration_mps2 * lasts_s**2 / 2
        self._speed_mps = max(0.0, self._speed_mps + acceleration_mps2 * lasts_s)
        self._time_s += lasts_s
        self._shift_s += lasts_s
        if self._is_night():
            self._night_s += lasts_s

    def _stand(self, lasts_s: float) -> None:
        """Stand still; after a proper rest everything counts anew."""
        self._speed_mps = 0.0
        self.track.add_piece(self._metres, 0.0, 0.0, lasts_s)
        self._time_s += lasts_s
        if lasts_s < SHORTEST_REST_S:
            return
        self._wheel_since_s, self._night_s = self._time_s, 0.0
        self._budget_s = self._next_budget_s()
        self._short_stop_s = self._time_s + self._draw.uniform(2_400, 4_800)
        if lasts_s > DAY_S / 3 or self._shift_s >= COACH_SHIFT_S:
            self._shift_s, self._shift_begin_s = 0.0, self._time_s

    def _next_budget_s(self) -> float:
        if self.plan.role in ("returning", "enduring") and self._draw.random() < 0.5:
            return LONGEST_DRIVING_S + self._draw.uniform(1_200, 3_600)
        return self._draw.uniform(6_000, 11_400)
