"""The changes of a vehicle do not depend on how the stream was cut, stored, or spread over partitions."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.change import EpisodeChange
from rules.engine import Engine
from rules.identity import partitions_of
from rules.reports import Reports
from tests.properties import PROPERTY
from tests.rules.oracle import Report
from tests.rules.tracks import (
    SHORT_BOOK,
    ZONES,
    fleets,
    stream_of,
    to_reports,
    to_zones,
    tracks,
)

ZONE_SET = to_zones(ZONES)

Changes = dict[int, list[EpisodeChange]]


def by_vehicle(changes: list[EpisodeChange]) -> Changes:
    sorted_out: Changes = defaultdict(list)
    for change in changes:
        sorted_out[change.vehicle_key].append(change)
    return sorted_out


def run(engine: Engine, stream: Reports, cuts: list[int], restores: bool) -> tuple[Changes, Changes]:
    changes: list[EpisodeChange] = []
    bounds = [0, *sorted({min(cut, len(stream)) for cut in cuts}), len(stream)]
    for begin, end in itertools.pairwise(bounds):
        changes += engine.process(stream.take(slice(begin, end))).changes
        if restores:
            engine = Engine.restore(SHORT_BOOK, ZONE_SET, engine.snapshot())
    return by_vehicle(changes), by_vehicle(engine.open_changes())


Fleet = dict[int, list[Report]]

CUTS = st.lists(st.integers(0, 120), max_size=12)


@PROPERTY
@given(fleets(), CUTS, st.booleans())
def test_any_cut_and_restore(fleet: Fleet, cuts: list[int], restores: bool) -> None:
    stream = stream_of(fleet)
    whole = run(Engine(SHORT_BOOK, ZONE_SET), stream, [], False)
    assert run(Engine(SHORT_BOOK, ZONE_SET), stream, cuts, restores) == whole


@PROPERTY
@given(fleets())
def test_one_report_at_a_time(fleet: Fleet) -> None:
    stream = stream_of(fleet)
    whole = run(Engine(SHORT_BOOK, ZONE_SET), stream, [], False)
    assert run(Engine(SHORT_BOOK, ZONE_SET), stream, list(range(len(stream))), False) == whole


def with_own_drivers(vehicle: int, track: list[Report]) -> list[Report]:
    """The track with drivers that are seen in no other vehicle: the state of one partition knows
    no other's."""
    return [replace(one, driver=one.driver and 10 * vehicle + one.driver) for one in track]


@PROPERTY
@given(fleets(), st.integers(1, 5))
def test_any_number_of_partitions(fleet: Fleet, count: int) -> None:
    stream = stream_of({vehicle: with_own_drivers(vehicle, track) for vehicle, track in fleet.items()})
    whole = run(Engine(SHORT_BOOK, ZONE_SET), stream, [], False)
    spread: list[Any] = [{}, {}]
    partition = partitions_of(stream.vehicle_key, count)
    for one in range(count):
        parts = run(Engine(SHORT_BOOK, ZONE_SET), stream.take(partition == one), [], False)
        for seen, part in zip(spread, parts, strict=True):
            seen.update(part)
    assert tuple(spread) == whole


@PROPERTY
@given(tracks(), st.randoms(use_true_random=False))
def test_disorder_inside_a_batch(track: list[Report], random: Any) -> None:
    distinct = list({report.time_ms: report for report in track}.values())
    shuffled = list(distinct)
    random.shuffle(shuffled)
    straight = Engine(SHORT_BOOK, ZONE_SET).process(to_reports(1, distinct))
    assert Engine(SHORT_BOOK, ZONE_SET).process(to_reports(1, shuffled)).changes == straight.changes
