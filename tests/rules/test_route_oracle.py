"""Declared routes: every rule as the plain oracle says, for any cut, restart and number of routes."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from geo.zones import ZoneSet
from rules import routes
from rules.change import EpisodeChange
from rules.engine import Engine
from rules.identity import vehicle_key
from rules.reports import Reports
from rules.rulebook import rulebook_of
from rules.vehicle_class import CODE_OF_NAME
from tests.properties import PROPERTY
from tests.rules.oracle_routes import Line, Stretch, Terms, Told, judge, unclear
from tests.rules.tracks import MIDNIGHT_S

NOON_S = MIDNIGHT_S + 12 * 3600
TERMS = Terms(forget_s=1800, stop_s=120, terminus=400)
BOOK = rulebook_of("route_forget_s = 1800\nroute_stop_s = 120\nroute_terminus_m = 400")

BEND = ((118.0, 32.0), (118.021, 32.0004), (118.04, 32.011), (118.061, 32.012), (118.08, 32.03))
CROSS = ((118.03, 31.99), (118.031, 32.02), (118.05, 32.031))

_WIDTH = st.sampled_from([None, None, 120.0, 400.0])


@st.composite
def lines(draw: Any, points: tuple[tuple[float, float], ...]) -> Line:
    edges = len(points) - 1
    cuts = sorted(draw(st.sets(st.integers(0, edges), min_size=2, max_size=4)))
    stretches = tuple(
        Stretch(first, last, draw(_WIDTH), draw(_SECONDS), draw(_SECONDS))
        for first, last in itertools.pairwise(cuts)
        if draw(st.integers(0, 4))
    )
    stations = draw(st.lists(st.sampled_from(points), max_size=2, unique=True))
    return Line(
        points,
        draw(_WIDTH),
        tuple(draw(st.sets(st.sampled_from(Line.rules)))) or ("deviation",),
        draw(st.sampled_from([None, None, None, (720, 725), (735, 722)])),
        stretches,
        tuple((x, y, 150.0) for x, y in stations),
        tuple(sorted(draw(st.sets(st.sampled_from([700, 715, 722, 730, 790]), min_size=1)))),
    )


_SECONDS = st.sampled_from([None, 45.0, 100.0, 250.0, 700.0])
_LEG = st.fixed_dictionaries(
    {
        "count": st.sampled_from([1, 1, 2, 3, 6, 12]),
        "step_s": st.sampled_from([1, 10, 20, 30, 30, 60, 299, 301, 1000, 1801]),
        "move": st.sampled_from([0.0, 0.0, 0.004, 0.02, 0.05, -0.03, 0.11]),
        "aside_m": st.sampled_from([3.0, 3.0, -3.0, 90.0, 150.0, -300.0, 450.0, 6000.0]),
        "speed": st.sampled_from([0, 5, 5.1, 20, 20.1, 60]),
        "turn": st.sampled_from([0, 0, 0, 115, 125, 180]),
        "fix": st.sampled_from([True, True, True, True, False]),
    }
)


@st.composite
def tracks(draw: Any) -> list[Told]:
    """Along the bend and beside it."""
    time_s, part = (
        NOON_S + draw(st.sampled_from([-2400, -900, -120, 0])),
        draw(st.sampled_from([0.003, 0.3, 0.97])),
    )
    track: list[Told] = []
    for leg in draw(st.lists(_LEG, min_size=1, max_size=9)):
        for _ in range(leg["count"]):
            time_s += leg["step_s"]
            part = min(max(part + leg["move"], 0.0017), 0.9971)
            x, y, heading = place(part, leg["aside_m"])
            heading = round(heading + leg["turn"]) % 360
            track.append(Told(time_s, x, y, leg["speed"], heading, leg["fix"], CODE_OF_NAME["line_coach"]))
    return track


def place(part: float, aside_m: float) -> tuple[float, float, float]:
    """A place beside the bend, and where the line leads there."""
    edge, rest = divmod(part * (len(BEND) - 1), 1.0)
    (ax, ay), (bx, by) = BEND[int(edge)], BEND[int(edge) + 1]
    narrow = math.cos(math.radians(32))
    heading = math.atan2((bx - ax) * narrow, by - ay)
    x = ax + rest * (bx - ax) + aside_m / 111_195 * math.cos(heading) / narrow
    return x, ay + rest * (by - ay) - aside_m / 111_195 * math.sin(heading), math.degrees(heading)


def zone_set(lines: dict[str, Line], **said: dict[str, Any]) -> ZoneSet:
    features = [feature(name, line) for name, line in lines.items()]
    for one in features:
        one["properties"] |= said.get(one["properties"]["id"], {})
    return ZoneSet.from_geojson({"type": "FeatureCollection", "features": features})


def feature(name: str, line: Line) -> dict[str, Any]:
    segments = [
        {
            "from": s.first,
            "to": s.last,
            "width_m": s.width,
            "min_s": s.least_s,
            "max_s": s.most_s,
            "id": f"s{n}",
        }
        for n, s in enumerate(line.stretches)
    ]
    properties = {
        "id": name,
        "vehicles": ["V"],
        "width_m": line.width,
        "rules": list(line.rules),
        "segments": segments,
        "stations": [
            {"name": str(n), "longitude_deg": x, "latitude_deg": y, "radius_m": reach}
            for n, (x, y, reach) in enumerate(line.stations)
        ],
        "departures": [f"{minute // 60:02}:{minute % 60:02}" for minute in line.departures],
    }
    if line.hours:
        properties["hours"] = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in line.hours)
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "LineString", "coordinates": [list(point) for point in line.points]},
    }


def to_reports(track: list[Told], vehicle: str = "V") -> Reports:
    count = len(track)
    return Reports.build(
        vehicle_key=np.full(count, vehicle_key(vehicle)),
        time_ms=np.array([one.time_s * 1000 for one in track], np.int64),
        longitude_deg=np.array([one.longitude for one in track]),
        latitude_deg=np.array([one.latitude for one in track]),
        speed_kmh=np.array([one.speed for one in track], float),
        heading_deg=np.array([one.heading for one in track], np.uint16),
        status_bits=np.array([2 if one.fix else 0 for one in track], np.uint32),
        vehicle_class=np.array([one.vehicle_class for one in track], np.uint8),
    )


def run(zones: ZoneSet, reports: Reports, cuts: list[int], restores: bool = False) -> list[EpisodeChange]:
    engine, changes = Engine(BOOK, zones, (routes.FAMILY,)), []
    for begin, end in itertools.pairwise([0, *sorted({min(c, len(reports)) for c in cuts}), len(reports)]):
        changes += engine.process(reports.take(slice(begin, end))).changes
        if restores:
            engine = Engine.restore(BOOK, zones, engine.snapshot())
    return [one for one in changes + engine.open_changes() if one.rule.startswith("route_")]


def final(changes: list[EpisodeChange], route: str) -> list[dict[str, Any]]:
    last = {one.alert_id: one for one in changes if one.detail["route_id"] == route}.values()
    found = [
        {
            "rule": one.rule,
            "start": one.start_ms // 1000,
            "found": one.found_ms // 1000,
            "end": None if one.end_ms is None else one.end_ms // 1000,
            "bridged": one.evidence == "bridged",
        }
        | ({"stretch": int(one.detail["segment"][1:] or -1)} if "segment" in one.detail else {})
        for one in last
    ]
    return sorted(found, key=lambda one: (one["start"], one["rule"]))


def clear(track: list[Told], *lines: Line) -> list[Told]:
    """The track without reports that lie on a threshold."""
    return [one for one in track if not any(unclear(line, one, TERMS) for line in lines)]


CUTS = st.lists(st.integers(0, 110), max_size=8)


@PROPERTY
@given(lines(BEND), tracks(), CUTS, st.booleans())
def test_as_the_oracle_says_for_any_cut(
    line: Line, track: list[Told], cuts: list[int], restores: bool
) -> None:
    track = clear(track, line)
    found = final(run(zone_set({"r": line}), to_reports(track), cuts, restores), "r")
    assert found == judge(track, line, TERMS)


@PROPERTY
@given(lines(BEND), lines(CROSS), lines(BEND[::-1]), tracks(), tracks(), st.booleans())
def test_several_routes_and_vehicles(
    one: Line, other: Line, back: Line, track: list[Told], second: list[Told], restores: bool
) -> None:
    """Routes do not mix: neither of one vehicle nor, where a class follows them, of several."""
    every = {
        "one": one,
        "other": other,
        "back": replace(back, departures=(), rules=("deviation", "time", "stop")),
    }
    track, second = clear(track, *every.values()), clear(second, *every.values())
    open_to_all = {"vehicles": [], "vehicle_classes": ["line_coach"]}
    zones = zone_set(every, other={"vehicles": ["V", "W"]}, back=open_to_all)
    both = Reports.concat([to_reports(track, "V"), to_reports(second, "W")])
    both = both.take(np.lexsort((both.vehicle_key, both.time_ms)))
    changes = run(zones, both, [1, 7, 20, 60], restores)
    follows = {
        "V": [("one", track), ("other", track), ("back", track)],
        "W": [("other", second), ("back", second)],
    }
    for vehicle, pairs in follows.items():
        mine = [change for change in changes if change.vehicle_key == vehicle_key(vehicle)]
        assert sum(len(final(mine, name)) for name, _ in pairs) == len({change.alert_id for change in mine})
        for name, driven in pairs:
            assert final(mine, name) == judge(driven, every[name], TERMS), name
