"""Declared routes: deviation as a plain oracle says for any cut, and each rule at its thresholds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.corridor import corridor_place, make_lines
from geo.zones import ZoneError, ZoneSet
from rules.change import EpisodeChange
from rules.engine import Engine
from rules.identity import vehicle_key
from rules.reports import Reports
from rules.rulebook import default_rulebook
from tests.properties import PROPERTY
from tests.rules.tracks import MIDNIGHT_S

BOOK = default_rulebook()
METRES = 111_195.0797  # a degree on the sphere
NOON_S = MIDNIGHT_S + 12 * 3600


def zone_set(**said: Any) -> ZoneSet:
    properties = {"id": "r", "name": "一号线", "name_en": "Line 1", "vehicles": ["V"], **said}
    line = {"type": "LineString", "coordinates": [[118.0, 32.0], [118.1, 32.0], [118.2, 32.0]]}
    feature = {"type": "Feature", "properties": properties, "geometry": line}
    return ZoneSet.from_geojson({"type": "FeatureCollection", "features": [feature]})


@dataclass(frozen=True)
class Told:
    """One report, `east` and `north` in degrees from the beginning of the line."""

    second: int
    east: float
    north: float = 0.0
    speed: float = 60.0
    heading: int = 90
    fix: bool = True


def to_reports(track: list[Told], vehicle: str = "V") -> Reports:
    count = len(track)
    return Reports.build(
        vehicle_key=np.full(count, vehicle_key(vehicle)),
        time_ms=np.array([(NOON_S + one.second) * 1000 for one in track], np.int64),
        longitude_deg=np.array([118.0 + one.east for one in track]),
        latitude_deg=np.array([32.0 + one.north for one in track]),
        speed_kmh=np.array([one.speed for one in track], float),
        heading_deg=np.array([one.heading for one in track], np.uint16),
        status_bits=np.array([2 if one.fix else 0 for one in track], np.uint32),
    )


def run(zones: ZoneSet, reports: Reports, cuts: list[int], restores: bool = False) -> list[EpisodeChange]:
    engine, changes = Engine(BOOK, zones), []
    for begin, end in itertools.pairwise([0, *sorted({min(c, len(reports)) for c in cuts}), len(reports)]):
        changes += engine.process(reports.take(slice(begin, end))).changes
        if restores:
            engine = Engine.restore(BOOK, zones, engine.snapshot())
    return [one for one in changes + engine.open_changes() if one.rule.startswith("route_")]


def final(changes: list[EpisodeChange]) -> list[tuple[str, int, int, int | None]]:
    """Rule, start, found and end, counted from noon."""
    last = {change.alert_id: change for change in changes}.values()
    return sorted(
        (
            one.rule,
            one.start_ms // 1000 - NOON_S,
            one.found_ms // 1000 - NOON_S,
            None if one.end_ms is None else one.end_ms // 1000 - NOON_S,
        )
        for one in last
    )


def found(track: list[Told], vehicle: str = "V", **said: Any) -> list[tuple[str, int, int, int | None]]:
    return final(run(zone_set(**said), to_reports(track, vehicle), []))


def deviations(track: list[Told]) -> list[tuple[str, int, int, int | None]]:
    """The oracle: 200 m off the middle of the line, 60 s and 3 reports, forgotten after 2 h."""
    fixes = [one for one in track if one.fix]
    off, inside_s = [], None
    for at, one in enumerate(fixes):
        if one.north * METRES <= 200:
            inside_s = one.second
        elif inside_s is not None:
            off.append(at)
            if one.second - inside_s > 7200:
                inside_s = None
    told = []
    for _, group in itertools.groupby(enumerate(off), lambda pair: pair[1] - pair[0]):
        run_of = [fixes[at] for _, at in group]
        enough = [
            one.second for n, one in enumerate(run_of) if n >= 2 and one.second - run_of[0].second >= 60
        ]
        if enough:
            end = None if run_of[-1] is fixes[-1] else run_of[-1].second
            told.append(("route_deviation", run_of[0].second, enough[0], end))
    return sorted(told)


_STEP = st.tuples(
    st.sampled_from([1, 20, 30, 60, 299, 301, 3600, 7201]),
    st.sampled_from([0.03, 0.06, 0.1, 0.15]),
    st.sampled_from([0.0, 0.001, 0.0017, 0.0019, 0.004, 0.004]),
    st.sampled_from([True, True, True, False]),
)


@st.composite
def tracks(draw: Any) -> list[Told]:
    second, track = 0, []
    for step, east, north, fix in draw(st.lists(_STEP, min_size=1, max_size=30)):
        second += step
        track.append(Told(second, east, north, fix=fix))
    return track


LINE = zone_set(rules=["deviation"])


@PROPERTY
@given(tracks(), st.lists(st.integers(0, 30), max_size=6), st.booleans())
def test_deviation_as_the_oracle_says_for_any_cut(track: list[Told], cuts: list[int], restores: bool) -> None:
    assert final(run(LINE, to_reports(track), cuts, restores)) == deviations(track)


class TestDeviation:
    def off(self, north: float, seconds: list[int]) -> list[Told]:
        return [Told(0, 0.05), *(Told(second, 0.06, north) for second in seconds), Told(900, 0.1)]

    def test_threshold_of_distance(self) -> None:
        assert found(self.off(199.9 / METRES, [30, 60, 90, 120])) == []
        assert found(self.off(200.1 / METRES, [30, 60, 90, 120])) == [("route_deviation", 30, 90, 120)]

    def test_thresholds_of_time_and_points(self) -> None:
        assert found(self.off(0.01, [30, 89])) == found(self.off(0.01, [30, 59, 89])) == []
        assert found(self.off(0.01, [30, 90])) == []
        assert found(self.off(0.01, [30, 60, 90])) == [("route_deviation", 30, 90, 90)]

    def test_a_segment_with_a_width_of_its_own(self) -> None:
        wide = [{"from": 0, "to": 1, "width_m": 2000}]
        assert found(self.off(0.01, [30, 60, 90]), segments=wide) == []

    def test_never_on_the_route(self) -> None:
        assert found([Told(second, 0.05, 0.01) for second in range(0, 600, 30)]) == []

    def test_leaving_from_an_end_is_none(self) -> None:
        leaving = [Told(0, 0.1), Told(300, 0.199), *(Told(second, 0.21, 0.01) for second in (330, 360, 390))]
        assert found(leaving) == []

    def test_other_vehicles_and_hours(self) -> None:
        track = self.off(0.01, [30, 60, 90])
        assert found(track, vehicle="W") == []
        assert found(track, hours="13:00-14:00") == []
        assert found(track, vehicle="W", vehicles=[]) != []
        assert found(track, vehicle="W", vehicles=[], vehicle_classes=["hazmat"]) == []

    def test_it_names_its_route(self) -> None:
        (change, *_) = run(LINE, to_reports(self.off(0.01, [30, 60, 90])), [])
        assert change.detail["route_name"] == "一号线"
        assert change.detail["max_distance_m"] == pytest.approx(0.01 * METRES, abs=1)


class TestSegments:
    def drive(self, step_s: int) -> list[Told]:
        """Along the line, 0.01 degrees a report; the middle is at 0.1."""
        return [Told(n * step_s, 0.01 * n) for n in range(21)]

    def rules(self, step_s: int, **asked: Any) -> list[str]:
        segments = [{"from": 0, "to": 1, **asked}, {"from": 1, "to": 2}]
        return [rule for rule, *_ in found(self.drive(step_s), segments=segments)]

    def test_too_fast(self) -> None:
        # The clock starts with the last report at the start and ends with the first behind the segment.
        assert self.rules(60, min_s=660.1) == ["route_too_fast"]
        assert self.rules(60, min_s=600) == []

    def test_too_slow(self) -> None:
        assert self.rules(60, max_s=599) == ["route_too_slow"]
        assert self.rules(60, max_s=660) == []

    def test_seen_only_in_part(self) -> None:
        track = self.drive(60)[5:]
        segments = [{"from": 0, "to": 1, "min_s": 5000}, {"from": 1, "to": 2}]
        assert found(track, segments=segments) == []

    def test_its_limit_counts_for_speeding(self) -> None:
        segments = [{"from": 0, "to": 1, "limit_kmh": 50}]
        engine = Engine(BOOK, zone_set(segments=segments))
        changes = engine.process(to_reports(self.drive(60))).changes
        assert {one.detail["limit_source"] for one in changes if one.rule == "speeding"} == {"segment"}

    def test_segments_in_any_order(self) -> None:
        segments = [{"from": 1, "to": 2}, {"id": "first", "from": 0, "to": 1, "min_s": 660.1}]
        zones = zone_set(segments=segments)
        (change,) = run(zones, to_reports(self.drive(60)), [])
        assert (change.rule, change.detail["segment"]) == ("route_too_fast", "first")
        assert (change.detail["took_s"], change.detail["min_s"]) == (660, 660.1)

    def test_a_terminus_is_no_segment_driven_too_fast(self) -> None:
        """Everything within 500 m of the end is the end: no time is counted there."""
        line = [[118.0, 32.0], [118.003, 32.0], [118.1, 32.0]]
        track = [Told(n * 30, 0.001 * n) for n in range(12)]
        properties = {"id": "r", "vehicles": ["V"], "segments": [{"from": 0, "to": 1, "min_s": 500}]}
        feature = {"type": "Feature", "properties": properties}
        feature["geometry"] = {"type": "LineString", "coordinates": line}
        zones = ZoneSet.from_geojson({"type": "FeatureCollection", "features": [feature]})
        assert final(run(zones, to_reports(track), [])) == []

    def test_a_gap_in_a_segment_bridges_its_time(self) -> None:
        segments = [{"from": 0, "to": 1, "max_s": 500}, {"from": 1, "to": 2}]
        track = [
            Told(0, 0.0),
            Told(60, 0.02),
            Told(400, 0.04),
            Told(460, 0.05),
            Told(520, 0.06),
            Told(580, 0.07),
        ]
        (*_, change) = run(zone_set(segments=segments), to_reports(track), [])
        assert (change.rule, change.evidence) == ("route_too_slow", "bridged")

    def test_its_limit_of_the_night(self) -> None:
        segments = [{"from": 0, "to": 1, "limit_kmh": 80, "night_limit_kmh": 50}]
        for shift_s, limits in ((0, set()), (11 * 3600, {(50.0, "segment")})):
            track = [replace(one, second=one.second + shift_s) for one in self.drive(60)]
            changes = Engine(BOOK, zone_set(segments=segments)).process(to_reports(track)).changes
            found = {
                (c.detail["limit_kmh"], c.detail["limit_source"]) for c in changes if c.rule == "speeding"
            }
            assert found == limits


def many(count: int, **said: Any) -> ZoneSet:
    """Routes on one line."""
    line = {"type": "LineString", "coordinates": [[118.0, 32.0], [118.2, 32.0]]}
    features = [
        {"type": "Feature", "properties": {"id": f"r{n:02}", **said}, "geometry": line} for n in range(count)
    ]
    return ZoneSet.from_geojson({"type": "FeatureCollection", "features": features})


class TestManyRoutes:
    track: ClassVar = [Told(0, 0.05), *(Told(second, 0.06, 0.01) for second in (30, 60, 90, 120))]

    @pytest.mark.parametrize("said", [{}, {"vehicles": ["V"]}])
    def test_eight_at_a_time(self, said: dict[str, Any]) -> None:
        changes = run(many(30, **said), to_reports(self.track), [])
        assert {one.detail["route_id"] for one in changes} == {f"r{n:02}" for n in range(8)}

    def test_many_vehicles_that_join_many_routes_at_once(self) -> None:
        fleet = [to_reports(self.track, f"V{n}") for n in range(300)]
        changes = run(many(30), Reports.concat(fleet), [])
        opened = [one for one in changes if one.kind == "open"]
        assert len(opened) == len({one.alert_id for one in opened}) == 300 * 8

    def test_a_file_with_fewer_routes_and_vertices(self) -> None:
        """What a trip knows of its edge and segment outlives another file."""
        zones = zone_set(segments=[{"from": 0, "to": 1}, {"from": 1, "to": 2, "max_s": 100}])
        engine = Engine(BOOK, zones)
        engine.process(to_reports([Told(0, 0.05), Told(60, 0.12)]))
        properties = {"id": "r", "vehicles": ["V"], "segments": [{"from": 0, "to": 1, "max_s": 100}]}
        line = {"type": "LineString", "coordinates": [[118.0, 32.0], [118.2, 32.0]]}
        feature = {"type": "Feature", "properties": properties, "geometry": line}
        shorter = ZoneSet.from_geojson({"type": "FeatureCollection", "features": [feature]})
        engine = Engine.restore(BOOK, shorter, engine.snapshot())
        assert engine.process(to_reports([Told(120, 0.13), Told(150, 0.14)])).changes == []


class TestOthers:
    def test_wrong_direction(self) -> None:
        def heading(degrees: int, speed: float = 60) -> list[str]:
            track = [Told(second, 0.1 - second * 1e-4, 0, speed, degrees) for second in range(0, 120, 30)]
            return [rule for rule, *_ in found(track, direction="forward")]

        assert heading(270) == heading(211) == ["route_wrong_direction"]
        assert heading(210) == heading(90) == heading(270, speed=20) == []

    def test_both_ways_unless_said(self) -> None:
        assert found([Told(second, 0.1 - second * 1e-4, 0, 60, 270) for second in range(0, 120, 30)]) == []

    def test_stop_outside_the_stations(self) -> None:
        stations = [{"name": "A", "longitude_deg": 118.05, "latitude_deg": 32.0, "radius_m": 100}]

        def stop(east: float, seconds: int) -> list[tuple[str, int, int, int | None]]:
            track = [Told(second, east, speed=0) for second in range(0, seconds + 1, 30)]
            return found([*track, Told(900, east + 0.01)], stations=stations)

        assert stop(0.1, 180) == [("route_stop", 0, 180, 180)]
        assert stop(0.1, 150) == stop(0.0505, 600) == stop(0.001, 600) == []
        assert stop(0.0515, 180) != []

    def test_missing_departure(self) -> None:
        def leaves(second: int | None) -> list[tuple[str, int, int, int | None]]:
            waits = range(-1200, 1201 if second is None else second, 60)
            track = [Told(one, 0.001, speed=0) for one in waits]
            if second is not None:
                track += [Told(one, 0.02 + (one - second) * 1e-5) for one in range(second, 1201, 60)]
            return found(track, departures=["12:00"])

        missed = [("route_missing_departure", 0, 600, 600)]
        assert leaves(-600) == leaves(0) == leaves(600) == []
        assert leaves(None) == leaves(660) == leaves(-660) == missed


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"rules": ["park"]}, "rule 'park'"),
        ({"width_m": 0}, "width_m must be"),
        ({"segments": [{"from": 0, "to": 3}]}, "0 to 2"),
        ({"segments": [{"to": 1}]}, "from"),
        ({"departures": ["24:00"]}, "time of day"),
        ({"departures": ["08:00"], "vehicles": []}, "needs vehicles"),
        ({"vehicle_classes": ["tank"], "vehicles": []}, "'tank'"),
        ({"hours": "8-9"}, "hours"),
        ({"segments": 3}, "segments must be a list of objects"),
        ({"segments": ["x"]}, "segments must be a list of objects"),
        ({"hours": [3]}, "hours must be a list of texts"),
        ({"stations": [{"name": "A"}]}, "longitude_deg"),
        ({"stations": [{"longitude_deg": "x", "latitude_deg": 32}]}, "needs longitude_deg, a number"),
        ({"stations": [{"longitude_deg": 118, "latitude_deg": 32, "radius_m": -1}]}, "radius_m must be"),
        ({"datum": "bd09"}, "datum"),
    ],
)
def test_faults_name_the_route(said: dict[str, Any], words: str) -> None:
    with pytest.raises(ZoneError, match=f"route 'r'.*{words}"):
        Engine(BOOK, zone_set(**said))


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        ({"properties": [3]}, "properties must be an object"),
        (
            {"geometry": {"type": "LineString", "coordinates": [[118, 32], [118, 32]]}},
            "two points that differ",
        ),
    ],
)
def test_a_feature_that_is_no_route(feature: dict[str, Any], words: str) -> None:
    line = {"type": "LineString", "coordinates": [[118, 32], [119, 32]]}
    document = {"type": "FeatureCollection", "features": [{"geometry": line, **feature}]}
    with pytest.raises(ZoneError, match=f"route .*{words}"):
        ZoneSet.from_geojson(document)


def test_a_route_gone_from_the_file_ends_its_episode() -> None:
    track = [Told(0, 0.05), *(Told(second, 0.06, 0.01) for second in (30, 60, 90))]
    engine = Engine(BOOK, LINE)
    opened = [one for one in engine.process(to_reports(track)).changes if one.rule == "route_deviation"]
    engine = Engine.restore(BOOK, ZoneSet(), engine.snapshot())
    closed = engine.process(to_reports([Told(120, 0.06, 0.01)])).changes
    assert [(one.alert_id, one.kind) for one in closed if one.rule == "route_deviation"] == [
        (opened[0].alert_id, "close")
    ]


def test_corridor_places_on_a_great_arc() -> None:
    random = np.random.default_rng(3)
    line = np.array([[118.0, 32.0], [118.05, 32.02], [118.1, 32.01]])
    x, y = random.uniform(117.99, 118.11, 200), random.uniform(31.99, 32.03, 200)
    offset_m, along_m = corridor_place(make_lines([line[::-1], line]), np.ones(200, int), x, y)
    fine = np.concatenate(
        [np.linspace(line[n], line[n + 1], 4001, endpoint=n == 1) for n in range(2)]
    )  # the line, point by point
    scale = np.cos(np.radians(32.01))
    gaps = np.hypot((x[:, None] - fine[:, 0]) * scale, y[:, None] - fine[:, 1]) * METRES
    assert np.allclose(offset_m, gaps.min(axis=1), rtol=2e-3, atol=1.5)
    length_m = np.append(0, np.hypot(np.diff(fine[:, 0]) * scale, np.diff(fine[:, 1])).cumsum()) * METRES
    assert np.allclose(along_m, length_m[gaps.argmin(axis=1)], rtol=2e-3, atol=5)
