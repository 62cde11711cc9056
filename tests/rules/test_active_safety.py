"""Active-safety alarms: merged as the oracle says, graded, fused, and every one filed."""

from __future__ import annotations

import itertools
from dataclasses import replace
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
from rules.rulebook import Rulebook, RulebookError, default_rulebook, rulebook_of
from rules.safety import SafetyAlarms
from rules.safety_kinds import kind_of
from tests.properties import PROPERTY
from tests.rules.oracle_safety import Alarm, Told, judge
from tests.rules.tracks import MIDNIGHT_S

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
        flag=[alarm.flag for _, alarm in flat],
        degree=[alarm.degree for _, alarm in flat],
        attachments=[alarm.files for _, alarm in flat],
        tyre_bits=[alarm.tyre_bits for _, alarm in flat],
        tyres=[alarm.tyres for _, alarm in flat],
        terminal_alarm_id=range(len(flat)),
        # Their own times, of which the episodes take no notice.
        time_ms=[(MIDNIGHT_S + 977 * number % 86_400) * 1000 for number in range(len(flat))],
        **dict.fromkeys(("dialect", "longitude_deg", "latitude_deg"), zeros),
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
            "attachments": one.detail["attachments"],
        }
        | {name: one.detail[name] for name in ("max_degree", "tyres") if name in one.detail}
        for one in {change.alert_id: change for change in changes}.values()
    ]
    return sorted(said, key=lambda one: (one["start"], one["rule"]))


_ALARM = st.builds(
    Alarm,
    st.sampled_from([0x64, 0x64, 0x65, 0x65, 0x66, 0x67]),
    st.just(0),
    st.sampled_from([0, 1, 2, 9]),
    st.sampled_from([0, 50, 51, 60, 61, 90]),
    # Of two terminals; told again they may state other numbers of files, behind the first 14 bytes.
    st.sampled_from([bytes(16), *(bytes([number % 7 + 1] * 15 + [number]) for number in range(1, 15))]),
    st.sampled_from([0, 0, 1, 2]),
    st.integers(0, 12),
    st.integers(0, 3),
    st.sampled_from([0, 1, 2, 5, 0x10, 0x8001, 0xFFFF]),
    st.sampled_from([0, 1, 1 << 31, 6]),
)
_EVENTS = {0x64: [1, 3, 4, 9, 0x10], 0x65: [1, 2, 0x11], 0x66: [0], 0x67: [2]}


@st.composite
def told(draw: Any) -> list[Told]:
    time_s, track = MIDNIGHT_S + draw(st.sampled_from([0, 19_800, 43_200])), []
    for _ in range(draw(st.integers(1, 30))):
        time_s += draw(st.sampled_from([1, 30, 150, 299, 300, 301, 900]))
        alarms = draw(st.lists(_ALARM, max_size=3))
        chosen = [replace(one, event=draw(st.sampled_from(_EVENTS[one.peripheral]))) for one in alarms]
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
        quiet = filing.peripheral == 0x66 and filing.tyre_bits in (0, 1)
        assert (filing.alert_id is None) == (kind is None or quiet)
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


def tyre(bits: int, tyres: int = 1, **said: int) -> Alarm:
    return Alarm(0x66, 0, 0, 60, bytes([bits & 0xFF, 7] * 8), tyre_bits=bits, tyres=tyres, **said)


class TestTyres:
    @pytest.mark.parametrize("bits", [0, 1])
    def test_a_periodic_report_is_no_alarm(self, bits: int) -> None:
        outcome = one_alarm(tyre(bits))
        assert outcome.changes == []
        assert [one.alert_id for one in outcome.alarms] == [None]

    def test_what_is_wrong_with_which_tyre(self) -> None:
        track = [Told(MIDNIGHT_S, (tyre(0b101, 1 << 3), tyre(0b1000001, 1 << 5))), Told(MIDNIGHT_S + 30)]
        change = engine().process(to_reports(track)).changes[-1]
        assert change.detail["tyres"] == [3, 5]
        assert change.detail["tyre_events"] == ["pressure_low", "slow_leak"]
        assert change.detail["tyre_events_zh"] == ["胎压过低", "慢漏气"]
        assert change.level == 2

    @pytest.mark.parametrize(
        ("bits", "level"), [(1 << 1, 2), (1 << 4, 3), (1 << 7, 3), (1 << 15, 3), (-1, 2)]
    )
    def test_each_event_has_its_level(self, bits: int, level: int) -> None:
        assert levels(tyre(bits)) == {"tpms": level}

    def test_the_rulebook_says_which_events_are_alarms(self) -> None:
        quiet = [0] * 16
        book = rulebook_of(f"[tpms_bit_level]\nvalue = {quiet}\nby_class.hazmat = {[1] * 16}")
        assert levels(tyre(0b10), book=book) == {}
        with pytest.raises(RulebookError, match="needs 16 values, not 3"):
            rulebook_of("tpms_bit_level = [0, 1, 2]")


class TestBeginningAndEnd:
    """An alarm that lasts is told when it begins and when it ends, of one identifier or of two."""

    @staticmethod
    def told(*flags: tuple[int, int]) -> list[dict[str, Any]]:
        """Episodes of alarms at seconds with flags, among reports of each minute."""
        alarms = {
            second: (Alarm(0x65, 4, 1, 60, bytes([second // 60 + 1] * 16), flag),) for second, flag in flags
        }
        track = [Told(MIDNIGHT_S + second, alarms.get(second, ())) for second in range(0, 3000, 60)]
        return [
            {name: one[name] - MIDNIGHT_S for name in ("start", "end")}
            for one in final(run(to_reports(track), [7, 20])[0])
        ]

    def test_the_end_after_minutes_is_no_second_alarm(self) -> None:
        assert self.told((60, 1), (960, 2)) == [{"start": 60, "end": 960}]

    def test_not_beyond_the_cap(self) -> None:
        assert self.told((60, 1), (1920, 2)) == [{"start": 60, "end": 60}, {"start": 1920, "end": 1920}]

    def test_what_has_ended_does_not_end_again(self) -> None:
        assert self.told((60, 1), (120, 2), (900, 2)) == [
            {"start": 60, "end": 120},
            {"start": 900, "end": 900},
        ]

    def test_another_beginning_is_another_alarm(self) -> None:
        assert self.told((60, 1), (900, 1)) == [{"start": 60, "end": 60}, {"start": 900, "end": 900}]

    def test_alarms_without_a_beginning_do_not_wait_for_an_end(self) -> None:
        assert self.told((60, 0), (900, 2)) == [{"start": 60, "end": 60}, {"start": 900, "end": 900}]
