"""Two vehicles and one driver: he parks one, pulls his card, and goes on in the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from simulators.limits import COACHES, LONGEST_DRIVING_S
from simulators.resume import Place

if TYPE_CHECKING:
    from simulators.plan import VehiclePlan

HANDS_OVER, TAKES_OVER = "hands_over", "takes_over"
# The first vehicle is parked so long after the start; the second sets off two minutes later (no rest);
# 4 h at the wheel are over so long after the start.
PARKED_AFTER_S, SETS_OFF_AFTER_S, OVER_AFTER_S = 240, 360, 780
# Where vehicles are divided among as many partitions, or 2, 3, 4 or 6, both are judged together.
SHARED_PARTITIONS = 12


@dataclass(frozen=True, slots=True)
class Relief:
    """One change of vehicles."""

    driver: str
    partner: str  # vehicle id of the other one
    at_s: int  # hands_over: when the last report is taken; takes_over: the first


def pair_up(
    plans: Sequence["VehiclePlan"], places: Mapping[str, Place], begin_s: int, interval_s: int
) -> list["VehiclePlan"]:
    """Make two plain vehicles that were not seen before hand over and take over, where there are such two."""
    fit = [
        plan
        for plan in plans
        if plan.role == "plain"
        and plan.vehicle.vehicle_class not in COACHES
        and plan.vehicle.edition != "2011"
        and plan.vehicle.vehicle_id not in places
    ]
    first_of: dict[int, VehiclePlan] = {}
    for plan in fit:
        other = first_of.setdefault(_share(plan.vehicle.vehicle_id), plan)
        if other is not plan:
            pair = _pair(other, plan, begin_s, interval_s)
            return [pair.get(each.vehicle.vehicle_id, each) for each in plans]
    return list(plans)


def _share(vehicle_id: str) -> int:
    digest = blake2b(vehicle_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True) % SHARED_PARTITIONS


def _pair(
    one: "VehiclePlan", other: "VehiclePlan", begin_s: int, interval_s: int
) -> dict[str, "VehiclePlan"]:
    driver, over_s = one.vehicle.driver, begin_s + OVER_AFTER_S
    stored_s = (LONGEST_DRIVING_S - OVER_AFTER_S) // interval_s * interval_s
    first_s = one.stored_until_s - stored_s
    last_s = one.stored_until_s + PARKED_AFTER_S // interval_s * interval_s
    leaving = Relief(driver, other.vehicle.vehicle_id, last_s)
    entering = Relief(
        driver, one.vehicle.vehicle_id, max(other.begin_s, last_s) + SETS_OFF_AFTER_S - PARKED_AFTER_S
    )
    leaves = replace(
        one,
        role=HANDS_OVER,
        begin_s=first_s,
        wheel_since_s=first_s,
        first_event_s=over_s,
        relief=leaving,
        parked_s=0.0,
    )
    enters = replace(
        other,
        role=TAKES_OVER,
        begin_s=entering.at_s,
        stored_until_s=entering.at_s,
        wheel_since_s=first_s,
        first_event_s=over_s,
        relief=entering,
        parked_s=0.0,
    )
    return {one.vehicle.vehicle_id: leaves, other.vehicle.vehicle_id: enters}
