"""The scenario: which vehicle does what, and when. All of it comes from the seed; the rest drives clean.

| role | what the plan makes it do |
|---|---|
| speeder | drives over its limit for well over 30 s, again and again; some bursts are too short to count |
| visitor | drives through zones that watch its class |
| returning | comes out of a dead zone at the start with stored reports, and passes 4 h at the wheel soon |
| rested | comes out of a dead zone too, but stopped once for just over 20 min: no finding |
| enduring | stops for less than 20 min at a time and passes 4 h at the wheel 4 h after the start |
| overnight | a coach that neither stands from 02:00 to 05:00 nor rests within 2 h of the night |
| overworked | a coach that comes out of a dead zone, and passes 8 h of driving soon |
| hands_over | comes out of a dead zone like returning; its driver pulls his card and leaves |
| takes_over | silent until that driver puts his card in; passes his 4 h in this vehicle |
| liner | follows its declared line: leaves it, stops outside stations, or goes it the wrong way |
| alarming | its terminal raises alarm bits, the emergency button first |
| jumping, drifting, frozen | positions that cannot be right, see `simulators.faults` |
| odd_speed, odd_height | a recorder 20 % slow; heights over 6,500 m |
| silent | sends nothing for 40 min while it drives |
| plain | keeps every rule |
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from simulators.fleet import Vehicle
from simulators.limits import (
    COACHES,
    LONGEST_DAY_S,
    LONGEST_DRIVING_S,
    SHORTEST_REST_S,
    second_of_day,
)
from simulators.line_ways import first_way
from simulators.lines import lines_of
from simulators.reliefs import Relief, pair_up
from simulators.resume import Place
from simulators.routes import Path, RoadBook

SHARES = (
    *(("speeder", 0.12), ("visitor", 0.18), ("returning", 0.02), ("rested", 0.01), ("enduring", 0.03)),
    *(("overnight", 0.02), ("overworked", 0.005), ("alarming", 0.01), ("silent", 0.005), ("jumping", 0.005)),
    *(("drifting", 0.005), ("frozen", 0.005), ("odd_speed", 0.005), ("odd_height", 0.005)),
)
FAULTY = ("alarming", "silent", "jumping", "drifting", "frozen", "odd_speed", "odd_height")
# Hours of stored reports from more vehicles than these would bury a large fleet's live ones; and what is out
# of order stays rare in it.
AT_MOST = {"returning": 20, "rested": 10, "overworked": 2} | dict.fromkeys(FAULTY, 4)
STORED_ROLES = ("returning", "rested", "overworked")
ONLY_COACHES = ("overnight", "overworked")
# How far apart the first events are: a new one every so often, not all at once.
FIRST_SPEEDING_WITHIN_S = 600.0
FIRST_VISIT_WITHIN_S = 900.0
FIRST_OVER_4_H_WITHIN_S = 1_500.0
FIRST_FAULT_AFTER_S, FIRST_FAULT_WITHIN_S = 25.0, 600.0
# An overworked coach rests twice in 8 h of driving, so long each time.
OVERWORKED_RESTS_S = 2 * 2_200.0
SILENT_S = 2_400
DRIFTING_PARKED_S = 1_500.0
ROAD_SPEED_MPS = {"heavy_truck": 23.3, "tour_coach": 23.6, "line_coach": 23.6, "hazmat": 18.5}
ON_EXPRESSWAY = 0.72


@dataclass(frozen=True, slots=True)
class VehiclePlan:
    """What one vehicle is to do, from its first report on."""

    vehicle: Vehicle
    role: str
    road_class: str
    begin_s: (
        int  # time of the first report, seconds since 1970 UTC; before the scenario's own for a dead zone
    )
    stored_until_s: int  # reports up to here were stored in a dead zone; equal to begin_s where none were
    path: Path
    offset_m: float
    parked_s: float  # stands this long at first
    wheel_since_s: (
        float  # when the driver took the wheel; before begin_s where a run before this one ended just now
    )
    first_event_s: float  # speeder: when to speed first; returning, enduring: when 4 h are over
    salt: int
    relief: Relief | None = None  # hands_over, takes_over

    @property
    def silence_s(self) -> int:
        """How long it sends nothing from `first_event_s` on."""
        return SILENT_S if self.role == "silent" else 0


def plan_fleet(
    fleet: list[Vehicle],
    seed: int,
    begin_s: int,
    interval_s: int,
    book: RoadBook,
    places: Mapping[str, Place] = MappingProxyType({}),
    *,
    with_cards: bool = True,
) -> list[VehiclePlan]:
    """Deal out roles and starting places. The same arguments give the same plan.

    ``places``: where vehicles were at the end of the run before; they go on from there, and not before then.
    ``with_cards``: whether a driver may change vehicles, which only terminals can tell.
    """
    roles = _deal_roles(fleet, seed, begin_s)
    fresh = [_plan(vehicle, *roles[vehicle.number], seed, begin_s, interval_s, book) for vehicle in fleet]
    gone_on = [_go_on(plan, places.get(plan.vehicle.vehicle_id), interval_s) for plan in fresh]
    return pair_up(gone_on, places, begin_s, interval_s) if with_cards else gone_on


def _go_on(plan: VehiclePlan, place: Place | None, interval_s: int) -> VehiclePlan:
    """The plan of a vehicle that was seen before: from where it was, and after it was seen."""
    if place is None:
        return plan
    earliest_s = place.time_s + interval_s
    role, begin_s, stored_until_s = plan.role, plan.begin_s, plan.stored_until_s
    if role in STORED_ROLES and begin_s < earliest_s:
        role, begin_s = "plain", stored_until_s
    begin_s = max(begin_s, earliest_s)
    went_on = begin_s - place.time_s < SHORTEST_REST_S + interval_s
    return replace(
        plan,
        role=role,
        road_class=place.path.road_class,
        begin_s=begin_s,
        stored_until_s=max(begin_s, stored_until_s),
        path=place.path,
        offset_m=place.along_m,
        parked_s=0.0,
        wheel_since_s=min(place.wheel_since_s, begin_s) if went_on else begin_s,
    )


def _deal_roles(fleet: list[Vehicle], seed: int, begin_s: int) -> dict[int, tuple[str, int, int]]:
    """Number of vehicle -> its role, its place among those of that role, and how many there are."""
    order = [vehicle for vehicle in fleet if not lines_of(vehicle.vehicle_id)]
    random.Random(f"roles/{seed}").shuffle(order)
    roles = {
        vehicle.number: ("liner" if lines_of(vehicle.vehicle_id) else "plain", 0, 1) for vehicle in fleet
    }
    for role, share in SHARES:
        wanted = min(max(1, round(share * len(fleet))), AT_MOST.get(role, len(fleet)))
        fit = [vehicle for vehicle in order if _suits(role, begin_s)(vehicle)][:wanted]
        for place, vehicle in enumerate(fit):
            roles[vehicle.number] = (role, place, len(fit))
            order.remove(vehicle)
    return roles


def _suits(role: str, begin_s: int) -> Callable[[Vehicle], bool]:
    """Coaches never pass 4 h (their night rules are stricter) and do nothing while they must stand."""
    if role in ONLY_COACHES:
        return lambda vehicle: vehicle.vehicle_class in COACHES
    coach_may = role in ("speeder", "visitor") and not coach_stands(begin_s, margin_s=3600)
    return lambda vehicle: coach_may or vehicle.vehicle_class not in COACHES


def coach_stands(time_s: float, margin_s: float = 0.0) -> bool:
    """Whether coaches stand: 02:00-05:00 with a margin (Passenger Transport Safety Code, art. 38)."""
    return 6_300 - margin_s <= second_of_day(time_s) < 18_300 + margin_s


def _plan(
    vehicle: Vehicle, role: str, place: int, of: int, seed: int, begin_s: int, interval_s: int, book: RoadBook
) -> VehiclePlan:
    draw = random.Random(f"plan/{seed}/{vehicle.number}")
    phase_s = draw.randrange(interval_s)
    first_event_s, stored_s = 0.0, 0
    spread = (place / of) ** 1.5
    if role == "speeder":
        first_event_s = begin_s + FIRST_SPEEDING_WITHIN_S * spread
    elif role in ("returning", "rested"):
        over_after_s = 15 + FIRST_OVER_4_H_WITHIN_S * spread
        stored_s = int((LONGEST_DRIVING_S - over_after_s - phase_s) // interval_s * interval_s)
        first_event_s = begin_s + over_after_s
    elif role == "overworked":
        stored_s = int((LONGEST_DAY_S + OVERWORKED_RESTS_S - 900) // interval_s * interval_s)
    elif role == "odd_speed":
        first_event_s = begin_s  # the first minutes of a day decide whether its check is passed
    elif role in FAULTY:
        first_event_s = begin_s + FIRST_FAULT_AFTER_S + FIRST_FAULT_WITHIN_S * spread
    elif role == "enduring":
        first_event_s = begin_s + phase_s + LONGEST_DRIVING_S + draw.uniform(0, 1_800)
    expressway = (
        role in ("speeder", "returning", "silent", "frozen", "odd_speed") or draw.random() < ON_EXPRESSWAY
    )
    road_class = "expressway" if expressway else "national"
    if role == "visitor":
        path, offset_m, road_class = _before_zone(
            vehicle, place, 12 + FIRST_VISIT_WITHIN_S * spread, road_class, book
        )
    elif role == "liner":
        road_class = "national"
        path, offset_m = first_way(book, lines_of(vehicle.vehicle_id)[0])
    else:
        path, offset_m = _anywhere(vehicle, road_class, draw, book)
    return VehiclePlan(
        vehicle=vehicle,
        role=role,
        road_class=road_class,
        begin_s=begin_s + phase_s - stored_s,
        stored_until_s=begin_s + phase_s,
        path=path,
        offset_m=offset_m,
        parked_s=_parked_s(role, draw),
        wheel_since_s=begin_s + phase_s - stored_s,
        first_event_s=first_event_s,
        salt=draw.getrandbits(62),
    )


def _parked_s(role: str, draw: random.Random) -> float:
    """How long a vehicle stands at first."""
    if role == "drifting":
        return DRIFTING_PARKED_S
    return draw.uniform(120, 1_500) if role == "plain" and draw.random() < 0.12 else 0.0


def _anywhere(vehicle: Vehicle, road_class: str, draw: random.Random, book: RoadBook) -> tuple[Path, float]:
    """Somewhere on the first half of a clean trip from the vehicle's home."""
    path = draw.choice(book.trips(vehicle.home, road_class, vehicle.vehicle_class))
    return path, path.length_m * draw.uniform(0.05, 0.5)


def _before_zone(
    vehicle: Vehicle, place: int, seconds: float, road_class: str, book: RoadBook
) -> tuple[Path, float, str]:
    """On a road that leads into a zone, so far before it that the drive there takes about this long."""
    crossings = book.crossings(road_class, vehicle.vehicle_class)
    crossing = crossings[place % len(crossings)]
    speed_mps = ROAD_SPEED_MPS[vehicle.vehicle_class] * (0.69 if road_class == "national" else 1.0)
    return crossing.path, max(0.0, crossing.entry_m - 60.0 - speed_mps * seconds), road_class
