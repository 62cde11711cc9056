"""Shifts of drivers who change vehicles, as telemetry: random, by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rules.blocks import decode_block
from rules.identity import partition_of, vehicle_key
from rules.reports import Reports
from tests.worker.records import PARTITIONS, block, row

TRUCK, COACH = 1, 3
HOUR = 3_600


@dataclass(frozen=True)
class Shift:
    """A driver in a vehicle: from when, how long, and his share of driving in it; seconds."""

    vehicle: str
    driver: str
    begin: int
    length: int
    driving: float = 1.0


def vehicles(count: int) -> list[str]:
    """Names of vehicles that lie in the partitions in turn."""
    names: list[str] = []
    for number in range(1_000):
        if partition(f"S{number}") == len(names) % PARTITIONS:
            names.append(f"S{number}")
        if len(names) == count:
            break
    return names


def partition(vehicle: str) -> int:
    return int(partition_of(vehicle_key(vehicle), PARTITIONS))


def random_shifts(chance: random.Random, hours: int, fleet: int = 4, double: float = 0.1) -> list[Shift]:
    """Vehicles that are driven by one driver after another, who may be in two at once now and then."""
    shifts, busy = [], {f"D{number}": 0 for number in range(fleet - 1)}
    for vehicle in vehicles(fleet):
        at = chance.randrange(0, 2 * HOUR)
        while at < hours * HOUR:
            length = chance.choice([600, 1_800, HOUR, 2 * HOUR, 3 * HOUR, 5 * HOUR])
            free = [name for name, until in busy.items() if until <= at]
            if free or chance.random() < double:
                driver = chance.choice(free or sorted(busy))
                busy[driver] = max(busy[driver], at + length)
                shifts.append(Shift(vehicle, driver, at, length, chance.choice([1.0, 1.0, 0.9, 0.5])))
            at += length + chance.choice([0, 60, 600, 1_300, HOUR])
    return shifts


def telemetry(
    shifts: Sequence[Shift], start_ms: int, chance: random.Random, vehicle_class: int = TRUCK, step: int = 180
) -> list[dict[str, object]]:
    """Reports of shifts in order of time. Stops last some minutes; nobody reports between shifts, mostly."""
    rows = []
    place: dict[str, float] = {}
    for shift in sorted(shifts, key=lambda one: one.begin):
        drives, until = True, 0
        for second in range(shift.begin, shift.begin + shift.length, step):
            if second >= until:
                drives = chance.random() < shift.driving
                until = second + chance.choice([step, 600, 1_000, 1_500])
            place[shift.vehicle] = place.get(shift.vehicle, 0.0) + (step if drives else 0)
            made = row(shift.vehicle, 0, 70.0 if drives else 0.0, shift.driver)
            time_ms = start_ms + second * 1000
            rows.append(
                made
                | {"time": time_ms, "received": time_ms + 500, "vehicle_class": vehicle_class}
                | {"latitude_deg": 20.0 + place[shift.vehicle] * 1.8e-4}
            )
    return sorted(rows, key=lambda one: int(str(one["time"])))


def reports_of(rows: Sequence[dict[str, object]]) -> Reports:
    """The same, as rules see it."""
    return decode_block(block(rows)).reports


def portions(
    rows: Sequence[dict[str, object]], start_ms: int, every_s: int
) -> Iterator[tuple[int, list[dict[str, object]]]]:
    """Reports by the moment, ms since 1970, at which those received before are all there."""
    left = sorted(rows, key=lambda one: int(str(one["received"])))
    end_ms = start_ms
    while left:
        end_ms += every_s * 1000
        part = [one for one in left if int(str(one["received"])) < end_ms]
        left = left[len(part) :]
        yield end_ms, part


def delayed(rows: Sequence[dict[str, object]], vehicle: str, by_s: int) -> list[dict[str, object]]:
    """The same, those of a vehicle received so much later."""
    return [
        one | {"received": int(str(one["received"])) + by_s * 1000} if one["vehicle_id"] == vehicle else one
        for one in rows
    ]
