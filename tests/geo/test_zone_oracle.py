"""Which zones hold a position, against plain arithmetic: fractions for polygons, a formula for circles."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.cell_build import build_index
from geo.cells import ANCHOR_X, ANCHOR_Y
from geo.distance import haversine_m
from geo.outlines import make_outlines
from geo.zones import Zone, ZoneSet
from tests.properties import PROPERTY

Ring = list[tuple[float, float]]
CORNER = st.tuples(st.integers(0, 24), st.integers(0, 24))


def holds(rings: list[Ring], x: float, y: float) -> bool:
    """Even-odd over all rings, a boundary inside: exact, since a float is a fraction."""
    odd = False
    for ring in rings:
        for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
            if not min(ay, by) <= y <= max(ay, by):
                continue
            east, north = Fraction(bx) - Fraction(ax), Fraction(by) - Fraction(ay)
            turn = east * (Fraction(y) - Fraction(ay)) - (Fraction(x) - Fraction(ax)) * north
            if turn == 0 and min(ax, bx) <= x <= max(ax, bx):
                return True
            if (ay > y) != (by > y) and (turn > 0) == (by > ay):
                odd = not odd
    return odd


def found(zones: ZoneSet, x: Any, y: Any) -> set[tuple[int, int]]:
    points, which = zones.query(x, y)
    return set(zip(points.tolist(), which.tolist(), strict=True))


def wanted(shapes: list[list[Ring]], x: Any, y: Any) -> set[tuple[int, int]]:
    places = list(enumerate(zip(np.asarray(x).tolist(), np.asarray(y).tolist(), strict=True)))
    return {(n, z) for z, rings in enumerate(shapes) for n, place in places if holds(rings, *place)}


def zone_of(rings: list[Ring]) -> Zone:
    return Zone("z", "", "", shapely.Polygon(rings[0], rings[1:]))


# Steps that binary holds exactly, one that it does not, and one of a centimetre.
@PROPERTY
@given(
    st.lists(st.lists(CORNER, min_size=3, max_size=9, unique=True), min_size=1, max_size=4),
    st.sampled_from([2.0**-10, 0.001, 1e-7, 0.25]),
    st.integers(0, 2**31),
)
def test_any_polygons(shapes: list[list[tuple[int, int]]], step: float, seed: int) -> None:
    rings = [[[(118 + x * step, 32 + y * step) for x, y in shape]] for shape in shapes]
    rings = [one for one in rings if shapely.is_valid(shapely.Polygon(one[0]))]
    random = np.random.default_rng(seed)
    lattice = np.stack(np.meshgrid(np.arange(-1, 26), np.arange(-1, 26)), axis=-1).reshape(-1, 2)
    lattice = lattice[random.integers(0, len(lattice), 120)]
    corners = np.array([corner for shape in shapes for corner in shape], float)
    middles = (corners + np.roll(corners, 1, axis=0)) / 2
    spots = np.concatenate([lattice, corners, middles, random.uniform(-1, 26, (60, 2))])
    x, y = 118 + spots[:, 0] * step, 32 + spots[:, 1] * step
    # The next numbers beside what lies on boundaries, too.
    x, y = np.concatenate([x, np.nextafter(x, 0), x]), np.concatenate([y, y, np.nextafter(y, 90)])
    assert found(ZoneSet([zone_of(one) for one in rings]), x, y) == wanted(rings, x, y)


def test_vertices_edges_and_the_edges_of_a_hole() -> None:
    shell = [(116.0, 30.0), (120.0, 30.0), (120.0, 34.0), (116.0, 34.0)]
    hole = [(117.0, 31.0), (119.0, 31.0), (118.0, 33.0)]  # two slanted edges, with places binary holds
    there = np.arange(-8, 73) / 16
    x, y = (grid.ravel() for grid in np.meshgrid(116 + there, 30 + there))
    rings = [shell, hole]
    inside = found(ZoneSet([zone_of(rings)]), x, y)
    assert inside == wanted([rings], x, y)
    places = dict(zip(zip(x.tolist(), y.tolist(), strict=True), range(len(x)), strict=True))
    on_boundary = [(116.0, 30.0), (118.0, 30.0), (120.0, 32.0), (117.0, 31.0), (118.0, 31.0), (117.5, 32.0)]
    assert all((places[place], 0) in inside for place in on_boundary)
    assert (places[118.0, 32.0], 0) not in inside
    assert (places[118.0, 33.0], 0) in inside


def test_pieces_that_touch_and_zones_on_one_another() -> None:
    low, high = shapely.box(118, 32, 119, 33), shapely.box(119, 33, 120, 34)
    both = shapely.MultiPolygon([low, high])
    zones = ZoneSet([Zone(str(n), "", "", both) for n in range(20)])
    points, which = zones.query([119.0, 118.5, 119.5, 118.5], [33.0, 32.5, 32.5, 33.0])
    assert points.tolist() == [0] * 20 + [1] * 20 + [3] * 20
    assert which.tolist() == [*range(20)] * 3


def test_a_comb_crosses_cells_many_times() -> None:
    teeth = [(118 + n / 10_000, 32.0 + (n % 2) * 0.5) for n in range(401)]
    ring = [*teeth, (118.04, 31.9), (118.0, 31.9)]
    random = np.random.default_rng(7)
    x, y = random.uniform(117.99, 118.05, 200), random.uniform(31.89, 32.51, 200)
    other = [(118.01, 32.1), (118.03, 32.1), (118.03, 32.4)]
    assert found(ZoneSet([zone_of([ring]), zone_of([other])]), x, y) == wanted([[ring], [other]], x, y)


def test_boundaries_through_the_anchors_of_cells() -> None:
    """Where rounding could decide on which side the anchor of a cell lies, the answers are exact still."""
    square = [(118.0, 32.0), (119.0, 32.0), (119.0, 33.0), (118.0, 33.0)]
    index = build_index(make_outlines([zone_of([square])] * 3))
    assert index is not None
    frame, random = index.frame, np.random.default_rng(3)
    x = [float(frame.west + (column + ANCHOR_X) * frame.width) for column in (20, 30, 40)]
    y = [float(frame.south + (row + ANCHOR_Y) * frame.height) for row in (20, 30, 40)]
    shapes = [
        [square],
        [[(x[0], y[0]), (x[2], y[0]), (x[2], y[2]), (x[0], y[2])]],  # edges along rows of anchors
        [[(x[0], y[0]), (x[1], y[2]), (x[2], y[1])]],  # corners on anchors
    ]
    places = [(one, other) for one in x for other in y]
    spots = np.concatenate(
        [places, np.repeat(places, 40, axis=0) + random.normal(0, frame.width / 3, (360, 2))]
    )
    zones = ZoneSet([zone_of(one) for one in shapes])
    made = build_index(make_outlines(zones.zones))
    assert made is not None
    assert made.frame == frame
    assert found(zones, spots[:, 0], spots[:, 1]) == wanted(shapes, spots[:, 0], spots[:, 1])


def test_zones_far_apart_and_of_all_sizes() -> None:
    random = np.random.default_rng(5)
    shapes: list[list[Ring]] = []
    for size in (1e-6, 1e-3, 0.1, 5.0) * 10:
        x, y = random.uniform(-170, 170), random.uniform(-80, 80)
        angles = np.sort(random.uniform(0, 2 * np.pi, 12))
        shapes.append([[(x + size * math.cos(a), y + size * math.sin(a)) for a in angles]])
    corners = np.array([corner for rings in shapes for corner in rings[0]])
    spots = np.concatenate([corners, corners + random.normal(0, 1e-6, corners.shape)])
    x, y = spots[:, 0], spots[:, 1]
    assert found(ZoneSet([zone_of(one) for one in shapes]), x, y) == wanted(shapes, x, y)


def metres(x: float, y: float, other_x: float, other_y: float) -> float:
    p, q, east = math.radians(y), math.radians(other_y), math.radians(other_x - x)
    chord = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(east / 2) ** 2
    return 2 * 6_371_008.8 * math.asin(math.sqrt(min(1.0, chord)))


def circle(x: float, y: float, radius_m: float, name: str = "c") -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [x, y]}
    return {"type": "Feature", "geometry": geometry, "properties": {"id": name, "radius_m": radius_m}}


def circles(*features: dict[str, Any]) -> ZoneSet:
    return ZoneSet.from_geojson({"type": "FeatureCollection", "features": list(features)})


@PROPERTY
@given(
    st.lists(
        st.tuples(st.floats(-180, 180), st.floats(-84, 84), st.floats(1, 500_000)), min_size=1, max_size=4
    ),
    st.integers(0, 2**31),
)
def test_any_circles(wished: list[tuple[float, float, float]], seed: int) -> None:
    zones = circles(*(circle(*one, name=str(n)) for n, one in enumerate(wished)))
    random = np.random.default_rng(seed)
    x, y = [], []
    for centre_x, centre_y, radius_m in wished:
        turn, far = (
            random.uniform(0, 2 * np.pi, 200),
            random.uniform(0.9, 1.1, 200) * np.degrees(radius_m / 6.4e6),
        )
        north = centre_y + far * np.cos(turn)
        x.append((centre_x + far * np.sin(turn) / np.cos(np.radians(north)) + 180) % 360 - 180)
        y.append(north)
    x, y = np.concatenate([*x, [one[0] for one in wished]]), np.concatenate([*y, [one[1] for one in wished]])
    y = np.clip(y, -90, 90)
    pairs = found(zones, x, y)
    for place, (one_x, one_y) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        for number, (centre_x, centre_y, radius_m) in enumerate(wished):
            beyond_m = metres(centre_x, centre_y, one_x, one_y) - radius_m
            if not 0.9e-6 < beyond_m < 1.1e-6:  # the two formulas may differ by nanometres
                assert ((place, number) in pairs) == (beyond_m <= 1e-6)


def test_the_circle_itself_is_inside() -> None:
    places = [(118.0123, 32.0), (118.0, 32.0045), (117.99, 31.99), (118.5, 32.5)]
    for x, y in places:
        radius_m = float(haversine_m(118.0, 32.0, x, y))
        zones = circles(circle(118.0, 32.0, radius_m))
        assert found(zones, [x], [y]) == {(0, 0)}
        assert found(zones, [118 + (x - 118) * (1 + 1e-8)], [32 + (y - 32) * (1 + 1e-8)]) == set()


def test_circles_among_polygons_and_over_the_180th_meridian() -> None:
    square = {"type": "Polygon", "coordinates": [[[178, -1], [180, -1], [180, 1], [178, 1], [178, -1]]]}
    zones = circles(
        circle(179.9, 0.0, 50_000, "a"),
        {"type": "Feature", "geometry": square, "properties": {"id": "b"}},
        circle(-179.9, 0.0, 50_000, "c"),
    )
    assert found(zones, [179.9, -179.9, 180, -180, 179.0], [0, 0, 0, 0, 0]) == {
        *((0, zone) for zone in (0, 1, 2)),
        *((1, zone) for zone in (0, 2)),
        *((2, zone) for zone in (0, 1, 2)),
        *((3, zone) for zone in (0, 2)),
        (4, 1),
    }
    west, _, east, _ = zones.zones[0].polygon.bounds
    assert (west, east) == (-180, 180)
    assert len(zones.zones[0].polygon.geoms) == 2
