"""Fleets that drive without a socket, for the simulator's tests."""

from collections.abc import Iterator

import numpy as np

from simulators.driver import Driver
from simulators.events import Event
from simulators.fleet import build_fleet
from simulators.motion import Samples
from simulators.plan import VehiclePlan, plan_fleet
from simulators.routes import RoadBook
from simulators.source import Source
from simulators.truth import VehicleTruth

BOOK = RoadBook()
# 2026-03-02 08:00 in China, and the same day's late evening.
MORNING_S, EVENING_S = 1_772_409_600, 1_772_457_600


def plans(vehicles: int, seed: int, begin_s: int = MORNING_S, interval_s: int = 10) -> list[VehiclePlan]:
    return plan_fleet(build_fleet(vehicles, seed), seed, begin_s, interval_s, BOOK)


def drive(plan: VehiclePlan, interval_s: int, hours: float) -> Samples:
    """All reports of a vehicle from its first on, until so many hours after the scenario's start."""
    driver = Driver(plan, interval_s, BOOK)
    end_s = plan.stored_until_s + int(hours * 3600)
    driver.drive_until(end_s)
    return driver.track.sample(np.arange(plan.begin_s, end_s, interval_s, dtype=np.int64) * 1000)


def send(source: Source, until_s: float, step: int = 32) -> tuple[list[bytes], list[Event]]:
    """All that a terminal reports until a time, every report acknowledged, and what that makes certain."""
    due, events, sent = source.due(until_s), list[Event](), list[bytes]()
    for first in range(0, due, step):
        count = min(step, due - first)
        sent += source.reports(first, count)
        events += source.settle(first + count)
    return sent, events


def truth_of(plan: VehiclePlan, samples: Samples) -> list[Event]:
    truth = VehicleTruth(plan.vehicle, BOOK.zones)
    truth.feed(samples)
    return truth.finish()


def fleet_events(
    vehicles: int, seed: int, begin_s: int, interval_s: int, hours: float
) -> Iterator[tuple[VehiclePlan, Samples, list[Event]]]:
    for plan in plans(vehicles, seed, begin_s, interval_s):
        samples = drive(plan, interval_s, hours)
        yield plan, samples, truth_of(plan, samples)
