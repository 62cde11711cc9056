"""The edges of the semantics, one by one: exactly at a limit, exactly as long, exactly as far."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from rules import fatigue, speeding
from rules import zones as zone_family
from rules.engine import Engine
from rules.rulebook import default_rulebook
from tests.rules.oracle import Rectangle, Report
from tests.rules.tracks import MIDNIGHT_S, final_states, stream_of, to_reports, to_zones

NOON_S = MIDNIGHT_S + 12 * 3600
BOOK = default_rulebook()


FAMILIES = (fatigue.FAMILY, zone_family.FAMILY, speeding.FAMILY)


def episodes(
    reports: list[Report], zones: list[Rectangle] | None = None, early: bool = False
) -> list[dict[str, Any]]:
    """What is found, or the pre-alarms only."""
    engine = Engine(BOOK, to_zones(zones or []), FAMILIES)
    changes = engine.process(to_reports(1, reports)).changes
    found = final_states([*changes, *engine.open_changes()])
    return [one for one in found if one["rule"].endswith("_pre") == early]


def at(second: float, speed: float = 60.0, **said: Any) -> Report:
    place = {"longitude": 118.0 + second * 1e-4, "latitude": 32.0} | said
    return Report(time_ms=round((NOON_S + second) * 1000), speed=speed, **place)


def speeds(*pairs: tuple[float, float], **said: Any) -> list[Report]:
    return [at(second, speed, **said) for second, speed in pairs]


def seconds(time_ms: int | None) -> float | None:
    return None if time_ms is None else (time_ms - NOON_S * 1000) / 1000


class TestSpeeding:
    def test_thirty_seconds_is_enough(self) -> None:
        (found,) = episodes(speeds((0, 110), (30, 110), (31, 60)))
        assert [seconds(found[name]) for name in ("start", "found", "end")] == [0, 30, 30]

    def test_a_millisecond_less_is_not(self) -> None:
        assert episodes(speeds((0, 110), (29.999, 110), (31, 60))) == []

    def test_at_the_limit_is_not_over(self) -> None:
        assert episodes(speeds((0, 100), (30, 100), (60, 100))) == []

    def test_a_report_at_the_limit_breaks_the_run(self) -> None:
        assert episodes(speeds((0, 110), (20, 100), (21, 110), (50, 110), (51, 60))) == []

    def test_pause_of_sixty_seconds_joins(self) -> None:
        (found,) = episodes(speeds((0, 110), (30, 110), (40, 60), (90, 115), (120, 105), (121, 60)))
        assert (seconds(found["start"]), seconds(found["found"]), seconds(found["end"])) == (0, 30, 120)
        assert found["max_speed_kmh"] == 115

    def test_pause_of_more_than_sixty_seconds_does_not(self) -> None:
        found = episodes(speeds((0, 110), (30, 110), (40, 60), (90.001, 115), (121, 105), (122, 60)))
        assert [seconds(one["start"]) for one in found] == [0, 90.001]

    def test_a_short_run_is_not_joined(self) -> None:
        (found,) = episodes(speeds((0, 110), (30, 110), (40, 60), (50, 150), (60, 60), (70, 60)))
        assert (seconds(found["end"]), found["max_speed_kmh"]) == (30, 110)

    def test_a_short_run_at_the_end_of_the_input_leaves_the_episode_ended(self) -> None:
        (found,) = episodes(speeds((0, 110), (30, 110), (40, 60), (50, 150)))
        assert seconds(found["end"]) == 30

    def test_open_at_the_end_of_the_input(self) -> None:
        (found,) = episodes(speeds((0, 110), (30, 110), (45, 110)))
        assert found["end"] is None

    def test_gap_of_exactly_three_hundred_seconds_is_none(self) -> None:
        (found,) = episodes(speeds((0, 110), (300, 110), (301, 60)))
        assert seconds(found["end"]) == 300

    def test_gap_breaks_the_run(self) -> None:
        assert episodes(speeds((0, 110), (300.001, 110), (301, 60))) == []

    def test_a_run_ended_by_a_gap_ends_before_it(self) -> None:
        (found,) = episodes(speeds((0, 110), (30, 110), (500, 110)))
        assert seconds(found["end"]) == 30

    def test_lowest_limit_wins(self) -> None:
        (found,) = episodes(speeds((0, 70), (30, 70), (31, 0), posted=60.0, vehicle_class=4))
        assert (found["limit_kmh"], found["limit_source"], found["tier_percent"]) == (60, "posted", 10)
        (found,) = episodes(speeds((0, 96), (30, 96), (31, 0), posted=120.0, vehicle_class=4))
        assert (found["limit_kmh"], found["limit_source"], found["tier_percent"]) == (80, "class", 20)

    def test_posted_zero_is_no_limit(self) -> None:
        assert episodes(speeds((0, 70), (30, 70), (31, 0), posted=0.0)) == []

    @pytest.mark.parametrize(
        ("second", "over"), [(10 * 3600 - 1, False), (10 * 3600, True), (18 * 3600, False)]
    )
    def test_coach_at_night(self, second: int, over: bool) -> None:
        found = episodes(speeds((second, 81), (second + 30, 81), (second + 60, 0), vehicle_class=3))
        assert [one["limit_source"] for one in found] == (["night"] if over else [])

    def test_coach_at_exactly_the_night_limit(self) -> None:
        assert episodes(speeds((43_200, 80), (43_230, 80), (43_260, 80), vehicle_class=2)) == []

    @pytest.mark.parametrize(
        ("speed", "tier", "level"), [(109.9, 0, 3), (110, 10, 3), (120, 20, 2), (149.9, 20, 2), (150, 50, 1)]
    )
    def test_tiers(self, speed: float, tier: int, level: int) -> None:
        engine = Engine(BOOK, to_zones([]))
        outcome = engine.process(to_reports(1, speeds((0, 101), (30, 101), (31, speed), (32, 60))))
        changes = [one for one in outcome.changes if one.rule == "speeding"]
        assert (changes[-1].detail["tier_percent"], changes[-1].level) == (tier, level)
        assert [one.kind for one in changes] == ["open", "update", "close"] if tier else ["open", "close"]

    def test_pre_alarm_from_five_below_to_the_limit(self) -> None:
        (found,) = episodes(speeds((0, 95), (30, 100), (60, 94.9)), early=True)
        assert (found["rule"], found["limit_kmh"]) == ("speeding_pre", 100)
        assert [seconds(found[name]) for name in ("start", "found", "end")] == [0, 30, 30]
        assert episodes(speeds((0, 94.9), (30, 94.9), (60, 94.9)), early=True) == []
        assert episodes(speeds((0, 110), (30, 110), (60, 110)), early=True) == []

    def test_the_limit_most_exceeded(self) -> None:
        track = [at(0, 110), at(30, 110), at(31, 105, posted=60.0), at(32, 115, posted=80.0), at(33, 0)]
        (found,) = episodes(track)
        assert (found["limit_kmh"], found["max_speed_kmh"]) == (60, 115)

    def test_distance_goes_through_the_pause(self) -> None:
        track = speeds((0, 110), (30, 110), (40, 60), (60, 110), (90, 110), (91, 0))
        (found,) = episodes(track)
        assert found["distance_m"] == pytest.approx(90 * 1e-4 * 94_300, rel=0.001)


def drive(*legs: tuple[float, float]) -> list[Report]:
    """Legs of (duration, speed), a report every 60 s and one at the end of each."""
    track, second = [], 0.0
    for duration, speed in legs:
        end = second + duration
        while second < end:
            track.append(at(second, speed))
            second = min(second + 60, end)
        track.append(at(end, speed))
    return track


class TestContinuousDriving:
    def test_exactly_four_hours_is_legal(self) -> None:
        assert episodes(drive((14_400, 60))) == []

    def test_a_second_more_is_not(self) -> None:
        (found,) = episodes(drive((14_401, 60)))
        assert (seconds(found["start"]), seconds(found["found"]), found["end"]) == (0, 14_401, None)
        assert found["driving_s"] == 14_401

    def test_exactly_twenty_minutes_is_a_rest(self) -> None:
        assert episodes(drive((10_000, 60), (1, 0), (1_200, 0), (10_000, 60))) == []

    def test_less_than_twenty_minutes_is_not(self) -> None:
        (found,) = episodes(drive((10_000, 60), (1_199, 0), (10_000, 60)))
        assert seconds(found["start"]) == 0

    def test_two_short_stops_are_no_rest(self) -> None:
        (found,) = episodes(drive((7_000, 60), (600, 0), (600, 60), (600, 0), (7_000, 60)))
        assert seconds(found["start"]) == 0

    def test_ends_where_the_rest_began(self) -> None:
        track = [*drive((14_460, 60)), *(at(14_460 + late, 0) for late in range(30, 1_300, 30))]
        (found,) = episodes(track)
        assert (seconds(found["end"]), found["driving_s"]) == (14_490, 14_490)

    def test_five_kilometres_an_hour_is_stopped(self) -> None:
        assert episodes(drive((20_000, 5))) == []
        assert len(episodes(drive((20_000, 5.1)))) == 1

    def test_gap_that_moved_is_driving_and_bridged(self) -> None:
        (found,) = episodes([at(0), at(301), *drive((20_000, 60))[6:]])
        assert found["evidence"] == "bridged"

    def test_gap_in_place_is_rest(self) -> None:
        still = {"longitude": 118.0}
        track = [at(s, **still) for s in range(0, 10_001, 100)]
        track += [at(s, **still) for s in range(11_201, 21_000, 100)]
        assert episodes(track) == []

    def test_another_driver_starts_afresh(self) -> None:
        track = [at(s, driver=7) for s in range(0, 15_000, 100)] + [
            at(s, driver=8) for s in range(15_000, 20_000, 100)
        ]
        (found,) = episodes(track)
        assert (seconds(found["start"]), seconds(found["end"])) == (0, 14_900)

    def test_hours_follow_the_driver(self) -> None:
        """Nine minutes between two vehicles are a stop, twenty are a rest."""
        for pause, wanted in ((540, [(2, 0, 14_460)]), (1_200, [])):
            first = [at(s, driver=7) for s in range(0, 10_001, 60)]
            second = [at(s, driver=7) for s in range(9_960 + pause, 9_960 + pause + 4_501, 60)]
            stream = stream_of({1: first, 2: second})
            engine = Engine(BOOK, to_zones([]), FAMILIES)
            found = final_states([*engine.process(stream).changes, *engine.open_changes()])
            over = [one for one in found if one["rule"] == "continuous_driving"]
            assert [(one["vehicle"], seconds(one["start"]), seconds(one["found"])) for one in over] == wanted

    def test_a_second_vehicle_that_stands_changes_nothing(self) -> None:
        driven = [at(s, driver=7) for s in range(0, 14_500, 60)]
        parked = [at(s, 0, driver=7, longitude=118.0) for s in range(7, 14_500, 60)]
        engine = Engine(BOOK, to_zones([]), FAMILIES)
        found = final_states([*engine.process(stream_of({1: driven, 2: parked})).changes])
        assert [(one["vehicle"], one["rule"]) for one in found] == [
            (1, "continuous_driving"),
            (1, "continuous_driving_pre"),
        ]

    def test_a_driver_is_at_one_wheel_at_a_time(self) -> None:
        for offset in (0, 7):
            one = [at(s, driver=7) for s in range(0, 16_000, 60)]
            other = [at(s, driver=7) for s in range(offset, 16_000, 60)]
            changes = Engine(BOOK, to_zones([]), FAMILIES).process(stream_of({1: one, 2: other})).changes
            kinds = [(change.rule, change.kind, seconds(change.found_ms)) for change in changes]
            assert sorted(kinds) == [
                ("continuous_driving", "open", 14_460),
                ("continuous_driving_pre", "close", 12_600),
                ("continuous_driving_pre", "open", 12_600),
            ]

    def test_an_unknown_driver_changes_nothing(self) -> None:
        track = [at(s, driver=7 if s < 5_000 else 0) for s in range(0, 14_600, 100)]
        assert [seconds(one["start"]) for one in episodes(track)] == [0]

    def test_pre_alarm_half_an_hour_before(self) -> None:
        (found,) = episodes(drive((12_600, 60), (60, 60), (1_200, 0)), early=True)
        assert [seconds(found[name]) for name in ("start", "found", "end")] == [0, 12_600, 12_660]
        assert episodes(drive((12_599, 60)), early=True) == []

    def test_pre_alarm_ends_when_it_comes_true(self) -> None:
        (found,) = episodes(drive((14_400, 60), (60, 60)), early=True)
        assert seconds(found["end"]) == 14_460

    def test_no_clock_at_all_before_the_first_interval(self) -> None:
        assert episodes([at(0)]) == []


SQUARE = {"west": 118.0, "south": 32.0, "east": 118.01, "north": 32.01}


def zone(*rules: str, **demands: Any) -> Rectangle:
    return Rectangle("z", **SQUARE, rules=rules, **demands)


def visits(*pairs: tuple[float, float]) -> list[Report]:
    return [at(second, 50, longitude=longitude, latitude=32.005) for second, longitude in pairs]


class TestZones:
    def test_boundary_is_inside(self) -> None:
        found = episodes(
            visits((0, 117.999), (10, 118.0), (20, 118.01), (30, 118.0101)), [zone("enter", "exit")]
        )
        assert [(one["rule"], seconds(one["start"])) for one in found] == [
            ("zone_enter", 10),
            ("zone_exit", 30),
        ]
        assert all(one["start"] == one["found"] == one["end"] for one in found)

    def test_first_seen_inside_counts_as_entering(self) -> None:
        assert [one["rule"] for one in episodes(visits((0, 118.005)), [zone("enter", "exit")])] == [
            "zone_enter"
        ]

    def test_stay_is_longer_than(self) -> None:
        there = zone("stay", max_stay_s=60)
        assert episodes(visits((0, 118.005), (60, 118.005), (61, 119)), [there]) == []
        (found,) = episodes(
            visits((0, 118.005), (60, 118.005), (60.001, 118.005), (90, 118.0), (91, 119)), [there]
        )
        assert [seconds(found[name]) for name in ("start", "found", "end")] == [0, 60.001, 90]
        assert found["stay_s"] == 90

    def test_dwell_delays_entering(self) -> None:
        there = zone("enter", "exit", dwell_s=30)
        found = episodes(visits((0, 118.005), (29, 118.005), (40, 119)), [there])
        assert found == []
        found = episodes(visits((0, 118.005), (29, 118.005), (30, 118.005), (40, 119)), [there])
        assert [(one["rule"], seconds(one["start"])) for one in found] == [
            ("zone_enter", 30),
            ("zone_exit", 40),
        ]

    def test_a_report_without_a_fix_neither_leaves_nor_enters(self) -> None:
        track = visits((0, 118.005), (10, 118.005), (20, 118.005))
        track[1] = at(10, 50, longitude=0.0, latitude=0.0, fix=False)
        assert [one["rule"] for one in episodes(track, [zone("enter", "exit")])] == ["zone_enter"]

    def test_forbidden_only_for_the_class_and_in_its_hours(self) -> None:
        there = zone("forbidden", classes=(4,), hours=(12 * 60, 12 * 60 + 1))
        track = visits((-10, 118.005), (0, 118.005), (59, 118.005), (60, 118.005))
        assert episodes(track, [there]) == []
        for report in track:
            report.vehicle_class = 4
        (found,) = episodes(track, [there])
        assert (found["rule"], seconds(found["start"]), seconds(found["end"])) == ("zone_forbidden", 0, 59)

    def test_twenty_zones_at_one_position_all_count(self) -> None:
        rules = ("enter", "exit", "stay", "speed", "forbidden")
        many = [
            Rectangle(f"z{number:02}", **SQUARE, rules=rules, limit=40, max_stay_s=30) for number in range(20)
        ]
        there = [(second, 118.005) for second in range(0, 100, 10)]
        found = episodes(visits(*there, (100, 119)), many)
        counts = Counter(one["rule"] for one in found)
        assert [counts[f"zone_{rule}"] for rule in rules] == [20] * 5

    def test_too_many_zones_at_one_position_are_counted(self) -> None:
        many = [Rectangle(f"z{number:02}", **SQUARE, rules=("enter",)) for number in range(70)]
        engine = Engine(BOOK, to_zones(many))
        changes = engine.process(to_reports(1, visits((0, 118.005)))).changes
        assert [one.detail["zone_id"] for one in changes] == [f"z{number:02}" for number in range(64)]
        assert engine.zones_ignored == 6


def coach(*legs: tuple[float, float], start_h: float = 20) -> list[Report]:
    """Legs of a coach, a report every 60 s, from an hour of the day on."""
    begin = (start_h - 12) * 3600
    return [replace(one, time_ms=one.time_ms + round(begin * 1000), vehicle_class=3) for one in drive(*legs)]


def of(rule: str, reports: list[Report]) -> list[list[Any]]:
    """Start, found and end in hours of the day."""
    return [
        [None if one[name] is None else 12 + seconds(one[name]) / 3600 for name in ("start", "found", "end")]
        for one in episodes(reports, early=rule.endswith("_pre"))
        if one["rule"] == rule
    ]


class TestHours:
    def test_only_the_night_counts(self) -> None:
        assert of("night_driving", coach((4 * 3600, 60))) == []
        ((start, found, end),) = of("night_driving", coach((4 * 3600, 60), (60, 60), (1_200, 0)))
        assert (start, found) == (22, pytest.approx(24 + 1 / 60))
        assert end == pytest.approx(24 + 1 / 60)

    def test_the_night_ends_at_six(self) -> None:
        ((start, _, end),) = of("night_driving", coach((4 * 3600, 60), start_h=26.5))
        assert (start, end) == (26.5, 30)

    def test_a_stop_over_six_that_becomes_a_rest(self) -> None:
        night = coach((3 * 3600 - 600, 60), (60, 0), (900, 0), (600, 0), start_h=27)
        ((_, _, end),) = of("night_driving", night)
        assert end == pytest.approx(27 + (3 * 3600 - 600) / 3600)
        ((_, _, end),) = of("night_driving", night[:-10])
        assert end == 30

    def test_a_night_ends_at_six_of_its_own_morning(self) -> None:
        night = coach((3 * 3600, 60), start_h=26.5)
        days_later = replace(night[-1], time_ms=night[-1].time_ms + 60 * 3_600_000, longitude=120.0)
        ((start, _, end),) = of("night_driving", [*night, days_later])
        assert (start, end) == (26.5, 30)

    def test_trucks_have_no_night(self) -> None:
        track = [replace(one, vehicle_class=1) for one in coach((5 * 3600, 60))]
        assert of("night_driving", track) == []

    def test_eight_hours_in_a_day(self) -> None:
        legs = [(2 * 3600, 60), (1_260, 0)] * 4
        assert of("driving_24h", coach(*legs, start_h=6)) == []
        ((start, found, end),) = of("driving_24h", coach(*legs, (600, 60), (3_600, 0), start_h=6))
        assert start == found
        assert end is None

    def test_the_window_of_24_hours_moves_on(self) -> None:
        rest = (16 * 3600, 0)
        track = coach((4 * 3600, 60), (1_260, 0), (4 * 3600, 60), (1_260, 0), (600, 60), rest, start_h=6)
        ((_, found, end),) = of("driving_24h", track)
        assert found == pytest.approx(6 + (8 * 3600 + 2 * 1_260 + 60) / 3600)
        # Ten minutes over eight hours were driven: those from six on are
        # forgotten ten minutes past six, a day later.
        assert end == pytest.approx(30 + 600 / 3600)

    def test_forty_four_hours_in_seven_days(self) -> None:
        days = [(4 * 3600 - 600, 60), (1_260, 0), (4 * 3600 - 600, 60), (16 * 3600 - 60, 0)]
        track = coach(*(days * 6), start_h=6)
        ((start, found, _),) = of("driving_7d", track)
        assert start == found
        assert 6 + 5 * 24 < found < 6 + 6 * 24

    def test_the_calendar_day(self) -> None:
        legs = [(3 * 3600, 60), (1_260, 0)] * 3
        ((start, found, end),) = of("driving_day", coach(*legs, (10 * 3600, 0), start_h=8))
        assert start == found
        assert end == 24
