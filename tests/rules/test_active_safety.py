"""Active-safety alarms: merged as the oracle says, graded, fused, and every one filed."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.zones import ZoneSet
from rules import active_safety, fatigue
from rules.change import EpisodeChange, Outcome
from rules.engine import Engine
from rules.reports import Reports
from rules.rulebook import Rulebook, default_rulebook, rulebook_of
from rules.safety import SafetyAlarms
from rules.safety_kinds import kind_of
from tests.rules.oracle_safety import Alarm, Told, judge
from tests.rules.tracks import MIDNIGHT_S, PROPERTY

BOOK = default_rulebook()
FAMILIES = (fatigue.FAMILY, active_safety.FAMILY)


def to_reports(track: list[Told], speed_kmh: float = 60.0) -> Reports:
    count = len(track)
    flat = [(row, alarm) for row, one in enumerate(track) for alarm in one.alarms]
    zeros = [0] * len(flat)
    safety = SafetyAlarms.build(
        row=[row for row, _ in flat],
        peripheral=[alarm.peripheral for _, alarm in flat],
        event=[alarm.event for _, alarm in flat],
        level=[alarm.level for _, alarm in flat],
        speed_kmh=[alarm.speed for _, alarm in flat],
        identifier=[alarm.identifier for _, alarm in flat],
        terminal_alarm_id=range(len(flat)),
        time_ms=zeros,
        **dict.fromkeys(("dialect", "flag", "degree", "longitude_deg", "latitude_deg", "attachments"), zeros),
    )
    time_ms = np.array([one.time_s * 1000 for one in track], np.int64)
    return Reports.build(
        vehicle_key=np.full(count, 7),
        time_ms=time_ms,
        longitude_deg=118 + (time_ms - MIDNIGHT_S * 1000) * 1e-7,
        latitude_deg=np.full(count, 32.0),
        speed_kmh=np.full(count, speed_kmh),
        vehicle_class=np.full(count, 1, np.uint8),
        safety=safety,
    )


def engine(book: Rulebook = BOOK) -> Engine:
    return Engine(book, ZoneSet(), FAMILIES)


def run(reports: Reports, cuts: list[int], restores: bool = False) -> tuple[list[EpisodeChange], list[Any]]:
    one, changes, filed = engine(), [], []
    for begin, end in itertools.pairwise([0, *sorted({min(c, len(reports)) for c in cuts}), len(reports)]):
        outcome = one.process(reports.take(slice(begin, end)))
        changes += outcome.changes
        filed += outcome.alarms
        if restores:
            one = Engine.restore(BOOK, ZoneSet(), one.snapshot())
    return [one for one in changes + one.open_changes() if is_safety(one.rule)], filed


def is_safety(rule: str) -> bool:
    return rule in active_safety.RULES.values() and rule != "fused_fatigue"


def final(changes: list[EpisodeChange]) -> list[dict[str, Any]]:
    said = [
        {
            "rule": one.rule,
            "start": one.start_ms // 1000,
            "end": None if one.end_ms is None else one.end_ms // 1000,
            "level": one.level,
            "alarms": one.detail["alarms"],
        }
        for one in {change.alert_id: change for change in changes}.values()
    ]
    return sorted(said, key=lambda one: (one["start"], one["rule"]))


_ALARM = st.builds(
    Alarm,
    st.sampled_from([0x64, 0x64, 0x65, 0x65, 0x66, 0x67]),
    st.just(0),
    st.sampled_from([0, 1, 2, 9]),
    st.sampled_from([0, 50, 51, 60, 61, 90]),
    st.sampled_from([bytes(16), *(bytes([number] * 16) for number in range(1, 8))]),
)
_EVENTS = {0x64: [1, 3, 4, 9, 0x10], 0x65: [1, 2, 0x11], 0x66: [0], 0x67: [2]}


@st.composite
def told(draw: Any) -> list[Told]:
    time_s, track = MIDNIGHT_S + draw(st.sampled_from([0, 19_800, 43_200])), []
    for _ in range(draw(st.integers(1, 30))):
        time_s += draw(st.sampled_from([1, 30, 150, 299, 300, 301]))
        alarms = draw(st.lists(_ALARM, max_size=3))
        chosen = [
            Alarm(
                one.peripheral,
                draw(st.sampled_from(_EVENTS[one.peripheral])),
                one.level,
                one.speed,
                one.identifier,
            )
            for one in alarms
        ]
        track.append(Told(time_s, tuple(chosen)))
    return track


@PROPERTY
@given(told(), st.lists(st.integers(0, 30), max_size=6))
def test_as_the_oracle_says(track: list[Told], cuts: list[int]) -> None:
    assert final(run(to_reports(track), cuts)[0]) == judge(track)


@PROPERTY
@given(told(), st.lists(st.integers(0, 30), max_size=6), st.booleans())
def test_any_cut_and_restore(track: list[Told], cuts: list[int], restores: bool) -> None:
    reports = to_reports(track)
    assert run(reports, cuts, restores) == run(reports, [])


@PROPERTY
@given(told())
def test_every_alarm_is_filed_under_its_alert(track: list[Told]) -> None:
    changes, filed = run(to_reports(track), [])
    assert len(filed) == sum(len(one.alarms) for one in track)
    known = {change.alert_id: change for change in changes}
    for filing in filed:
        kind = kind_of(filing.peripheral, filing.dialect, filing.event)
        assert (filing.alert_id is None) == (kind is None)
        if filing.alert_id is not None:
            assert known[filing.alert_id].rule == kind


def one_alarm(*alarms: Alarm, book: Rulebook = BOOK, second: int = 12 * 3600, speed: float = 60.0) -> Outcome:
    reports = to_reports([Told(MIDNIGHT_S + second, alarms)], speed)
    return engine(book).process(reports)


def levels(*alarms: Alarm, **said: Any) -> dict[str, int]:
    return {change.rule: change.level for change in one_alarm(*alarms, **said).changes}


class TestLevels:
    @pytest.mark.parametrize(("sent", "ours"), [(2, 1), (1, 2)])
    def test_two_is_the_graver_as_sent(self, sent: int, ours: int) -> None:
        assert levels(Alarm(0x64, 1, sent, 40, b"a")) == {"adas_forward_collision": ours}

    @pytest.mark.parametrize(("speed", "ours"), [(50, 2), (51, 1)])
    def test_without_a_level_the_speed_grades(self, speed: int, ours: int) -> None:
        assert levels(Alarm(0x64, 1, 0, speed, b"a")) == {"adas_forward_collision": ours}

    def test_it_rises_with_a_graver_alarm(self) -> None:
        track = [Told(MIDNIGHT_S + s, (Alarm(0x64, 1, s // 30 + 1, 40, bytes([s + 1])),)) for s in (0, 30)]
        changes = engine().process(to_reports(track)).changes
        assert [(one.kind, one.level) for one in changes] == [("open", 2), ("update", 1)]

    def test_the_rulebook_decides(self) -> None:
        book = rulebook_of("safety_sent_level = [3, 3, 2]\ndsm_smoking_least_level = 1\nsafety_off = ['bsd']")
        alarms = (Alarm(0x64, 1, 2, 40, b"a"), Alarm(0x65, 3, 1, 40, b"b"), Alarm(0x67, 1, 0, 40, b"c"))
        assert levels(*alarms, book=book) == {"adas_forward_collision": 2, "dsm_smoking": 1}

    def test_events_make_no_alert(self) -> None:
        outcome = one_alarm(Alarm(0x64, 0x10, 0, 40, b"a"), Alarm(0x65, 0x11, 0, 40, b"b"))
        assert outcome.changes == []
        assert [one.alert_id for one in outcome.alarms] == [None, None]


class TestProvinces:
    @pytest.mark.parametrize(
        ("dialect", "event", "kind"),
        [
            (1, 0x0D, "dsm_phone_play"),
            (0, 0x0D, "dsm_other"),
            (1, 0x0A, "dsm_seat_belt"),
            (255, 2, "dsm_phone"),
        ],
    )
    def test_events_of_guangdong(self, dialect: int, event: int, kind: str) -> None:
        assert kind_of(0x65, dialect, event) == kind


class TestFused:
    def test_phone_over_the_speed(self) -> None:
        assert "fused_phone" not in levels(Alarm(0x65, 2, 1, 60, b"a"))
        assert levels(Alarm(0x65, 2, 1, 61, b"a"))["fused_phone"] == 1

    def test_the_reports_speed_where_the_alarm_has_none(self) -> None:
        assert "fused_phone" in levels(Alarm(0x65, 2, 1, 0, b"a"), speed=61)

    @pytest.mark.parametrize(
        ("second", "night"), [(79_199, False), (79_200, True), (21_599, True), (21_600, False)]
    )
    def test_headway_at_night(self, second: int, night: bool) -> None:
        assert ("fused_headway" in levels(Alarm(0x64, 3, 1, 60, b"a"), second=second)) is night

    @pytest.mark.parametrize(("seconds", "tired"), [(7170, False), (7200, True)])
    def test_tired_eyes_after_hours_at_the_wheel(self, seconds: int, tired: bool) -> None:
        track = [Told(MIDNIGHT_S + 36_000 + second) for second in range(0, seconds, 30)]
        track.append(Told(MIDNIGHT_S + 36_000 + seconds, (Alarm(0x65, 1, 1, 60, b"a"),)))
        changes = engine().process(to_reports(track)).changes
        fused = [one for one in changes if one.rule == "fused_fatigue"]
        assert [one.detail["driving_s"] for one in fused] == ([7200] if tired else [])
