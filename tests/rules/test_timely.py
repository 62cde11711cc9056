"""Within ten minutes of disorder the alerts are those of the sorted stream."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.change import Disposition, EpisodeChange
from rules.engine import Engine
from rules.reports import Reports
from rules.timely import HORIZON_MS, Timely
from tests.properties import PROPERTY
from tests.rules.oracle import Report
from tests.rules.tracks import SHORT_BOOK, ZONES, fleets, stream_of, to_reports, to_zones

ZONE_SET = to_zones(ZONES)


def states(changes: list[EpisodeChange], going_on: list[EpisodeChange]) -> dict[str, EpisodeChange]:
    """Each alert as it was told last, without those withdrawn."""
    last = {one.alert_id: one for one in changes}
    last = {name: one for name, one in last.items() if one.kind != "withdraw"}
    last |= {one.alert_id: one for one in going_on}
    return {name: replace(one, kind="", revised=0) for name, one in last.items()}


def of_sorted_stream(stream: Reports) -> dict[str, EpisodeChange]:
    engine = Engine(SHORT_BOOK, ZONE_SET)
    return states(engine.process(stream).changes, engine.open_changes())


def disordered(stream: Reports, delay_ms: np.ndarray) -> Reports:
    """Each report comes later by its delay; within a vehicle nothing is over the horizon then."""
    return stream.take(np.argsort(stream.time_ms + delay_ms, kind="stable"))


def run(stream: Reports, cuts: list[int], restores: bool) -> tuple[list[EpisodeChange], Timely]:
    engine = Timely.new(SHORT_BOOK, ZONE_SET)
    changes: list[EpisodeChange] = []
    bounds = [0, *sorted({min(cut, len(stream)) for cut in cuts}), len(stream)]
    for begin, end in itertools.pairwise(bounds):
        changes += engine.process(stream.take(slice(begin, end))).changes
        changes += engine.late_changes()
        engine._settle()
        if restores:
            engine = Timely.restore(SHORT_BOOK, ZONE_SET, engine.snapshot())
    return changes, engine


def one_a_time(track: list[Report]) -> list[Report]:
    """One report of each time; drivers change over to other vehicles as they like."""
    return list({one.time_ms: one for one in track}.values())


@PROPERTY
@given(fleets(), st.lists(st.integers(0, 150), max_size=12), st.booleans(), st.integers(0, 2**32 - 1))
def test_disorder_within_the_horizon(
    fleet: dict[int, list[Report]], cuts: list[int], restores: bool, seed: int
) -> None:
    # One time, one report: what comes at one time keeps the order of its arrival, which disorder changes.
    fleet = {vehicle: one_a_time(track) for vehicle, track in fleet.items()}
    stream = stream_of(fleet)
    delay_ms = np.random.default_rng(seed).integers(0, HORIZON_MS + 1, len(stream))
    changes, engine = run(disordered(stream, delay_ms), cuts, restores)
    assert states(changes, engine.open_changes()) == of_sorted_stream(stream)


def speeding(*seconds: int, speed: float = 110.0) -> list[Report]:
    begin_ms = 1_780_000_000_000
    return [Report(begin_ms + 1000 * second, 118.5, 32.5, speed) for second in seconds]


def told(engine: Timely, reports: list[Report]) -> list[tuple[str, str]]:
    changes = engine.process(to_reports(1, reports)).changes + engine.late_changes()
    return [(one.rule, one.kind) for one in changes if one.rule == "speeding"]


def test_an_alert_that_a_late_report_breaks_is_withdrawn() -> None:
    engine = Timely.new(SHORT_BOOK, ZONE_SET)
    assert told(engine, speeding(0, 20, 40)) == [("speeding", "open")]
    assert told(engine, speeding(30, speed=50.0)) == [("speeding", "withdraw")]
    assert told(engine, speeding(60, 65)) == []
    assert told(engine, speeding(70)) == [("speeding", "open")]


def test_an_alert_that_only_late_reports_show() -> None:
    engine = Timely.new(SHORT_BOOK, ZONE_SET)
    assert told(engine, speeding(0) + speeding(60, speed=50.0)) == []
    assert told(engine, speeding(20, 40)) == [("speeding", "close")]


def test_copies_of_what_is_in_the_tail_change_nothing() -> None:
    engine = Timely.new(SHORT_BOOK, ZONE_SET)
    told(engine, speeding(0, 20, 40))
    outcome = engine.process(to_reports(1, speeding(20, 0)))
    assert outcome.disposition.tolist() == [Disposition.DUPLICATE] * 2
    assert engine.late == 0


def test_later_than_the_horizon_is_for_history() -> None:
    engine = Timely.new(SHORT_BOOK, ZONE_SET)
    told(engine, speeding(0, 1_000, 1_001))
    engine._settle()
    outcome = engine.process(to_reports(1, speeding(0, -1) + speeding(402)))
    assert outcome.disposition.tolist() == [Disposition.LATE] * 3
    assert engine.late == 1


def test_the_tail_is_bounded() -> None:
    engine = Timely.new(SHORT_BOOK, ZONE_SET)
    most: Any = 0
    for hour in range(10):
        engine.process(to_reports(1, speeding(*range(3600 * hour, 3600 * hour + 3600, 1))))
        most = max(most, engine.tail_rows)
    assert most <= 3600 + 2 * 601 + 1_000


def test_another_rulebook_settles_what_came_before() -> None:
    engine = Timely.new(SHORT_BOOK, ZONE_SET)
    told(engine, speeding(0, 20, 40))
    engine = engine.switched(SHORT_BOOK.changed(speeding_min_s=1_000))
    assert (engine.tail_rows, engine.rulebook.speeding_min_s) == (0, 1_000)
    assert told(engine, speeding(50) + speeding(60, speed=50.0)) == [("speeding", "close")]
