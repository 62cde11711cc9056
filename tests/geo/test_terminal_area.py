"""Zones as areas of JT/T 808, as the desk takes them, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from pydantic import TypeAdapter

from alerts.desk.area_bodies import AreaSet
from geo.terminal_area import area_of_zone, features_of_areas
from geo.zone import Zone, ZoneError
from geo.zones import ZoneSet
from stream.cli import main

TAKEN: TypeAdapter[Any] = TypeAdapter(AreaSet)
BOX = {"type": "Polygon", "coordinates": [[[118, 32], [118.1, 32], [118.1, 32.1], [118, 32.1], [118, 32]]]}
TRIANGLE = {"type": "Polygon", "coordinates": [[[118, 32], [118.1, 32], [118.05, 32.1], [118, 32]]]}
HOLE = [[118.02, 32.02], [118.03, 32.02], [118.03, 32.03]]
HOLED = {"type": "Polygon", "coordinates": [BOX["coordinates"][0], HOLE]}
PLACE = {"type": "Point", "coordinates": [118.0, 32.0]}


def zones(*features: dict[str, Any]) -> tuple[Zone, ...]:
    return ZoneSet.from_geojson({"type": "FeatureCollection", "features": list(features)}).zones


def zone(geometry: dict[str, Any], **said: Any) -> Zone:
    (one,) = zones({"type": "Feature", "geometry": geometry, "properties": {"id": "7", "name": "桥", **said}})
    return one


@pytest.mark.parametrize(
    ("geometry", "said"),
    [
        (BOX, {"limit_kmh": 60, "night_limit_kmh": 40, "speed_min_s": 10}),
        (TRIANGLE, {"rules": ["enter"], "valid_hours": "22:00-06:00"}),
        (PLACE, {"radius_m": 300, "rules": ["exit"], "valid_from": "2026-06-01T08:00:00+08:00"}),
        (PLACE, {"radius_m": 300, "rules": []}),
    ],
)
def test_there_and_back(geometry: dict[str, Any], said: dict[str, Any]) -> None:
    before = zone(geometry, **said)
    area = area_of_zone(before, 7)
    body = TAKEN.validate_python(area)
    kept = body.model_dump()
    (after,) = zones(*features_of_areas(kept))
    for name in ("name", "rules", "limit_kmh", "night_limit_kmh", "speed_min_s", "valid_hours", "circle"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.valid_ms[0] == before.valid_ms[0] or before.valid_ms[0] < 0
    assert shapely.equals(after.polygon, before.polygon)
    assert after.id == f"{area['shape']}-7"
    assert after.limit_kmh is None or body.areas[0].attributes == 0b101010


def test_what_is_forbidden_is_told_on_entry_in_its_hours() -> None:
    closed = zone(TRIANGLE, rules=["forbidden"], hours="06:00-22:00", vehicle_classes=["hazmat"])
    area = area_of_zone(closed, 9, tell_driver=True)
    assert (area["attributes"], area["start"], area["end"]) == (0b1100, "000000060000", "000000220000")
    assert TAKEN.validate_python(area).attributes == 0b1101


@pytest.mark.parametrize(
    ("geometry", "said", "words"),
    [
        (BOX, {"max_stay_s": 60}, "no rule 'stay'"),
        (BOX, {"limit_kmh": 60, "rules": ["weather"]}, "no rule 'weather'"),
        (BOX, {"limit_kmh": 60.5}, "whole km/h"),
        (BOX, {"limit_kmh": 60, "speed_min_s": 300}, "up to 255"),
        (BOX, {"valid_hours": "08:00-09:00,10:00-11:00"}, "one time span"),
        (BOX, {"hours": "08:00-09:00"}, "for what is forbidden only"),
        (BOX, {"valid_hours": "08:00-09:00", "valid_until": "2026-06-01T08:00:00+08:00"}, "one time span"),
        (BOX, {"valid_until": "2126-06-01T08:00:00+08:00"}, "2000 to 2099"),
        (HOLED, {}, "without holes"),
    ],
)
def test_what_an_area_cannot_say(geometry: dict[str, Any], said: dict[str, Any], words: str) -> None:
    with pytest.raises(ZoneError, match=f"zone '7' is no area for a terminal: .*{words}"):
        area_of_zone(zone(geometry, **said), 1)


def test_seconds_of_a_day_and_areas_that_are_none() -> None:
    daily = {"area_id": 1, "start": "000000083015", "end": "000000180001", "latitude_deg": 32, "radius_m": 5}
    (feature,) = features_of_areas({"shape": "circle", "areas": [daily | {"longitude_deg": 118}]})
    assert feature["properties"]["valid_hours"] == "08:30-18:01"
    for faulty in (
        {"shape": "route"},
        {"shape": "circle", "areas": [daily]},
        {"shape": "polygon"},
        {"areas": 7},
    ):
        with pytest.raises(ZoneError):
            features_of_areas(faulty)
    with pytest.raises(ZoneError, match="1 to 4294967295"):
        area_of_zone(zone(BOX), 0)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "zones.geojson"
    features = [
        {"type": "Feature", "geometry": PLACE, "properties": {"id": "11", "radius_m": 50}},
        {"type": "Feature", "geometry": BOX, "properties": {"id": "b", "max_stay_s": 5}},
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert main(["zones", "check", str(path)]) == 0
    assert "2 zones and 0 routes" in capsys.readouterr().out
    assert main(["zones", "areas", str(path)]) == 1  # one of them cannot be said
    told = capsys.readouterr()
    assert json.loads(told.out)["areas"][0]["area_id"] == 11
    assert "zone 'b' is no area" in told.err
    lines = tmp_path / "areas.jsonl"
    lines.write_text(told.out)
    assert main(["zones", "from-areas", str(lines)]) == 0
    assert json.loads(capsys.readouterr().out)["features"][0]["properties"]["id"] == "circle-11"
    lines.write_text("{}\n[")
    assert main(["zones", "from-areas", str(lines)]) == 2
    assert "line 1" in capsys.readouterr().err
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [{**features[0], "geometry": 1}]}))
    assert main(["zones", "check", str(path)]) == 2
    assert "feature 1" in capsys.readouterr().err
    features[0]["properties"] = {"radius_m": 5, "vehicle_classes": ["tram"]}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert main(["zones", "check", str(path)]) == 2
    assert "'tram'" in capsys.readouterr().err
