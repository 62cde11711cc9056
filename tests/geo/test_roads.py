"""Roads: import, and matching that does not flap."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.road_class import CODES
from geo.road_match import NO_ROAD, Before, MatchSettings, match
from geo.road_sources import read_geojson, read_roads
from geo.road_speed import limits_kmh
from geo.road_table import Road, RoadError, RoadTable, build
from tests.properties import PROPERTY

METRE = 1 / 111_195  # degrees of latitude


def road(name, line, *, oneway=False, limit_kmh=math.nan, road_class="expressway"):
    return Road(name, name, CODES[road_class], limit_kmh, oneway, np.array(line, float))


def drive(table, lon, lat, heading, *, speed=80.0, before=None):
    count = len(lon)
    head = np.zeros(count, bool)
    head[:1] = True
    heading = np.broadcast_to(np.asarray(heading, float), count)
    place = np.asarray(lon, float), np.asarray(lat, float)
    return match(table, *place, heading, np.full(count, speed), head, before or Before.nothing(count))


def imported(path):
    return build(read_roads(path).roads)


def east(metres, latitude=32.0):
    return 118.0 + metres * METRE / math.cos(math.radians(latitude))


def test_parallel_roads_do_not_flap():
    gap = 30 * METRE
    table = build(
        [
            road("main", [(118.0, 32.0), (118.2, 32.0)]),
            road("side", [(118.0, 32.0 + gap), (118.2, 32.0 + gap)]),
        ]
    )
    errors = np.random.default_rng(7).normal(0, 8, 2_000) * METRE
    lon = np.linspace(118.001, 118.19, 2_000)
    for at, index in ((32.0, 0), (32.0 + gap, 1)):
        lon_lat = np.append([at], at + errors[1:])  # the first position is a good one
        assert set(drive(table, lon, lon_lat, 90.0).road.tolist()) == {index}


def test_a_crossing_road_is_passed_over():
    table = build(
        [road("along", [(118.0, 32.0), (118.1, 32.0)]), road("across", [(118.05, 31.95), (118.05, 32.05)])]
    )
    lon = np.linspace(118.04, 118.06, 400)
    lat = np.full(400, 32.0 + 6 * METRE)  # beside its own lane, so that the other is nearer at the crossing
    assert set(drive(table, lon, lat, 90.0).road.tolist()) == {0}


def test_a_ramp_is_taken_once():
    ramp = [(east(1_000), 32.0), (east(1_200), 32.0 - 20 * METRE), (east(1_400), 32.0 - 120 * METRE)]
    table = build([road("main", [(118.0, 32.0), (118.1, 32.0)]), road("ramp", ramp, road_class="ramp")])
    metres = np.arange(0, 1_400, 20.0)
    lat = 32.0 - np.interp(metres, [1_000, 1_200, 1_400], [0, 20, 120]) * METRE
    roads = drive(table, east(metres), lat, np.where(metres < 1_200, 95.0, 115.0)).road
    assert roads[0] == 0
    assert roads[-1] == 1
    assert np.count_nonzero(np.diff(roads)) == 1


def test_a_oneway_road_against_its_direction_costs_more():
    gap = 14 * METRE
    table = build(
        [
            road("east", [(118.0, 32.0), (118.1, 32.0)], oneway=True),
            road("west", [(118.1, 32.0 + gap), (118.0, 32.0 + gap)], oneway=True),
        ]
    )
    lon = np.linspace(118.09, 118.01, 50)
    assert set(drive(table, lon, np.full(50, 32.0 + 3 * METRE), 270.0).road.tolist()) == {1}
    assert set(drive(table, lon[::-1], np.full(50, 32.0 + 11 * METRE), 90.0).road.tolist()) == {0}


def test_standing_the_heading_says_nothing():
    table = build([road("one", [(118.0, 32.0), (118.1, 32.0)])])
    found = drive(table, [118.05], [32.0 + 30 * METRE], 0.0, speed=0.0)
    assert found.road.tolist() == [0]
    assert found.offset_m[0] == pytest.approx(30, abs=0.1)


def test_far_from_every_road_there_is_none():
    table = build([road("one", [(118.0, 32.0), (118.1, 32.0)])])
    found = drive(table, [118.05, 118.05, math.nan, 200.0], [32.0, 32.0 + 51 * METRE, 32.0, 32.0], 90.0)
    assert found.road.tolist() == [0, NO_ROAD, NO_ROAD, NO_ROAD]
    assert drive(build([]), [118.0], [32.0], 0.0).road.tolist() == [NO_ROAD]


@PROPERTY
@given(st.integers(0, 2**32 - 1), st.integers(0, 40))
def test_any_cut_gives_the_same(seed, cut):
    draw = np.random.default_rng(seed)
    table = build([road(str(n), 118.0 + draw.uniform(0, 0.004, (4, 2)) - [0, 86.0]) for n in range(6)])
    lon, lat = 118.0 + draw.uniform(0, 0.004, 40), 32.0 + draw.uniform(0, 0.004, 40)
    heading, speed = draw.uniform(0, 360, 40), draw.uniform(0, 40, 40)
    head = np.zeros(40, bool)
    head[:1] = True
    whole = match(table, lon, lat, heading, speed, head, Before.nothing(40))
    one = match(table, lon[:cut], lat[:cut], heading[:cut], speed[:cut], head[:cut], Before.nothing(cut))
    rest = 40 - cut
    kept = Before.nothing(rest)
    if cut and rest:
        kept = Before(*(np.full(rest, part[-1]) for part in (one.road, one.rival, one.times)))
    again = np.zeros(rest, bool)
    again[:1] = True
    other = match(table, lon[cut:], lat[cut:], heading[cut:], speed[cut:], again, kept)
    assert np.concatenate([one.road, other.road]).tolist() == whole.road.tolist()


@PROPERTY
@given(st.integers(0, 2**32 - 1))
def test_without_memory_it_is_the_nearest_road(seed):
    """Against every piece of every road, by another formula: the sphere, not the plane."""
    draw = np.random.default_rng(seed)
    lines = [np.array([118.0, 32.0]) + draw.uniform(0, 0.01, (3, 2)) for _ in range(5)]
    table = build([road(str(n), line) for n, line in enumerate(lines)])
    for _ in range(10):
        place = np.array([118.0, 32.0]) + draw.uniform(0, 0.01, 2)
        distances = [_distance_m(line, place) for line in lines]
        found = drive(table, place[:1], place[1:], 0.0, speed=0.0)
        near = sorted(distances)
        if near[0] > 50.2:
            assert found.road[0] == NO_ROAD
        elif near[0] < 49.8 and near[1] - near[0] > 0.2:
            assert found.road[0] == distances.index(near[0])
            assert found.offset_m[0] == pytest.approx(near[0], abs=0.2)


def _distance_m(line, place):
    """The least great-circle distance of a place from 2,000 points on each stretch of a line."""
    part = np.linspace(0, 1, 2_000)[:, None]
    points = np.concatenate([line[n] + part * (line[n + 1] - line[n]) for n in range(len(line) - 1)])
    a, b = np.radians(points), np.radians(place)
    cosine = np.sin(a[:, 1]) * np.sin(b[1]) + np.cos(a[:, 1]) * np.cos(b[1]) * np.cos(a[:, 0] - b[0])
    return float(np.arccos(np.minimum(cosine, 1)).min() * 6_371_008.8)


def test_a_table_is_stored_and_loaded(tmp_path):
    table = build([road("one", [(118.0, 32.0), (118.1, 32.0)], limit_kmh=80.0)])
    table.save(tmp_path / "roads.npz")
    loaded = RoadTable.load(tmp_path / "roads.npz")
    assert drive(loaded, [118.05], [32.0], 90.0).road.tolist() == [0]
    assert (loaded.road_id[0], loaded.limit_kmh[0]) == ("one", 80.0)
    (tmp_path / "broken.npz").write_bytes(b"no")
    for name in ("broken.npz", "absent.npz"):
        with pytest.raises(RoadError, match=name):
            RoadTable.load(tmp_path / name)


def test_geojson_is_read_and_its_faults_are_named(tmp_path):
    line = {"type": "LineString", "coordinates": [[118.0, 32.0], [118.1, 32.0]]}
    properties = {"id": "G42", "class": "expressway", "oneway": "-1", "limit_kmh": 100}
    good = {"type": "Feature", "geometry": line, "properties": properties}
    path = tmp_path / "roads.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [good]}))
    table = imported(path)
    assert (table.road_id[0], table.limit_kmh[0], bool(table.oneway[0])) == ("G42", 100.0, True)
    assert table.piece_bearing_deg[0] == pytest.approx(270, abs=0.1)  # the line runs against the direction
    for change, words in (
        ({"geometry": {"type": "Point", "coordinates": [1, 2]}}, "LineString"),
        ({"geometry": {"type": "LineString", "coordinates": [[118.0, 32.0]]}}, "two points"),
        ({"geometry": {"type": "LineString", "coordinates": [[500.0, 32.0], [1, 2]]}}, "within 180"),
        ({"geometry": {"type": "LineString", "coordinates": "x"}}, "G42"),
        ({"geometry": {"type": "LineString", "coordinates": [[118.0, 32.0], [118.0, 32.0]]}}, "one place"),
        ({"geometry": {"type": "LineString", "coordinates": [[118.0, 32.0], [math.nan, 32.0]]}}, "within"),
        ({"geometry": None}, "geometry"),
        ({"properties": {"id": "G42", "class": "lane"}}, "class"),
        ({"properties": {"id": "G42", "datum": "bd09"}}, "datum"),
    ):
        read = read_geojson({"type": "FeatureCollection", "features": [good | change, good]})
        assert len(read.roads) == 1
        (broken,) = read.broken
        assert words in broken


OSM = """<?xml version="1.0"?><osm version="0.6">
<node id="1" lat="32.0" lon="118.0"/><node id="2" lat="32.0" lon="118.1"/>
<node id="3" lat="32.1" lon="118.1"/>
<way id="7"><nd ref="1"/><nd ref="2"/><tag k="highway" v="motorway"/><tag k="maxspeed" v="120"/>
<tag k="maxspeed:hgv" v="100"/><tag k="ref" v="G42"/></way>
<way id="8"><nd ref="2"/><nd ref="3"/><tag k="highway" v="residential"/><tag k="maxspeed" v="20 mph"/></way>
<way id="9"><nd ref="2"/><nd ref="3"/><tag k="highway" v="footway"/></way>
</osm>"""


@pytest.mark.parametrize("suffix", [".osm", ".osm.pbf"])
def test_openstreetmap_is_read(tmp_path, suffix):
    path = tmp_path / "roads.osm"
    path.write_text(OSM)
    if suffix == ".osm.pbf":
        import osmium

        path = tmp_path / "roads.osm.pbf"
        with osmium.SimpleWriter(str(path)) as writer:
            for each in osmium.FileProcessor(str(tmp_path / "roads.osm")):
                writer.add(each)
    table = imported(path)
    assert table.road_id.tolist() == ["way/7", "way/8"]
    assert table.name.tolist() == ["G42", "way/8"]
    assert table.road_class.tolist() == [CODES["expressway"], CODES["urban"]]
    assert table.limit_kmh.round(2).tolist() == [100.0, 32.19]
    assert table.oneway.tolist() == [True, False]


def test_a_file_that_is_no_map_is_refused(tmp_path):
    for name in ("roads.osm.pbf", "roads.geojson"):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(RoadError, match=name):
            imported(tmp_path / name)
    with pytest.raises(RoadError, match="no such file"):
        imported(tmp_path / "absent.pbf")


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="reach_m"):
        MatchSettings(reach_m=61.0)


@pytest.mark.parametrize(
    ("tags", "along_kmh", "against_kmh"),
    [
        ({"maxspeed": "60"}, 60, 60),
        ({"maxspeed": "60 km/h"}, 60, 60),
        ({"maxspeed": "60km/h"}, 60, 60),
        ({"maxspeed": "40 mph"}, 64.37376, 64.37376),
        ({"maxspeed": "80;60"}, 60, 60),
        ({"maxspeed": "CN:urban"}, 50, 50),
        ({"maxspeed": "CN:rural"}, 70, 70),
        ({"maxspeed": "none"}, None, None),
        ({"maxspeed": "signals"}, None, None),
        ({"maxspeed": "0"}, None, None),
        ({"maxspeed": "1000"}, None, None),
        ({"maxspeed": "none;80"}, 80, 80),
        ({"maxspeed": "120", "maxspeed:hgv": "100"}, 100, 100),
        ({"maxspeed": "120", "maxspeed:hgv": "none"}, 120, 120),
        ({"maxspeed": "80", "maxspeed:forward": "60"}, 60, 80),
        ({"maxspeed:backward": "50"}, None, 50),
        ({"maxspeed:hgv": "70", "maxspeed:forward": "60"}, 70, 70),
        ({"limit_kmh": "90", "maxspeed": "60"}, 90, 90),
        ({}, None, None),
    ],
)
def test_posted_limits_in_their_odd_forms(tags, along_kmh, against_kmh):
    found = [None if math.isnan(limit) else round(limit, 5) for limit in limits_kmh(tags)]
    assert found == [along_kmh, against_kmh]


def write_pbf(path, ways):
    """Ways along one line of nodes 1 to 4, of which 4 is not in the file and 5 is at the place of 1."""
    import osmium
    from osmium.osm.mutable import Node, Way

    with osmium.SimpleWriter(str(path)) as writer:
        for number, x in ((1, 118.0), (2, 118.1), (3, 118.2), (5, 118.0)):
            writer.add_node(Node(id=number, location=(x, 32.0)))
        for number, (nodes, tags) in enumerate(ways, 1):
            writer.add_way(Way(id=number, nodes=nodes, tags=tags))


def test_pbf_directions_and_broken_geometry(tmp_path):
    path = tmp_path / "some.osm.pbf"
    write_pbf(
        path,
        [
            ([1, 2, 3], {"highway": "primary", "maxspeed:forward": "60", "maxspeed:backward": "80"}),
            ([1, 2], {"highway": "trunk", "oneway": "-1", "maxspeed": "40 mph", "name": "江北大道"}),
            ([1, 4], {"highway": "primary"}),  # one node is not in the extract
            ([1, 5], {"highway": "primary"}),  # no length
            ([2, 4, 3], {"highway": "primary", "maxspeed": "none"}),
            ([1, 2], {"highway": "footway"}),
            ([1, 2, 3, 1], {"highway": "service", "area": "yes"}),
            ([1, 2], {"highway": "motorway", "oneway": "no"}),
        ],
    )
    read = read_roads(path)
    assert [one.id for one in read.roads] == ["way/1", "way/1/backward", "way/2", "way/5", "way/8"]
    assert [one.oneway for one in read.roads] == [True, True, True, False, False]
    limits = [None if math.isnan(one.limit_kmh) else round(one.limit_kmh, 2) for one in read.roads]
    assert limits == [60, 80, 64.37, None, None]
    assert [one.line[0][0] for one in read.roads] == pytest.approx([118.0, 118.2, 118.1, 118.1, 118.0])
    assert read.roads[2].name == "江北大道"
    assert sorted(broken.split("'")[1] for broken in read.broken) == ["way/3", "way/4"]


def test_each_direction_has_its_own_limit(tmp_path):
    path = tmp_path / "some.osm.pbf"
    tags = {"highway": "primary", "maxspeed:forward": "60", "maxspeed:backward": "80"}
    write_pbf(path, [([1, 2, 3], tags)])
    table = imported(path)
    lon = np.linspace(118.01, 118.09, 20)
    for places, heading, limit in ((lon, 90.0, 60.0), (lon[::-1], 270.0, 80.0)):
        found = drive(table, places, np.full(20, 32.0), heading)
        assert set(table.limit_kmh[found.road].tolist()) == {limit}
