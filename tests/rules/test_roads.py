"""Roads beneath the reports: their class and limit decide what is too fast, and no cut changes that."""

import numpy as np
import pytest

from geo.road_class import CODES
from geo.road_table import Road, build
from geo.zones import ZoneSet
from rules.engine import Engine
from rules.reports import Reports
from rules.rulebook import default_rulebook
from rules.vehicle_class import CODE_OF_NAME

START_MS = 1_780_280_000_000  # a morning in Shanghai
METRE = 1 / 111_195


def roads(*, limit_kmh=np.nan, road_class="highway"):
    line = np.array([[118.0, 32.0], [118.2, 32.0]])
    return ZoneSet(roads=build([Road("G1", "G1", CODES[road_class], limit_kmh, False, line)]))


def drive(speed_kmh, vehicle_class="hazmat", *, count=12, off_m=5.0, vehicle=1, heading_deg=90):
    return Reports.build(
        vehicle_key=np.full(count, vehicle),
        time_ms=START_MS + np.arange(count) * 10_000,
        longitude_deg=118.01 + np.arange(count) * 0.002,
        latitude_deg=np.full(count, 32.0 + off_m * METRE),
        speed_kmh=np.full(count, float(speed_kmh)),
        heading_deg=np.full(count, heading_deg),
        vehicle_class=np.full(count, CODE_OF_NAME[vehicle_class]),
    )


def found(engine, reports):
    engine.process(reports)
    return [(one.rule, one.detail) for one in engine.open_changes() if one.rule == "speeding"]


@pytest.mark.parametrize(
    ("road_class", "limit_kmh", "off_m", "speed_kmh", "expected"),
    [
        ("highway", np.nan, 5, 70, (60.0, "class")),  # hazmat off the expressway: No 29 of 2019, article 46
        ("expressway", np.nan, 5, 70, None),
        ("expressway", np.nan, 5, 90, (80.0, "class")),
        ("highway", 40.0, 5, 50, (40.0, "road")),
        ("highway", 90.0, 5, 70, (60.0, "class")),
        ("highway", 40.0, 80, 50, None),  # too far from the road to be on it
    ],
)
def test_class_and_limit_of_the_road(road_class, limit_kmh, off_m, speed_kmh, expected):
    engine = Engine(default_rulebook(), roads(limit_kmh=limit_kmh, road_class=road_class))
    episodes = found(engine, drive(speed_kmh, off_m=off_m))
    if expected is None:
        assert episodes == []
    else:
        ((_, detail),) = episodes
        assert (detail["limit_kmh"], detail["limit_source"]) == expected


@pytest.mark.parametrize("cut", range(1, 12))
def test_no_cut_and_no_snapshot_changes_the_road(cut):
    zones = roads(limit_kmh=40.0)
    reports = drive(50, off_m=45.0)
    whole = Engine(default_rulebook(), zones)
    expected = found(whole, reports)
    engine = Engine(default_rulebook(), zones)
    engine.process(reports.take(np.arange(cut)))
    engine = Engine.restore(default_rulebook(), zones, engine.snapshot())
    assert found(engine, reports.take(np.arange(cut, 12))) == expected
    assert expected


def test_another_map_forgets_the_road():
    engine = Engine(default_rulebook(), roads(limit_kmh=40.0))
    engine.process(drive(50, count=2))
    other = Engine.restore(
        default_rulebook(), roads(limit_kmh=np.nan, road_class="expressway"), engine.snapshot()
    )
    later = drive(50, count=12)
    assert found(other, later.take(np.arange(2, 12))) == []


@pytest.mark.parametrize("cut", [0, 1, 5])
def test_a_terminal_without_headings_is_on_the_road_it_is_near(cut):
    """It sends 0, always: a road that leads north is no better for that."""
    along, north = np.array([[118.0, 32.0], [118.2, 32.0]]), np.array([[118.01, 31.9], [118.01, 32.1]])
    roads_of = [Road("along", "", CODES["highway"], 40.0, False, along)]
    roads_of += [
        Road("north", "", CODES["highway"], 90.0, False, north + np.array([0.002 * n, 0])) for n in range(12)
    ]
    zones = ZoneSet(roads=build(roads_of))
    reports = drive(50, heading_deg=0)
    reports.longitude_deg[:] += 0.0001
    engine = Engine(default_rulebook(), zones)
    engine.process(reports.take(np.arange(cut)))
    engine = Engine.restore(default_rulebook(), zones, engine.snapshot())
    ((_, detail),) = found(engine, reports.take(np.arange(cut, 12)))
    assert (detail["limit_kmh"], detail["limit_source"]) == (40.0, "road")
