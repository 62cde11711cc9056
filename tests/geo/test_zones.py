"""The zone index answers what shapely's tree answers, and says which zone is faulty and why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.datum import gcj02_to_wgs84
from geo.zone import parse_hours
from geo.zones import Zone, ZoneError, ZoneSet
from tests.properties import PROPERTY

CORNER = st.tuples(st.integers(0, 40), st.integers(0, 40))
SHAPE = st.lists(CORNER, min_size=3, max_size=8, unique=True)


def polygon_of(corners: list[tuple[int, int]], scale: float) -> shapely.Geometry | None:
    """A valid shape of random corners, in part with holes or in pieces; None if they enclose nothing."""
    shape = shapely.make_valid(shapely.Polygon([(118 + x * scale, 32 + y * scale) for x, y in corners]))
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.union_all(parts) if parts else None


def pairs(points: Any, zones: Any) -> set[tuple[int, int]]:
    return set(zip(np.asarray(points).tolist(), np.asarray(zones).tolist(), strict=True))


@PROPERTY
@given(st.lists(SHAPE, min_size=1, max_size=6), st.sampled_from([0.001, 0.1]), st.integers(0, 2**31))
def test_same_answers_as_shapely(shapes: list[list[tuple[int, int]]], scale: float, seed: int) -> None:
    polygons = [polygon for polygon in (polygon_of(shape, scale) for shape in shapes) if polygon]
    zones = ZoneSet([Zone(str(i), "", "", polygon) for i, polygon in enumerate(polygons)])
    random = np.random.default_rng(seed)
    # Lattice points lie on corners and edges; the others anywhere.
    lattice = np.stack(np.meshgrid(np.arange(-1, 42), np.arange(-1, 42)), axis=-1).reshape(-1, 2)
    spots = np.concatenate([lattice, random.uniform(-1, 42, (300, 2))])
    x, y = 118 + spots[:, 0] * scale, 32 + spots[:, 1] * scale
    wanted = shapely.STRtree(polygons).query(shapely.points(x, y), predicate="intersects")
    found = zones.query(x, y)
    assert pairs(*found) == pairs(*wanted)
    assert sorted(pairs(*found)) == list(zip(found[0].tolist(), found[1].tolist(), strict=True))


def test_no_zones_and_no_points() -> None:
    assert [len(part) for part in ZoneSet().query([118.0], [32.0])] == [0, 0]
    square = ZoneSet([Zone("a", "", "", shapely.box(118, 32, 119, 33))])
    assert [len(part) for part in square.query([], [])] == [0, 0]
    assert [len(part) for part in square.query([np.nan, np.inf, 118.5], [32.5, 32.5, np.nan])] == [0, 0]


def test_overlapping_zones_and_a_hole() -> None:
    ring = shapely.Polygon(shapely.box(0, 0, 10, 10).exterior, [shapely.box(4, 4, 6, 6).exterior])
    zones = ZoneSet([Zone("ring", "", "", ring), Zone("middle", "", "", shapely.box(3, 3, 7, 7))])
    points, which = zones.query([5, 4, 3.5, 1, 11], [5, 5, 3.5, 1, 1])
    # In the hole; on the hole's edge, which belongs to the zone; in both; in the ring; outside.
    assert points.tolist() == [0, 1, 1, 2, 2, 3]
    assert which.tolist() == [1, 0, 1, 0, 1, 0]


def feature(**properties: Any) -> dict[str, Any]:
    square = [[[118.0, 32.0], [118.1, 32.0], [118.1, 32.1], [118.0, 32.1], [118.0, 32.0]]]
    geometry = properties.pop("geometry", {"type": "Polygon", "coordinates": square})
    return {"type": "Feature", "properties": {"id": "a", **properties}, "geometry": geometry}


def collection(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def polygon(ring: list[Any]) -> dict[str, Any]:
    return collection(feature(geometry={"type": "Polygon", "coordinates": [ring]}))


POINT = {"type": "Point", "coordinates": [118, 32]}


class TestGeoJson:
    def test_all_properties(self) -> None:
        said: dict[str, Any] = {"name": "长江大桥", "name_en": "Bridge", "limit_kmh": 60}
        said |= {"rules": ["stay", "speed", "forbidden"]}
        said |= {"max_stay_s": 600, "dwell_s": 10, "vehicle_classes": ["hazmat"], "hours": "22:00-06:00"}
        (zone,) = ZoneSet.from_geojson(collection(feature(**said))).zones
        assert (zone.id, zone.name, zone.name_en) == ("a", "长江大桥", "Bridge")
        assert zone.rules == ("stay", "speed", "forbidden")
        assert (zone.limit_kmh, zone.max_stay_s, zone.dwell_s) == (60, 600, 10)
        assert (zone.vehicle_classes, zone.hours) == (("hazmat",), ((1320, 360),))

    def test_rules_follow_from_what_is_given(self) -> None:
        (plain,) = ZoneSet.from_geojson(collection(feature())).zones
        asking = feature(limit_kmh=40, max_stay_s=5, hours="02:00-05:00")
        (rich,) = ZoneSet.from_geojson(collection(asking)).zones
        assert plain.rules == ("enter", "exit")
        assert rich.rules == ("enter", "exit", "stay", "speed", "forbidden")

    def test_a_fault_in_a_file_names_the_file(self, tmp_path: Path) -> None:
        path = tmp_path / "zones.geojson"
        path.write_text(json.dumps(collection(feature(id="b"), feature(limit_kmh=-1))))
        with pytest.raises(ZoneError, match=r"zones .*zones\.geojson: feature 2, zone 'a': limit_kmh"):
            ZoneSet.from_geojson(path)

    def test_the_whole_world_is_a_zone(self) -> None:
        ring = [[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]
        points, _ = ZoneSet.from_geojson(polygon(ring)).query([0, 180, -180, 118], [0, 90, -90, 32])
        assert points.tolist() == [0, 1, 2, 3]

    def test_hours_nights_and_crs(self) -> None:
        said = feature(limit_kmh=60, night_limit_kmh=40, valid_hours=["08:30-18:00", "22:00-02:00"])
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
        (zone,) = ZoneSet.from_geojson({**collection(said), "crs": crs}).zones
        assert (zone.night_limit_kmh, zone.valid_hours) == (40, ((510, 1080), (1320, 120)))

    def test_from_a_file_with_a_mark(self, tmp_path: Path) -> None:
        path = tmp_path / "zones.geojson"
        path.write_bytes(b"\xef\xbb\xbf" + json.dumps(collection(feature())).encode())
        assert len(ZoneSet.from_geojson(path)) == 1

    def test_datum(self) -> None:
        (zone,) = ZoneSet.from_geojson(collection(feature(datum="gcj02"))).zones
        wanted = gcj02_to_wgs84([118.0, 118.1], [32.0, 32.0])
        assert shapely.get_coordinates(zone.polygon)[:2] == pytest.approx(np.transpose(wanted), abs=1e-12)
        assert not zone.polygon.covers(shapely.Point(118.0999, 32.05))

    def test_unclosed_ring_and_height(self) -> None:
        corners = [[[118.0, 32.0, 5.0], [118.1, 32.0, 5.0], [118.1, 32.1, 5.0]]]
        (zone,) = ZoneSet.from_geojson(
            collection(feature(geometry={"type": "Polygon", "coordinates": corners}))
        ).zones
        assert zone.polygon.covers(shapely.Point(118.05, 32.05))

    @pytest.mark.parametrize(
        ("document", "words"),
        [
            ({}, "FeatureCollection"),
            (collection({"type": "Feature"}), "zone 1"),
            (collection(feature(), feature()), "feature 2: zone id 'a' occurs twice, first in feature 1"),
            (collection(feature(id=True)), "id True must be"),
            (collection(feature(id={"a": 1})), "must be a text or a number"),
            (collection(feature(id="b"), feature(datum=7)), "feature 2, zone 'a': datum 7"),
            ({**collection(feature()), "crs": {"properties": {"name": "EPSG:3857"}}}, "EPSG:3857"),
            ({**collection(feature()), "crs": "wgs"}, "crs 'wgs'"),
            (collection({"type": "Feature", "geometry": None}), "feature 1"),
            (collection(7), "feature 1"),
            (collection(feature(datum="bd09")), "'a': datum 'bd09'"),
            (collection(feature(rules=["park"])), "rule 'park'"),
            (collection(feature(rules=["stay"])), "needs max_stay_s"),
            (collection(feature(rules=["speed"])), "needs limit_kmh"),
            (collection(feature(limit_kmh=-1)), "limit_kmh must be"),
            (collection(feature(limit_kmh="60")), "limit_kmh must be"),
            (collection(feature(limit_kmh=True)), "limit_kmh must be"),
            (collection(feature(max_stay_s=1e30)), "max_stay_s must be"),
            (collection(feature(dwell_s=float("nan"))), "dwell_s must be"),
            (collection(feature(night_limit_kmh=40)), "night_limit_kmh needs limit_kmh"),
            (collection(feature(valid_hours=[1])), "valid_hours must be a text"),
            (collection(feature(valid_hours="8-9")), "valid_hours: hours '8-9'"),
            (collection(feature(valid_from="2026-06-01")), "valid_from '2026-06-01' must look like"),
            (collection(feature(vehicle_classes=[4])), "vehicle_classes must be a list of texts"),
            (collection(feature(radius_m=5)), "circle of a Point"),
            (collection(feature(radius_m=0, geometry=POINT)), "radius_m must be"),
            (collection(feature(radius_m=600_000, geometry=POINT)), "at most 500000"),
            (collection(feature(radius_m=9, geometry={**POINT, "coordinates": [118]})), "as GeoJSON asks"),
            (
                collection(feature(radius_m=9, geometry={**POINT, "coordinates": "118, 32"})),
                "as GeoJSON asks",
            ),
            (collection(feature(radius_m=9e4, geometry={**POINT, "coordinates": [0, 89.9]})), "over a pole"),
            (collection(feature(hours="25:00-06:00")), "hours"),
            (collection(feature(geometry={"type": "Point", "coordinates": [118, 32]})), "radius_m"),
            (collection(feature(geometry={"type": "Polygon"})), "geometry"),
            (collection(feature(geometry={"type": "MultiPolygon", "coordinates": []})), "is empty"),
            (collection(feature(geometry={"type": "Polygon", "coordinates": [[]]})), "three points"),
            (collection(feature(geometry={"type": "Polygon", "coordinates": 7})), "as GeoJSON asks"),
            (collection(feature(geometry={"type": "GeometryCollection"})), "must be a Polygon"),
            (polygon([[170, 0], [-170, 0], [-170, 5], [170, 5]]), "180th meridian"),
            (polygon([[0, 0], [1, 0], [2, 0]]), "valid"),
            (polygon([[0, 0], [1], [2, 0]]), "as GeoJSON asks"),
            (polygon([[0, 0], ["1", "0"], [2, 0]]), "as GeoJSON asks"),
            (polygon([[0, 0], [1, None], [2, 0]]), "as GeoJSON asks"),
            (polygon([[0, 0], [float("nan"), 1], [2, 0]]), "within"),
            (polygon([[1, 2], [3, 4]]), "three points"),
            (polygon([[0, 0], [2, 2], [2, 0], [0, 2]]), "valid"),
            (polygon([[0, 0], [200, 2], [2, 0]]), "within"),
            (polygon([["x", 0], [2, 2], [2, 0]]), "'a'"),
        ],
    )
    def test_faults_name_the_zone(self, document: dict[str, Any], words: str) -> None:
        with pytest.raises(ZoneError, match=words):
            ZoneSet.from_geojson(document)

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 5000])
    def test_files_that_are_none(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "zones.geojson"
        path.write_bytes(content)
        with pytest.raises(ZoneError, match="zones"):
            ZoneSet.from_geojson(path)

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(ZoneError, match=r"nowhere.*cannot be read"):
            ZoneSet.from_geojson(tmp_path / "nowhere.geojson")


@pytest.mark.parametrize(
    "text", ["", "8-9", "22:00", "22:60-06:00", "24:00-06:00", "05:00-05:00", "22:00-06:00;"]
)
def test_hours_that_are_none(text: str) -> None:
    with pytest.raises(ZoneError):
        parse_hours(text)
