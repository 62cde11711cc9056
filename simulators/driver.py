"""A driver at work: turns a plan into motion, as far ahead as anyone asks.

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
from simulators.line_ways import way_on
from simulators.lines import lines_of
from simulators.motion import KMH, Track
from simulators.plan import VehiclePlan, coach_stands
from simulators.routes import Path, RoadBook
from simulators.wheels import BRAKE_MPS2, PULL_AWAY_MPS2, Wheels

DRIFT_MPS2, OVERTAKE_MPS2 = 0.3, 0.6
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
# Coaches drive as at night from 22 minutes before to 11 minutes after: nothing straddles the change.
NIGHT_MARGIN_S = 1_320.0
COACH_NIGHT_DRIVING_S = 5_400.0  # they may drive 2 h at night without a rest
COACH_SHIFT_S = 21_000.0  # and 8 h in 24
ROOM_TO_SPEED_M = 1_500.0
ROOM_TO_STOP_M = 6_000.0
LONG_HAUL = ("returning", "enduring", "hands_over", "takes_over")  # pass 4 h at a moment that is planned
OVERWORKED_BUDGET_S = 10_500.0
NEAR_LIMIT_BY_KMH = 2.5  # who drives near the limit is within 5 km/h of it, with all his swaying
PARKS_IN_S = 180.0  # before he hands over
FOR_GOOD_S = 10 * DAY_S
STOPS_APART_S = 1_200.0  # stops nearer than the samples could tell apart would make one long one


class Driver:
    """Drives one vehicle; ``track`` holds the motion as far as `drive_until` was asked for."""

    __slots__ = (
        "_book",
        "_budget_s",
        "_draw",
        "_interval_s",
        "_next_speeding_s",
        "_next_stop_s",
        "_night_before_s",
        "_outstay_s",
        "_plan",
        "_shift_before_s",
        "_shift_begin_s",
        "_wheel_since_s",
        "_wheels",
    )

    def __init__(self, plan: VehiclePlan, interval_s: int, book: RoadBook) -> None:
        self._plan, self._interval_s, self._book = plan, interval_s, book
        self._draw = random.Random(plan.salt)
        self._wheels = Wheels(plan.salt, float(plan.begin_s))
        self._outstay_s = 0.0
        self._begin_leg(plan.path, plan.offset_m)
        self._shift_begin_s = self._wheels.time_s
        self._wheel_since_s = plan.wheel_since_s
        self._shift_before_s, self._night_before_s = -self._draw.uniform(0, COACH_SHIFT_S * 0.6), 0.0
        self._budget_s = self._first_budget_s()
        self._next_stop_s = self._wheels.time_s + self._draw.uniform(2_400, 4_800)
        self._next_speeding_s = plan.first_event_s if plan.role == "speeder" else math.inf
        self._set_off()

    @property
    def wheel_since_s(self) -> float:
        """Since when the driver has had no proper rest, at the end of the motion so far."""
        return self._wheel_since_s

    @property
    def track(self) -> Track:
        """The motion so far."""
        return self._wheels.track

    def drive_until(self, time_s: float) -> None:
        """Make the motion known up to a time."""
        while self._wheels.time_s <= time_s:
            self._step()

    # --- what to do next ---------------------------------------------------------------------------------

    def _set_off(self) -> None:
        """At the first report a vehicle stands, rolls, or is already over its limit."""
        plan, wheels = self._plan, self._wheels
        if plan.parked_s:
            wheels.stand(plan.parked_s)
        elif not self._must_stand():
            wheels.speed_mps = self._cruise_mps()
            if plan.role == "speeder" and plan.first_event_s <= plan.begin_s + 1 and self._may_speed():
                wheels.speed_mps = self._speeding_kmh() / KMH
                self._hold_on()

    def _step(self) -> None:
        wheels = self._wheels
        to_end_m = wheels.leg_end_m - wheels.metres
        if self._must_park():
            self._park(to_end_m)
        elif to_end_m < 1.0:
            self._arrive()
        elif self._outstay_s and wheels.speed_mps == 0 and wheels.at_stop:
            self._stand(self._outstay_s + self._draw.uniform(200, 900) + 2 * self._interval_s)
            self._outstay_s = 0.0
        elif self._must_stand():
            self._halt(self._until_morning_s())
        elif self._must_rest() and to_end_m > ROOM_TO_STOP_M:
            self._halt(self._rest_s())
        elif self._may_stop_shortly() and to_end_m > ROOM_TO_STOP_M:
            self._halt_shortly()
        elif wheels.time_s >= self._next_speeding_s and self._may_speed():
            self._overtake()
        else:
            self._cruise()

    def _is_coach(self) -> bool:
        return self._plan.vehicle.vehicle_class in COACHES

    def _must_park(self) -> bool:
        """Whether the driver is about to leave this vehicle for another."""
        plan = self._plan
        if plan.relief is None or plan.role != "hands_over":
            return False
        return self._wheels.time_s >= plan.relief.at_s - PARKS_IN_S

    def _is_night(self) -> bool:
        """Night with its margins."""
        of_day_s = second_of_day(self._wheels.time_s)
        return of_day_s >= NIGHT_BEGINS_S - NIGHT_MARGIN_S or of_day_s < NIGHT_ENDS_S + NIGHT_MARGIN_S / 2

    def _may_stop_shortly(self) -> bool:
        if self._plan.role == "overworked" or self._wheels.time_s < self._next_stop_s:
            return False
        if self._is_about_to_pass_4_h():
            return False
        return not self._must_rest(early_s=2 * STOPS_APART_S)

    def _must_stand(self) -> bool:
        return self._is_coach() and self._plan.role != "overnight" and coach_stands(self._wheels.time_s)

    def _until_morning_s(self) -> float:
        return 18_600 - second_of_day(self._wheels.time_s) + self._draw.uniform(0, 1_200)

    def _must_rest(self, early_s: float = 0.0) -> bool:
        if self._wheels.time_s - self._wheel_since_s >= self._budget_s - early_s:
            return True
        night_s = self._wheels.night_driven_s - self._night_before_s
        return (
            self._is_coach()
            and self._plan.role not in ("overnight", "overworked")
            and (night_s >= COACH_NIGHT_DRIVING_S or self._shift_is_over())
        )

    def _shift_is_over(self) -> bool:
        return self._wheels.driven_s - self._shift_before_s >= COACH_SHIFT_S

    def _may_speed(self) -> bool:
        """Enough straight road ahead, and for a coach no change of the limit before it is done."""
        if self._is_coach():
            of_day_s = second_of_day(self._wheels.time_s)
            margin_s = NIGHT_MARGIN_S / 2 + self._longest_hold_s()
            if any(abs(of_day_s - edge_s) < margin_s for edge_s in (NIGHT_BEGINS_S, NIGHT_ENDS_S)):
                return False
        room_m = self._wheels.obstacle()[0] - self._wheels.metres
        return room_m > ROOM_TO_SPEED_M + 35.0 * (self._longest_hold_s() + 60)

    # --- how long, how fast ------------------------------------------------------------------------------

    def _first_budget_s(self) -> float:
        plan = self._plan
        if plan.role == "takes_over":
            return plan.first_event_s - plan.wheel_since_s + self._draw.uniform(1_200, 3_000)
        if plan.role == "overworked":
            return OVERWORKED_BUDGET_S
        if plan.role in LONG_HAUL:
            return plan.first_event_s - plan.begin_s + self._draw.uniform(1_200, 3_000)
        if plan.role == "rested":
            return self._draw.uniform(6_600, 7_800)
        return self._draw.uniform(3_000, 11_400)

    def _next_budget_s(self) -> float:
        """Seconds at the wheel until the next rest; who passed 4 h once does so again now and then."""
        if self._plan.role == "overworked":
            return OVERWORKED_BUDGET_S
        if self._plan.role == "overnight":
            return self._draw.uniform(11_400, 13_800)
        if self._plan.role in LONG_HAUL and self._draw.random() < 0.5:
            return LONGEST_DRIVING_S + self._draw.uniform(1_200, 3_600)
        if self._may_not_rest():
            return self._draw.uniform(9_600, 11_400)
        return self._draw.uniform(6_000, 11_400)

    def _rest_s(self) -> float:
        """A proper rest with room for samples at its edges; a coach whose day is over waits for the next."""
        if self._is_coach() and self._plan.role not in ("overnight", "overworked") and self._shift_is_over():
            return max(1_800.0, self._shift_begin_s + DAY_S - self._wheels.time_s)
        if self._plan.role == "rested" and self._wheels.time_s < self._plan.first_event_s:
            return SHORTEST_REST_S + 3 * self._interval_s + 30.0
        return self._draw.uniform(1_560, 2_700) + 4 * self._interval_s

    def _cruise_mps(self) -> float:
        low_kmh, high_kmh = CRUISE_KMH[self._plan.vehicle.vehicle_class, self._plan.road_class]
        if self._is_coach() and self._is_night():
            low_kmh, high_kmh = (
                min(low_kmh, COACH_NIGHT_CRUISE_KMH[0]),
                min(high_kmh, COACH_NIGHT_CRUISE_KMH[1]),
            )
        return self._draw.uniform(low_kmh, high_kmh) / KMH

    def _limit_kmh(self) -> float:
        if self._is_coach() and self._is_night():
            return COACH_NIGHT_LIMIT_KMH
        return DAY_LIMIT_KMH[self._plan.vehicle.vehicle_class]

    def _speeding_kmh(self) -> float:
        return self._limit_kmh() * self._draw.uniform(1.09, 1.28)

    def _longest_hold_s(self) -> float:
        return 150.0 + 5 * self._interval_s

    # --- actions -----------------------------------------------------------------------------------------

    def _arrive(self) -> None:
        """Unload, then set off for the next place."""
        self._wheels.stop_at_leg_end()
        early_s = STOPS_APART_S if self._plan.role == "rested" else 0.0
        if self._must_rest(early_s):
            self._stand(self._rest_s())
        elif self._is_about_to_pass_4_h() or self._plan.role == "overworked":
            self._stand(20.0)
        elif self._plan.role in ("visitor", "liner", "overnight") or self._may_not_rest():
            self._stand(self._draw.uniform(240, 660))
        else:
            self._stand(self._rest_s())
        self._next_stop_s = max(self._next_stop_s, self._wheels.time_s + STOPS_APART_S)
        self._begin_leg(self._next_path(), 0.0)

    def _begin_leg(self, path: Path, offset_m: float) -> None:
        """Set off along a path; a visitor may stop in the middle of a zone that one must not linger in."""
        self._outstay_s, stop_m = 0.0, None
        if path.halt and path.halt[0] > offset_m and self._draw.random() < 0.6:
            stop_m, self._outstay_s = path.halt
        self._wheels.begin_leg(path, offset_m, stop_m)

    def _may_not_rest(self) -> bool:
        """Whether a proper rest now would spoil what the plan is about."""
        plan = self._plan
        if plan.role == "rested":
            return self._wheels.time_s < plan.first_event_s
        return plan.role in LONG_HAUL and self._budget_s > LONGEST_DRIVING_S

    def _is_about_to_pass_4_h(self) -> bool:
        """The moment is planned: the vehicle must not stand just then."""
        before_s = self._plan.first_event_s - self._wheels.time_s
        return self._plan.role in LONG_HAUL and -60 < before_s < 900

    def _next_path(self) -> Path:
        plan, here = self._plan, self._wheels.path.goal
        if plan.role == "liner":
            return way_on(self._book, lines_of(plan.vehicle.vehicle_id)[0], here)
        if plan.role == "visitor":
            crossings = self._book.crossings(plan.road_class, plan.vehicle.vehicle_class, here)
            if crossings and self._draw.random() < 0.85:
                return self._draw.choice(crossings).path
        return self._draw.choice(self._book.trips(here, plan.road_class, plan.vehicle.vehicle_class))

    def _overtake(self) -> None:
        """Go over the limit: an episode, sometimes only near it, or a burst that is too short to be one."""
        first_one = self._wheels.time_s <= self._plan.first_event_s + 60
        kind = 1.0 if first_one else self._draw.random()
        if kind < 0.25:
            self._wheels.change_speed((self._limit_kmh() - NEAR_LIMIT_BY_KMH) / KMH, DRIFT_MPS2)
            self._hold_on()
        elif kind < 0.4:
            self._wheels.change_speed((self._limit_kmh() + self._draw.uniform(4, 7)) / KMH, OVERTAKE_MPS2)
            self._wheels.hold(3.0)
            self._calm_down()
        else:
            self._wheels.change_speed(self._speeding_kmh() / KMH, OVERTAKE_MPS2)
            self._hold_on()

    def _hold_on(self) -> None:
        """Long enough that 30 s stand between two reports at that speed, whatever their phase."""
        self._wheels.hold(self._draw.uniform(60.0 + 3 * self._interval_s, self._longest_hold_s()))
        self._calm_down()

    def _calm_down(self) -> None:
        self._wheels.change_speed(self._cruise_mps(), OVERTAKE_MPS2)
        pause_s = 240 + 8 * self._interval_s + self._draw.expovariate(1 / 700)
        self._next_speeding_s = self._wheels.time_s + pause_s

    def _halt_shortly(self) -> None:
        """A stop that is no rest: fuel, a queue, a call."""
        longest_s = min(840.0, SHORTEST_REST_S - 4 * self._interval_s - 60)
        self._halt(self._draw.uniform(120, longest_s))
        self._next_stop_s = self._wheels.time_s + STOPS_APART_S + self._draw.uniform(1_200, 4_200)

    def _park(self, to_end_m: float) -> None:
        """Stop here, or at the end of the leg where that is as near, and stay."""
        if to_end_m < 1.0:
            self._wheels.stop_at_leg_end()
            self._stand(FOR_GOOD_S)
        else:
            self._halt(FOR_GOOD_S)

    def _halt(self, lasts_s: float) -> None:
        """Brake to a stop and stand; near a corner or the leg's end, reach that first."""
        wheels = self._wheels
        if wheels.can_stop_before_obstacle():
            wheels.change_speed(0.0, BRAKE_MPS2)
            self._stand(lasts_s)
        else:
            wheels.reach_obstacle(max(wheels.speed_mps, 5.0))

    def _cruise(self) -> None:
        """Hold a speed for a while, or go to the next corner or the leg's end where that is nearer."""
        wheels = self._wheels
        target_mps, lasts_s = self._cruise_mps(), self._draw.uniform(20, 90)
        stop_m, stop_mps = wheels.obstacle()
        rate_mps2 = DRIFT_MPS2 if wheels.speed_mps > 15 else PULL_AWAY_MPS2
        change_m = abs(target_mps**2 - wheels.speed_mps**2) / (2 * rate_mps2)
        brake_m = max(0.0, target_mps**2 - stop_mps**2) / (2 * BRAKE_MPS2)
        if wheels.metres + change_m + target_mps * lasts_s + brake_m + 5 >= stop_m:
            wheels.reach_obstacle(target_mps)
        else:
            wheels.change_speed(target_mps, rate_mps2)
            wheels.hold(lasts_s)

    def _stand(self, lasts_s: float) -> None:
        """Stand still; after a proper rest everything counts anew."""
        wheels = self._wheels
        day_is_over = self._shift_is_over() or lasts_s > DAY_S / 3
        wheels.stand(lasts_s)
        if lasts_s < SHORTEST_REST_S:
            return
        self._wheel_since_s, self._night_before_s = wheels.time_s, wheels.night_driven_s
        self._budget_s = self._next_budget_s()
        self._next_stop_s = wheels.time_s + self._draw.uniform(2_400, 4_800)
        if day_is_over:
            self._shift_before_s, self._shift_begin_s = wheels.driven_s, wheels.time_s
