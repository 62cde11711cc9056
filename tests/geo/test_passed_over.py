"""Names in a file that nobody reads are told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from geo.passed_over import (
    MAX_TOLD,
    ROUTE_PROPERTIES,
    SEGMENT_PROPERTIES,
    STATION_PROPERTIES,
    ZONE_PROPERTIES,
    nearest_name,
    properties_passed_over,
)

DOCS = Path(__file__).parents[2] / "docs" / "rules"


def documented(page: str, table: str) -> set[str]:
    """The names in the first column of the table under a heading."""
    rows = (DOCS / page).read_text(encoding="utf-8").split(f"\n## {table}\n")[1].split("\n## ")[0]
    cells = [row.split("|")[1] for row in rows.splitlines() if row.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def feature(kind: str = "Polygon", **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": []}, "properties": properties}


def test_what_is_known_is_what_the_pages_say() -> None:
    assert set(ZONE_PROPERTIES) == documented("zones.md", "Zones")
    assert set(ROUTE_PROPERTIES) - {"vehicle_classes"} == documented("routes.md", "Routes") - {
        "vehicle_classes"
    }
    segments = (DOCS / "routes.md").read_text(encoding="utf-8")
    for name in (*SEGMENT_PROPERTIES, *STATION_PROPERTIES):
        assert f'"{name}":' in segments


def test_a_known_name_is_not_told() -> None:
    zone = feature(**dict.fromkeys(ZONE_PROPERTIES))
    route = feature("LineString", **dict.fromkeys(ROUTE_PROPERTIES))
    assert properties_passed_over([zone, route]) == []


def test_a_slip_of_the_pen_is_told_with_what_was_meant_and_how_often() -> None:
    zones = [feature(speed_limit_kmh=60), feature(speed_limit_kmh=40), feature(Dwell_s=3)]
    assert properties_passed_over(zones) == [
        "property of 2 zones 'speed_limit_kmh' is not known and passed over; did you mean limit_kmh?",
        "property of 1 zone 'Dwell_s' is not known and passed over; did you mean dwell_s?",
    ]


def test_parts_of_a_route_are_looked_at_too() -> None:
    route = feature(
        "LineString",
        width=200,
        segments=[{"from": 0, "to": 1, "speed_limit": 60}, {"from": 1, "to": 2, "speed_limit": 60}],
        stations=[{"lon": 118, "lat": 32}, "odd"],
    )
    told = properties_passed_over([route])
    assert [line.split(" is not")[0] for line in told] == [
        "property of 1 route 'width'",
        "property of 2 segments 'speed_limit'",
        "property of 1 station 'lon'",
        "property of 1 station 'lat'",
    ]
    assert [line.rpartition(" ")[2] for line in told] == [
        "width_m?",
        "limit_kmh?",
        "longitude_deg?",
        "latitude_deg?",
    ]


def test_a_whole_table_of_other_names_is_not_told_name_by_name() -> None:
    told = properties_passed_over([feature(**{f"q{number}": 1 for number in range(MAX_TOLD + 5)})])
    assert len(told) == MAX_TOLD + 1
    assert told[-1] == "5 more unknown names passed over"


@pytest.mark.parametrize("odd", [None, 3, {}, {"properties": None}, {"properties": [1]}, feature()])
def test_what_is_no_feature_has_no_names(odd: Any) -> None:
    assert properties_passed_over([odd]) == []


def test_the_nearest_name_is_one_of_those_known() -> None:
    assert nearest_name("speed_limit", ("speed_kmh", "limit_kmh")) == "limit_kmh"
    assert nearest_name("speed_limit", ("speed_kmh",)) == "speed_kmh"
    assert nearest_name("lon", ("latitude_deg",)) is None
