"""Terminal alarms, forbidden hours, data quality: against the oracle, for any cut, at each threshold."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.zones import ZoneSet
from rules import conditions
from rules.change import EpisodeChange
from rules.engine import Engine
from rules.identity import vehicle_key
from rules.reports import Reports
from rules.rulebook import Rulebook, default_rulebook, rulebook_of
from tests.properties import PROPERTY
from tests.rules.oracle_conditions import Told, judge, metres
from tests.rules.tracks import MIDNIGHT_S

BOOK = default_rulebook()
NO_ZONES = ZoneSet()


def to_reports(track: list[Told], key: int = 7) -> Reports:
    count = len(track)
    return Reports.build(
        vehicle_key=np.full(count, key),
        time_ms=np.array([one.time_s * 1000 for one in track], np.int64),
        received_ms=np.array([(one.time_s + one.delay_s) * 1000 for one in track], np.int64),
        longitude_deg=np.array([one.longitude for one in track]),
        latitude_deg=np.array([one.latitude for one in track]),
        speed_kmh=np.array([one.speed for one in track], float),
        vehicle_class=np.array([one.vehicle_class for one in track], np.uint8),
        alarm_bits=np.array([one.bits for one in track], np.uint32),
        status_bits=np.array([2 if one.fix else 0 for one in track], np.uint32),
        altitude_m=np.array([one.altitude for one in track], np.int16),
        recorder_speed_kmh=np.array([np.nan if one.recorder is None else one.recorder for one in track]),
    )


def engine(book: Rulebook = BOOK) -> Engine:
    return Engine(book, NO_ZONES, (conditions.FAMILY,))


def run(
    reports: Reports, cuts: list[int], restores: bool = False, book: Rulebook = BOOK
) -> list[EpisodeChange]:
    judge_of, changes = engine(book), []
    for begin, end in itertools.pairwise([0, *sorted({min(c, len(reports)) for c in cuts}), len(reports)]):
        changes += judge_of.process(reports.take(slice(begin, end))).changes
        if restores:
            data = judge_of.snapshot()
            judge_of = Engine.restore(book, NO_ZONES, data)
    return changes + judge_of.open_changes()


def final(changes: list[EpisodeChange]) -> list[dict[str, Any]]:
    last = {change.alert_id: change for change in changes}
    said = [
        {
            "rule": one.rule,
            "start": one.start_ms // 1000,
            "found": one.found_ms // 1000,
            "end": None if one.end_ms is None else one.end_ms // 1000,
            "bridged": one.evidence == "bridged",
        }
        | ({"bit": one.detail["bit"]} if "bit" in one.detail else {})
        for one in last.values()
    ]
    return sorted(said, key=lambda one: (one["start"], one["rule"], one.get("bit", 0), one["found"]))


_LEG = st.fixed_dictionaries(
    {
        "count": st.sampled_from([1, 1, 2, 3, 8, 20]),
        "step_s": st.sampled_from([1, 10, 30, 60, 61, 299, 300, 301, 600, 601, 1800, 1801, 86_400, 86_401]),
        "speed": st.sampled_from([0, 5, 5.1, 20, 20.1, 40, 41, 60, 160, 160.1]),
        "east": st.sampled_from([0, 0, 0, 0.0005, 0.002, 0.03, 0.3, -0.3, 1.0, 20.0]),
        "bits": st.sampled_from([0, 0, 0, 1, 1 << 18, 1 << 20, (1 << 20) | 1, 2**32 - 1]),
        "recorder": st.sampled_from([None, None, 41, 45, 60, 67]),
        "delay_s": st.sampled_from([0, 0, 0, 61, 65, 71, 72, -61, -200, 7200]),
        "altitude": st.sampled_from([20, 20, 20, -201, 6501]),
        "fix": st.sampled_from([True, True, True, False]),
    }
)


@st.composite
def told(draw: Any) -> list[Told]:
    time_s = MIDNIGHT_S + draw(st.sampled_from([0, 3600, 5399, 5400, 7100, 7199, 7200, 17_990, 18_000]))
    longitude, vehicle_class = 118.0, draw(st.integers(0, 4))
    track: list[Told] = []
    for leg in draw(st.lists(_LEG, min_size=1, max_size=10)):
        for _ in range(leg["count"]):
            time_s += leg["step_s"]
            longitude = round(longitude + leg["east"], 4)
            longitude = longitude if abs(longitude) < 170 else 118.0
            said = {name: leg[name] for name in ("speed", "bits", "recorder", "delay_s", "altitude", "fix")}
            track.append(Told(time_s, longitude, 32.0, vehicle_class=vehicle_class, **said))
    return track


@PROPERTY
@given(told(), st.lists(st.integers(0, 120), max_size=8))
def test_as_the_oracle_says(track: list[Told], cuts: list[int]) -> None:
    assert final(run(to_reports(track), cuts)) == judge(track)


@PROPERTY
@given(told(), st.lists(st.integers(0, 120), max_size=8), st.booleans())
def test_any_cut_and_restore(track: list[Told], cuts: list[int], restores: bool) -> None:
    def whole(changes: list[EpisodeChange]) -> list[EpisodeChange]:
        return [change for change in changes if change.rule in WATCHED]

    reports = to_reports(track)
    assert whole(run(reports, cuts, restores)) == whole(run(reports, []))


_MINUTES = st.integers(0, 1439)


@st.composite
def bans(draw: Any) -> list[tuple[int, int]]:
    """Windows of the day, over midnight or not, that may touch and overlap."""
    starts = draw(st.lists(st.sampled_from([0, 1, 29, 30, 120, 690, 1380, 1439]) | _MINUTES, max_size=3))
    return [(start, (start + draw(st.sampled_from([1, 30, 300, 1000]))) % 1440) for start in starts]


@st.composite
def night_drives(draw: Any) -> list[Told]:
    time_s, x = MIDNIGHT_S + 60 * draw(_MINUTES) + draw(st.sampled_from([0, 59])), 118.0
    track: list[Told] = []
    for _ in range(draw(st.integers(1, 8))):
        step_s, speed = draw(st.sampled_from([30, 60, 299, 301, 3600])), draw(st.sampled_from([20, 20.1, 50]))
        for _ in range(draw(st.sampled_from([1, 2, 12, 30]))):
            time_s, x = time_s + step_s, x + 0.001
            track.append(Told(time_s, x, 32.0, speed, 4))
    return track


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@PROPERTY
@given(bans(), night_drives(), st.lists(st.integers(0, 200), max_size=4))
def test_any_hours(windows: list[tuple[int, int]], track: list[Told], cuts: list[int]) -> None:
    said = ",".join(f"{clock(begin)}-{clock(end)}" for begin, end in windows)
    book = rulebook_of(f'[forbidden_hours]\nby_class = {{ hazmat = "{said}" }}')
    found = [one for one in final(run(to_reports(track), cuts, book=book)) if "forbidden" in one["rule"]]
    assert found == [one for one in judge(track, {4: windows}) if "forbidden" in one["rule"]]


_DAYS = st.tuples(st.integers(-2, 2), st.integers(0, 2), st.booleans(), st.booleans())


@PROPERTY
@given(st.lists(_DAYS, max_size=3), night_drives())
def test_any_exemptions(days: list[tuple[int, int, bool, bool]], track: list[Told]) -> None:
    """From and until are days, both included; several exemptions of one vehicle all count."""
    first = datetime.fromtimestamp(MIDNIGHT_S, timezone(timedelta(hours=8))).date()
    text, spans = "", []
    for begin, length, has_from, has_until in days:
        text += '[[exemption]]\nvehicles = ["V"]\nkind = "relay"\n'
        text += f"from = {first + timedelta(begin)}\n" if has_from else ""
        text += f"until = {first + timedelta(begin + length)}\n" if has_until else ""
        spans.append(
            (
                MIDNIGHT_S + begin * 86_400 if has_from else -math.inf,
                MIDNIGHT_S + (begin + length + 1) * 86_400 if has_until else math.inf,
            )
        )
    book = rulebook_of(text + '[forbidden_hours]\nby_class = { hazmat = "22:00-05:00" }')
    found = final(run(to_reports(track, vehicle_key("V")), [], book=book))
    wanted = judge(track, {4: [(1320, 300)]}, spans)
    assert [one for one in found if "forbidden" in one["rule"]] == [
        one for one in wanted if "forbidden" in one["rule"]
    ]


WATCHED = {
    *("emergency", "terminal_alarm", "forbidden_hours", "forbidden_hours_pre"),
    *conditions.quality.RULES.values(),
}


def drive(seconds: range, **said: Any) -> list[Told]:
    """A track that moves on, so that nothing but what is said is odd."""
    start_s = MIDNIGHT_S + 12 * 3600
    places = (118.0 + second * 0.0001 for second in seconds)
    return [Told(start_s + second, x, 32.0, **said) for second, x in zip(seconds, places, strict=True)]


def rules_of(track: list[Told], book: Rulebook = BOOK) -> list[tuple[str, int, int | None]]:
    """Rule, start and end of each episode, counted from the first report."""
    one = engine(book)
    changes = one.process(to_reports(track)).changes + one.open_changes()
    zero = track[0].time_s
    return [
        (e["rule"], e["start"] - zero, None if e["end"] is None else e["end"] - zero) for e in final(changes)
    ]


class TestTerminalAlarms:
    def bits(self, *bits: int) -> list[Told]:
        track = drive(range(0, 10 * len(bits), 10))
        return [replace(one, bits=mask) for one, mask in zip(track, bits, strict=True)]

    def test_held_bit_is_as_long_as_it_is_up(self) -> None:
        assert rules_of(self.bits(0, 1 << 18, 1 << 18, 0)) == [("terminal_alarm", 10, 20)]

    def test_held_bit_still_up(self) -> None:
        assert rules_of(self.bits(0, 1 << 18)) == [("terminal_alarm", 10, None)]

    def test_pulse_is_told_once(self) -> None:
        assert rules_of(self.bits(1 << 20, 1 << 20, 0, 1 << 20, 0)) == [("terminal_alarm", 0, 0)]

    def test_pulse_again_after_the_join_time(self) -> None:
        later = self.bits(1 << 20, *[0] * 6, 1 << 20)
        assert rules_of(later) == [("terminal_alarm", 0, 0), ("terminal_alarm", 70, 70)]
        assert rules_of(self.bits(1 << 20, *[0] * 5, 1 << 20)) == [("terminal_alarm", 0, 0)]

    def test_emergency_at_once_at_level_1_each_time(self) -> None:
        found = rules_of(self.bits(1, 0, 1, 0))
        assert found == [("emergency", 0, 0), ("emergency", 20, 20)]
        first = engine().process(to_reports(self.bits(1))).changes[0]
        assert (first.rule, first.level, first.kind) == ("emergency", 1, "open")

    def test_emergency_cannot_be_switched_off(self) -> None:
        book = rulebook_of(f"emergency_level = 0\nterminal_bit_level = {[0] * 32}")
        track = self.bits(2**32 - 1, 0)
        assert rules_of(track, book) == [("emergency", 0, 0)]
        assert engine(book).process(to_reports(track)).changes[0].level == 1

    def test_both_names_are_told(self) -> None:
        change = engine().process(to_reports(self.bits(1 << 29))).changes[0]
        assert change.detail["alarm"] == "collision"
        assert change.detail["alarm_zh"].startswith("碰撞")


class TestForbiddenHours:
    def night(self, begin_s: int, end_s: int, speed: float = 60, step_s: int = 30, **said: Any) -> list[Told]:
        seconds = range(begin_s, end_s + 1, step_s)
        return [
            Told(MIDNIGHT_S + second, 118 + second * 0.0001, 32.0, speed, **{"vehicle_class": 3, **said})
            for second in seconds
        ]

    def found(self, track: list[Told], book: Rulebook = BOOK) -> list[tuple[str, int, int | None]]:
        return [one for one in rules_of(track, book) if one[0] == "forbidden_hours"]

    def test_five_minutes_count(self) -> None:
        stop = self.night(7800, 7800, speed=0)
        assert self.found(self.night(7200, 7500) + stop) == [("forbidden_hours", 0, 300)]
        assert self.found(self.night(7200, 7470) + stop) == []

    def test_only_over_the_speed(self) -> None:
        assert self.found(self.night(7200, 9000, speed=20)) == []
        assert self.found(self.night(7200, 9000, speed=20.1)) == [("forbidden_hours", 0, None)]

    def test_only_inside_the_hours(self) -> None:
        assert self.found(self.night(6000, 7500)) == [("forbidden_hours", 1200, None)]
        assert self.found(self.night(17_700, 18_600)) == []
        assert self.found(self.night(17_670, 18_600)) == [("forbidden_hours", 0, 300)]

    def test_other_classes(self) -> None:
        assert self.found(self.night(7200, 9000, vehicle_class=1)) == []
        book = rulebook_of('[forbidden_hours]\nby_class = { hazmat = "00:00-06:00" }')
        assert self.found(self.night(3600, 4200, vehicle_class=4), book) == [("forbidden_hours", 0, None)]

    def test_reminder_half_an_hour_before_once(self) -> None:
        track = self.night(5370, 7140)
        track[10] = replace(track[10], speed=0)
        assert rules_of(track) == [("forbidden_hours_pre", 30, None)]

    @pytest.mark.parametrize(
        ("said", "free"),
        [
            ('kind = "relay"', True),
            ('kind = "short_line"\none_way_km = 200', True),
            ('kind = "short_line"\none_way_km = 200.1', False),
            ('kind = "relay"\nuntil = 2001-01-01', False),
        ],
    )
    def test_exemptions(self, said: str, free: bool) -> None:
        book = rulebook_of(f'[[exemption]]\nvehicles = ["coach"]\n{said}')
        one = Engine(book, NO_ZONES, (conditions.FAMILY,))
        changes = one.process(to_reports(self.night(7200, 9000), vehicle_key("coach"))).changes
        assert (changes == []) is free
        others = one.process(to_reports(self.night(7200, 9000), vehicle_key("other"))).changes
        assert [change.rule for change in others] == ["forbidden_hours"]


class TestDataQuality:
    def test_jump(self) -> None:
        near, far = Told(MIDNIGHT_S, 118.0), Told(MIDNIGHT_S + 60, 118.1)
        assert metres(near, far) > 200 / 3.6 * 60
        assert rules_of([near, far]) == [("position_jump", 0, 60)]
        assert rules_of([near, replace(far, time_s=far.time_s + 120)]) == []
        assert rules_of([near, replace(far, longitude=118.02, time_s=near.time_s + 1)]) == []

    def test_drift_needs_three_moves(self) -> None:
        def standing(moves: int) -> list[Told]:
            return [Told(MIDNIGHT_S + 30 * n, 118 + 0.002 * n, 32.0, 0) for n in range(moves + 1)]

        assert rules_of(standing(2)) == []
        assert rules_of(standing(3)) == [("position_drift", 0, None)]

    def test_frozen_for_ten_minutes(self) -> None:
        def frozen(seconds: int) -> list[Told]:
            return [Told(MIDNIGHT_S + second) for second in range(0, seconds + 1, 30)]

        assert rules_of(frozen(570)) == []
        assert rules_of(frozen(600)) == [("position_frozen", 0, None)]
        assert rules_of([replace(one, speed=20) for one in frozen(600)]) == []

    def test_clock_that_is_off_by_the_same(self) -> None:
        assert rules_of([replace(one, delay_s=90) for one in drive(range(0, 301, 30))]) == [
            ("clock_suspect", 0, None)
        ]
        stored = [replace(one, delay_s=1000 - 30 * n) for n, one in enumerate(drive(range(0, 301, 30)))]
        assert rules_of(stored) == []
        assert rules_of([replace(one, delay_s=60) for one in drive(range(0, 301, 30))]) == []

    def test_speed_source(self) -> None:
        def pulse(recorder: float, seconds: int = 300) -> list[tuple[str, int, int | None]]:
            return rules_of([replace(one, recorder=recorder) for one in drive(range(0, seconds + 1, 10))])

        both = [("speed_source_check", 0, 300), ("speed_source_suspect", 0, None)]
        assert pulse(66.61) == pulse(53.39) == both
        assert (pulse(66.6), pulse(53.4), pulse(70, 290)) == ([], [], [])

    def test_speed_source_is_checked_once_a_day(self) -> None:
        def told(track: list[Told]) -> list[tuple[int, int | None]]:
            found = rules_of(track)
            return [(start, end) for rule, start, end in found if rule == "speed_source_check"]

        drift = drive(range(0, 2000, 10), recorder=70)
        stop = [
            replace(one, speed=0, recorder=0) if 400 <= n * 10 < 500 else one for n, one in enumerate(drift)
        ]
        assert told(drift) == told(stop) == [(0, 300)]
        day = [replace(one, time_s=one.time_s + 86_400) for one in drift]
        assert told(drift + day) == [(0, 300), (86_400, 86_700)]
        # The first stretch decides: one good report in it, and the day's check is passed.
        good = [replace(one, recorder=60) if n == 5 else one for n, one in enumerate(drift)]
        assert told(good) == []
        (change,) = [
            one for one in engine().process(to_reports(drift)).changes if one.rule == "speed_source_check"
        ]
        assert change.detail["min_difference_percent"] == change.detail["max_difference_percent"] == 16.7
        assert change.detail["day"] == "2026-05-28"

    def test_offline_displacement(self) -> None:
        def away(seconds: int, degrees: float) -> list[tuple[str, int, int | None]]:
            track = [Told(MIDNIGHT_S, speed=0), Told(MIDNIGHT_S + seconds, 118 + degrees, speed=0)]
            return [one for one in rules_of(track) if one[0] == "offline_displacement"]

        assert away(1800, 0.3) == [("offline_displacement", 0, 1800)]  # 28 km in 30 min
        assert away(1799, 0.3) == []
        assert away(1800, 0.2) == []  # 19 km
        assert away(1800, 0.6) == []  # 57 km: 1.9 km/min

    def test_silence(self) -> None:
        def silent(seconds: int, speed: float) -> list[str]:
            track = [Told(MIDNIGHT_S, speed=speed), Told(MIDNIGHT_S + seconds, speed=0)]
            return [rule for rule, _, _ in rules_of(track)]

        assert silent(1800, 20.1) == ["silent_driving"]
        assert silent(1799, 60) == silent(1800, 20) == []
        assert silent(86_400, 0) == []
        assert silent(86_401, 0) == ["offline_24h"]
        assert silent(86_401, 60) == ["offline_24h", "silent_driving"]

    @pytest.mark.parametrize(
        ("said", "reasons"),
        [
            ({"longitude": 73.54}, ["longitude"]),
            ({"longitude": 135.09}, ["longitude"]),
            ({"latitude": 3.84}, ["latitude"]),
            ({"latitude": 53.56}, ["latitude"]),
            ({"speed": 160.1}, ["speed"]),
            ({"altitude": -201}, ["altitude"]),
            ({"altitude": 6501, "speed": 170}, ["speed", "altitude"]),
            ({"longitude": 0.0, "latitude": 0.0, "fix": False}, None),
            ({"longitude": 73.55, "latitude": 53.55, "speed": 160, "altitude": 6500}, None),
        ],
    )
    def test_invalid_ranges(self, said: dict[str, Any], reasons: list[str] | None) -> None:
        changes = engine().process(to_reports([replace(Told(MIDNIGHT_S), **said)])).changes
        found = [change.detail["reasons"] for change in changes if change.rule == "invalid_data"]
        assert found == ([] if reasons is None else [reasons])
