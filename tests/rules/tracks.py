"""Random tracks with everything the semantics care about, and the same track in both worlds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from geo.zones import ZoneSet
from rules import quality
from rules.change import EpisodeChange
from rules.reports import Reports
from rules.rulebook import Rulebook, rulebook_of
from tests.rules.oracle import Rectangle, Report, Terms

SHANGHAI_S = 8 * 3600
MIDNIGHT_S = 1_780_000_000 // 86_400 * 86_400 - SHANGHAI_S  # a midnight in Shanghai

# Shorter terms make more episodes out of a short track; the real ones have tests of their own.
SHORT_TERMS = Terms(
    drive_s=1_800,
    rest_s=300,
    gap_s=120,
    night_s=900,
    short_s=1_000,
    short_window_s=2_400,
    long_s=1_500,
    long_window_s=5_000,
    day_s=1_300,
    pre_s=200,
    near_s=10,
)
SHORT_BOOK: Rulebook = rulebook_of(
    """
    version = "short"
    continuous_driving_s = 1800
    rest_s = 300
    gap_s = 120
    night_driving_s = { value = 0, by_class = { tour_coach = 900, line_coach = 900 } }
    driving_24h_s = { value = 0, by_class = { tour_coach = 1000, line_coach = 1000 } }
    driving_24h_window_s = 2400
    driving_7d_s = { value = 0, by_class = { tour_coach = 1500, line_coach = 1500 } }
    driving_7d_window_s = 5000
    driving_day_s = 1300
    fatigue_pre_s = 200
    speeding_pre_min_s = 10
    """
)

ZONES = [
    Rectangle("a", 118.0, 32.0, 118.004, 32.004, ("enter", "exit", "stay", "speed"), limit=60, max_stay_s=90),
    Rectangle("b", 118.002, 32.0, 118.006, 32.006, ("forbidden",), classes=(0, 4), hours=(1320, 360)),
    Rectangle(
        "c", 118.0, 32.0, 118.01, 32.01, ("enter", "exit"), (118.003, 32.003, 118.006, 32.006), dwell_s=60
    ),
    Rectangle("d", 118.004, 32.002, 118.008, 32.008, ("forbidden", "stay"), max_stay_s=60, dwell_s=30),
    Rectangle(
        "e",
        118.003,
        32.003,
        118.009,
        32.009,
        ("enter", "exit", "stay", "speed"),
        max_stay_s=30,
        limit=80,
        night_limit=64,
        valid_hours=(719, 1439),
    ),
]
CLASS_NAMES = ("unknown", "heavy_truck", "tour_coach", "line_coach", "hazmat")

_STEPS_S = st.sampled_from([0, 1, 10, 29, 30, 31, 59, 60, 61, 119, 120, 121, 300, 301, 1_200])
_SPEEDS = st.sampled_from([0, 0, 5, 5.1, 60, 60.1, 64, 64.1, 80, 80.1, 88, 100, 100.1, 110, 119.9, 120, 150])
_LEGS = st.fixed_dictionaries(
    {
        "count": st.sampled_from([1, 1, 1, 2, 3, 5, 20]),
        "step_s": _STEPS_S,
        "speed": _SPEEDS,
        "east": st.integers(-3, 3),
        "north": st.integers(-3, 3),
        "posted": st.sampled_from([None, None, None, 60.0, 80.0, 100.0, 120.0]),
        "driver": st.sampled_from([0, 0, 0, 7, 8]),
        "fix": st.sampled_from([True, True, True, True, False]),
        "doubled": st.booleans(),
    }
)


@st.composite
def fleets(draw: Any) -> dict[int, list[Report]]:
    """Some vehicles about the same time, whose drivers change over to one another's."""
    return {1000 + number: draw(tracks()) for number in range(draw(st.integers(1, 3)))}


