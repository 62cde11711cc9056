"""The emergency button: told whatever else is wrong with the report that carries it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.zones import ZoneSet
from rules import distress
from rules.change import EpisodeChange
from rules.reports import Reports
from rules.rulebook import default_rulebook, rulebook_of
from rules.timely import Timely
from tests.properties import PROPERTY
from tests.rules.tracks import MIDNIGHT_S

BOOK = default_rulebook()
NO_ZONES = ZoneSet()
EARLY_S = 900_000_000


@dataclass(frozen=True)
class Told:
    """One report."""

    second: int
    bits: int = 0
    longitude: float = 118.0
    latitude: float = 32.0
    speed: float = 50.0
    fix: bool = True
    received: int | None = None


def to_reports(track: list[Told]) -> Reports:
    seconds = [one.second if one.second == EARLY_S else MIDNIGHT_S + one.second for one in track]
    received = [at if one.received is None else one.received for at, one in zip(seconds, track, strict=True)]
    return Reports.build(
        vehicle_key=np.full(len(track), 7),
        time_ms=np.array(seconds, np.int64) * 1000,
        received_ms=np.array(received, np.int64) * 1000,
        longitude_deg=np.array([one.longitude for one in track]),
        latitude_deg=np.array([one.latitude for one in track]),
        speed_kmh=np.array([one.speed for one in track]),
        alarm_bits=np.array([one.bits for one in track], np.uint32),
        status_bits=np.array([2 if one.fix else 0 for one in track], np.uint32),
    )


def run(track: list[Told], cuts: tuple[int, ...] = (), restores: bool = False) -> list[EpisodeChange]:
    engine, found = Timely.new(BOOK, NO_ZONES), []
    reports = to_reports(track)
    for begin, end in itertools.pairwise([0, *sorted({min(c, len(track)) for c in cuts}), len(track)]):
        found += engine.process(reports.take(slice(begin, end))).changes
        found += engine.late_changes()
        if restores:
            engine = Timely.restore(BOOK, NO_ZONES, engine.snapshot())
    return [one for one in found if one.rule == "emergency"]


IMPOSSIBLE = {
    "longitude": {"longitude": 181.0},
    "latitude": {"latitude": -90.5},
    "speed": {"speed": 251.0},
    "time_too_early": {"second": EARLY_S, "received": MIDNIGHT_S + 60},
    "time_ahead": {"second": 500, "received": MIDNIGHT_S + 60},
}


@pytest.mark.parametrize("reason", IMPOSSIBLE)
def test_in_a_report_that_is_set_aside(reason: str) -> None:
    pressed = replace(Told(60, bits=1), **IMPOSSIBLE[reason])  # type: ignore[arg-type]
    [one] = run([Told(0), pressed])
    assert (one.level, one.kind, one.detail["set_aside"]) == (1, "close", reason)
    assert one.start_ms == one.found_ms == one.end_ms == (MIDNIGHT_S + 60) * 1000
    assert (one.longitude_deg, one.latitude_deg) == (118.0, 32.0)


def test_of_a_vehicle_never_seen_before() -> None:
    [one] = run([Told(60, bits=1, latitude=99.0)])
    assert (one.longitude_deg, one.latitude_deg) == (0.0, 0.0)


def test_held_down_it_is_one_press() -> None:
    bad = [Told(second, bits=1, longitude=200.0) for second in (0, 300, 600, 901)]
    assert [one.start_ms // 1000 - MIDNIGHT_S for one in run(bad)] == [0, 901]


def test_without_the_button_nothing_is_told() -> None:
    assert run([Told(0, bits=0xFFFF_FFFE, longitude=200.0)]) == []


def test_without_a_fix_it_is_where_the_last_fix_was() -> None:
    [one] = run([Told(0), Told(30, bits=1, fix=False, longitude=0.0, latitude=0.0)])
    assert (one.kind, one.longitude_deg, one.latitude_deg) == ("open", 118.0, 32.0)


def test_in_a_second_report_of_one_time() -> None:
    assert [one.kind for one in run([Told(0), Told(30), Told(30, bits=1)])] == ["open"]
    assert [one.kind for one in run([Told(0), Told(30, bits=1), Told(30)])] == ["open", "close"]


def test_in_a_report_that_comes_late() -> None:
    [one] = run([Told(0), Told(120), Told(60, bits=1)], (1, 2))
    assert (one.level, one.start_ms) == (1, (MIDNIGHT_S + 60) * 1000)


def test_no_rulebook_holds_it_back() -> None:
    with pytest.raises(ValueError, match="terminal_pulse_bits"):
        rulebook_of("terminal_pulse_bits = [0]")
    book = rulebook_of(f"emergency_level = 0\nterminal_bit_level = {[0] * 32}")
    changes = Timely.new(book, NO_ZONES).process(to_reports([Told(0, bits=1, longitude=200.0)])).changes
    assert [(one.rule, one.level) for one in changes] == [("emergency", 1)]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distress, "MOST_VEHICLES", 4)
    told = distress.Distress({key: key for key in range(4)})
    reports = to_reports([Told(0, bits=1, longitude=200.0)])
    told.tell(reports, np.array([4], np.uint8), {}, BOOK)
    assert sorted(told.last_ms) == [2, 3, 7]


_TOLD = st.builds(
    Told,
    second=st.integers(1, 400),
    bits=st.sampled_from([0, 1, 1]),
    longitude=st.sampled_from([118.0, 118.1, 200.0]),
    speed=st.sampled_from([50.0, 400.0]),
    fix=st.booleans(),
)


@st.composite
def tracks(draw: Any) -> list[Told]:
    second, track = 0, []
    for one in draw(st.lists(_TOLD, min_size=1, max_size=20)):
        second += one.second
        track.append(replace(one, second=second))
    return track


@PROPERTY
@given(tracks(), st.lists(st.integers(0, 20), max_size=5), st.booleans())
def test_every_press_is_told_once_for_any_cut(track: list[Told], cuts: list[int], restores: bool) -> None:
    aside = [one for one in run(track, tuple(cuts), restores) if "set_aside" in one.detail]
    wanted, last = [], -1_000
    for one in track:
        if one.bits & 1 and (one.longitude > 180 or one.speed > 250):
            if one.second - last > 300:
                wanted.append((MIDNIGHT_S + one.second) * 1000)
            last = one.second
    assert [one.start_ms for one in aside] == wanted
    whole = [one for one in run(track) if "set_aside" in one.detail]
    assert aside == whole
