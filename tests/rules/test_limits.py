"""The limit that applies: every source with every other, against the sentence of docs/rules/speeding.md."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from geo.road_class import CODES as ROADS
from geo.zones import ZoneSet
from rules.entries import ENTRY
from rules.family import Setting
from rules.limits import SOURCES, limit_of
from rules.rulebook import Rulebook, default_rulebook, rulebook_of
from rules.speeding import SpeedingWatch
from rules.vehicle_class import CODE_OF_NAME as CLASSES
from rules.vehicles import Vehicles
from tests.rules.tracks import MIDNIGHT_S

NOON, NIGHT = MIDNIGHT_S + 12 * 3600, MIDNIGHT_S + 23 * 3600
HAZMAT_ELSEWHERE = ("urban_expressway", "highway", "urban", "ramp")


def oracle(
    vehicle: str, road: str, night: bool, limits: dict[str, float], factor: float = 0.8
) -> tuple[float, str]:
    """The lowest of the day's; a coach's share of it at night; what is said for a night or place stands."""
    own = 100.0
    if vehicle == "hazmat":
        own = 60.0 if road in HAZMAT_ELSEWHERE else 80.0
    day = {"class": own} | {name: limits[name] for name in ("road", "segment", "posted") if name in limits}
    lowest = min(day.values())
    # Where several are the lowest, the sign beside the road is named, then the law.
    source = next(name for name in ("posted", "class", "road", "segment") if day.get(name) == lowest)
    if night and vehicle in ("tour_coach", "line_coach"):
        lowest, source = lowest * factor, "night"
    if night and limits.get("segment_night", math.inf) < lowest:
        lowest, source = limits["segment_night"], "segment"
    for name in ("zone", "weather"):
        if limits.get(name, math.inf) < lowest:
            lowest, source = limits[name], name
    return lowest, source


class Limits:
    """`limit_of` as the speeding family calls it."""

    def __init__(self, book: Rulebook) -> None:
        watch = SpeedingWatch(Setting(book, ZoneSet(), Vehicles()))
        self.parameters, self.of_class = watch._asked.parameters, watch._asked.class_limits_kmh

    def __call__(self, vehicle: str, road: str, time_s: int, limits: dict[str, float]) -> tuple[float, str]:
        entries = np.zeros(1, ENTRY)
        e = entries[0]
        e["vehicle_class"], e["road_class"], e["time_ms"] = CLASSES[vehicle], ROADS[road], time_s * 1000
        for name in ("road", "segment", "zone", "weather"):
            e[f"{name}_limit_kmh"] = limits.get(name, math.inf)
        e["limit_kmh"] = limits.get("posted", math.nan)
        # The family of routes fills it in at night only.
        night = time_s == NIGHT
        e["segment_night_kmh"] = limits.get("segment_night", math.inf) if night else math.inf
        found, source = limit_of(e, self.of_class, self.parameters[CLASSES[vehicle]])
        return float(found), SOURCES[source]


def test_the_full_product_of_sources() -> None:
    limit = Limits(default_rulebook())
    names = ("posted", "road", "segment", "segment_night", "zone", "weather")
    values = {
        "posted": (None, 40.0, 100.0),
        "road": (None, 40.0, 70.0),
        "segment": (None, 50.0, 60.0),
        "segment_night": (None, 30.0, 55.0),
        "zone": (None, 30.0, 80.0),
        "weather": (None, 20.0, 40.0),
    }
    every = list(itertools.product(*(values[name] for name in names)))
    for vehicle, road in itertools.product(("unknown", "heavy_truck", "tour_coach", "hazmat"), ROADS):
        for said in every:
            limits = {name: value for name, value in zip(names, said, strict=True) if value is not None}
            for time_s in (NOON, NIGHT):
                found = limit(vehicle, road, time_s, limits)
                assert found == oracle(vehicle, road, time_s == NIGHT, limits), (
                    vehicle,
                    road,
                    time_s,
                    limits,
                )


@pytest.mark.parametrize("posted", [0.0, -1.0, math.nan])
def test_a_posted_limit_that_is_none(posted: float) -> None:
    assert Limits(default_rulebook())("heavy_truck", "unknown", NOON, {"posted": posted}) == (100.0, "class")


def test_another_rulebook() -> None:
    """Limits by class and road together, and another factor, for coaches alone."""
    limit = Limits(
        rulebook_of(
            'coach_night_factor = 0.5\n[[class_limit_kmh.where]]\nvehicle_class = ["heavy_truck"]\n'
            'road_class = ["urban"]\nvalue = 50'
        )
    )
    assert limit("heavy_truck", "urban", NIGHT, {}) == (50, "class")
    assert limit("heavy_truck", "unknown", NIGHT, {}) == (100, "class")
    assert limit("line_coach", "urban", NIGHT, {"road": 70}) == (35, "night")