@st.composite
def tracks(draw: Any) -> list[Report]:
    """The reports of one vehicle, in order of time, some of them doubled."""
    start_s = MIDNIGHT_S + draw(st.sampled_from([-7_260, -60, 0, 21_000, 43_200])) + draw(st.integers(0, 90))
    time_ms, x, y = start_s * 1000, 2, 2
    vehicle_class = draw(st.integers(0, 4))
    reports: list[Report] = []
    for leg in draw(st.lists(_LEGS, min_size=1, max_size=14)):
        for _ in range(leg["count"]):
            time_ms += leg["step_s"] * 1000
            x, y = max(0, min(11, x + leg["east"])), max(0, min(11, y + leg["north"]))
            place = (round(118 + (x - 1) / 1000, 3), round(32 + (y - 1) / 1000, 3))
            said = (leg["speed"], leg["posted"], leg["driver"], vehicle_class, leg["fix"])
            reports.append(Report(time_ms, *place, *said))
        if leg["doubled"]:
            reports.append(replace(reports[-1]))
    return reports


def to_reports(key: int, reports: list[Report]) -> Reports:
    """The engine's columns of one vehicle's reports."""
    return Reports.build(
        vehicle_key=np.full(len(reports), key),
        time_ms=np.array([one.time_ms for one in reports], np.int64),
        longitude_deg=np.array([one.longitude for one in reports], float),
        latitude_deg=np.array([one.latitude for one in reports], float),
        speed_kmh=np.array([one.speed for one in reports], float),
        limit_kmh=np.array([np.nan if one.posted is None else one.posted for one in reports], float),
        driver_key=np.array([one.driver for one in reports], np.int64),
        vehicle_class=np.array([one.vehicle_class for one in reports], np.uint8),
        status_bits=np.array([2 if one.fix else 0 for one in reports], np.uint32),
    )


def to_zones(zones: list[Rectangle]) -> ZoneSet:
    """The engine's zones of plain rectangles."""
    return ZoneSet.from_geojson({"type": "FeatureCollection", "features": [_feature(zone) for zone in zones]})


def _feature(zone: Rectangle) -> dict[str, Any]:
    rings = [_ring(zone.west, zone.south, zone.east, zone.north)]
    if zone.hole is not None:
        rings.append(_ring(*zone.hole))
    properties: dict[str, Any] = {"id": zone.name, "rules": list(zone.rules), "dwell_s": zone.dwell_s}
    properties |= {"limit_kmh": zone.limit, "max_stay_s": zone.max_stay_s}
    properties["night_limit_kmh"] = zone.night_limit
    if zone.valid_hours:
        properties["valid_hours"] = "-".join(
            f"{minute // 60:02}:{minute % 60:02}" for minute in zone.valid_hours
        )
    properties["vehicle_classes"] = [CLASS_NAMES[code] for code in zone.classes]
    if zone.hours:
        properties["hours"] = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in zone.hours)
    geometry = {"type": "Polygon", "coordinates": rings}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _ring(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


ELSEWHERE = {*quality.RULES.values(), "forbidden_hours", "forbidden_hours_pre", "emergency", "terminal_alarm"}
"""Rules with an oracle of their own (`tests.rules.oracle_conditions`)."""


def final_states(changes: list[EpisodeChange]) -> list[dict[str, Any]]:
    """The last state of each episode, in the oracle's words and order."""
    last = {change.alert_id: change for change in changes}
    plain = [
        {
            "vehicle": one.vehicle_key,
            "rule": one.rule,
            "start": one.start_ms,
            "found": one.found_ms,
            "end": one.end_ms,
        }
        | {"evidence": one.evidence}
        | one.detail
        for one in last.values()
        if one.rule not in ELSEWHERE
    ]
    return sorted(plain, key=lambda one: (one["start"], one["rule"], one.get("zone_id", ""), one["vehicle"]))


def stream_of(fleet: dict[int, list[Report]]) -> Reports:
    """The reports of several vehicles in order of time, of equal times by vehicle, as a log has them."""
    together = Reports.concat([to_reports(vehicle, track) for vehicle, track in fleet.items()])
    return together.take(np.lexsort((together.vehicle_key, together.time_ms)))
