"""Drivers who were heard of are forgotten once nothing can come out of turn with them."""

from __future__ import annotations

import numpy as np

from geo.zones import ZoneSet
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.timely import Timely
from tests.rules.tracks import MIDNIGHT_S


def reports(second: int, vehicles: list[int], drivers: list[int]) -> Reports:
    count = len(vehicles)
    return Reports.build(
        vehicle_key=np.array(vehicles, np.int64),
        driver_key=np.array(drivers, np.int64),
        time_ms=np.full(count, (MIDNIGHT_S + second) * 1000),
        longitude_deg=118.0 + np.arange(count) * 1e-4,
        latitude_deg=np.full(count, 32.0),
        speed_kmh=np.full(count, 60.0),
    )


def test_drivers_of_the_past_take_no_room() -> None:
    engine = Timely.new(default_rulebook(), ZoneSet())
    vehicles = list(range(1, 301))
    for number in range(40):  # a new driver in every vehicle every minute
        engine.process(reports(60 * number, vehicles, [1000 * (number + 1) + one for one in vehicles]))
    assert len(engine._heard) < 3 * 15 * len(vehicles)  # of ten to fifteen minutes, and as many forgettable
    assert engine.late == 0


def test_who_is_not_settled_is_remembered() -> None:
    engine = Timely.new(default_rulebook(), ZoneSet())
    vehicles = list(range(1, 301))
    engine.process(reports(0, [900], [77]))  # then his vehicle is silent: nothing settles his report
    for number in range(40):
        engine.process(reports(60 * number, vehicles, [1000 * (number + 1) + one for one in vehicles]))
    engine.process(reports(0, [901], [77]))
    assert engine.late == 1
