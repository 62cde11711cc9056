"""Whole vehicles one after the other give what all at once give, drivers who change vehicles included; of
each episode the last state remains."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.zones import ZoneSet
from rules import final, track_blocks
from rules.change import EpisodeChange
from rules.engine import Engine
from rules.history import Edition, Review
from rules.reports import Reports
from rules.rulebook import default_rulebook, rulebook_of
from rules.track_blocks import blocks
from tests.properties import PROPERTY

START_MS = 1_780_000_000_000


def tracks(seed: int, vehicles: int, drivers: int) -> Reports:
    """Vehicles in order, each with a track of its own; their drivers change over now and then, some are not
    named."""
    random = np.random.default_rng(seed)
    parts = []
    for vehicle in range(vehicles):
        count = int(random.integers(1, 400))
        shifts = random.integers(0, drivers + 1, count // 50 + 1).repeat(50)[:count]
        speed_kmh = np.where(random.random(count) < 0.9, random.normal(95, 15, count).clip(0, 180), 0)
        part = Reports.build(
            vehicle_key=np.full(count, vehicle + 1),
            time_ms=START_MS + np.sort(random.integers(0, 43_200, count)) * 1_000,
            longitude_deg=118 + random.normal(0, 0.01, count),
            latitude_deg=np.full(count, 32.0),
            speed_kmh=np.round(speed_kmh, 1),
            vehicle_class=np.full(count, vehicle % 4),
            driver_key=np.where(random.random(count) < 0.9, shifts, 0),
            alarm_bits=np.where(random.random(count) < 0.05, 1 << random.integers(0, 32, count), 0),
        )
        parts.append(part)
    return Reports.concat(parts)


def last_states(reports: Reports) -> dict[str, EpisodeChange]:
    """The last change of each alert, from an engine that takes all at once, as objects."""
    engine = Engine(default_rulebook(), ZoneSet())
    told = [*engine.process(reports).changes, *engine.open_changes()]
    return {one.alert_id: one for one in told}


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 30), st.integers(1, 600), st.integers(1, 4))
@PROPERTY
def test_blocks_give_what_all_at_once_give(
    seed: int, vehicles: int, drivers: int, block: int, slices: int
) -> None:
    reports = tracks(seed, vehicles, drivers)
    cuts_ms = START_MS + np.arange(1, slices) * 43_200_000 // slices
    slice_of = np.searchsorted(cuts_ms, reports.time_ms, "right")
    review = Review([Edition(0, default_rulebook())], ZoneSet())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(track_blocks, "BLOCK", block)
        patch.setattr(final, "_SLACK", block % 50)
        for number in range(slices):
            review.take(reports.take(slice_of == number))
        found = review.episodes()
    assert {one.alert_id: one for one in found} == last_states(reports)
    assert len({one.alert_id for one in found}) == len(found)


def test_an_episode_may_go_on_under_another_rulebook() -> None:
    reports = tracks(5, 6, 3)
    strict = rulebook_of('version = "strict"\nclass_limit_kmh = 60\n')
    editions = [Edition(0, default_rulebook()), Edition(START_MS + 20_000_000, strict)]
    review = Review(editions, ZoneSet())
    review.take(reports)
    engine = Engine(default_rulebook(), ZoneSet())
    before = reports.time_ms < START_MS + 20_000_000
    told = [*engine.process(reports.take(before)).changes]
    engine = engine.switched(strict)
    told += [*engine.process(reports.take(~before)).changes, *engine.open_changes()]
    found = review.episodes()
    assert {one.alert_id: one for one in found} == {one.alert_id: one for one in told}
    assert {one.rulebook_version for one in found} == {"strict", default_rulebook().version}


def sizes(reports: Reports, engine: Engine, block: int = 100) -> list[list[int]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(track_blocks, "BLOCK", block)
        return [np.unique(part.vehicle_key).tolist() for part in blocks(reports, engine)]


def of_vehicles(counts: dict[int, int], drivers: dict[int, int]) -> Reports:
    keys = np.repeat(list(counts), list(counts.values()))
    places = np.concatenate([np.arange(count) for count in counts.values()])
    return Reports.build(
        vehicle_key=keys,
        time_ms=START_MS + places * 30_000,
        longitude_deg=np.full(len(keys), 118.0),
        latitude_deg=np.full(len(keys), 32.0),
        speed_kmh=np.zeros(len(keys)),
        driver_key=np.array([drivers.get(int(key), 0) for key in keys]),
    )


def test_what_goes_together() -> None:
    engine = Engine(default_rulebook(), ZoneSet())
    counts = dict.fromkeys(range(1, 7), 40) | {7: 150}
    assert sizes(of_vehicles(counts, {}), engine) == [[1, 2], [3, 4], [5, 6], [7]]
    assert sizes(of_vehicles(counts, {2: 9, 5: 9}), engine) == [[1], [3, 4], [6], [7], [2, 5]]
    # Who drove it before the slice counts as well: here nobody is named.
    engine.process(of_vehicles({3: 2}, {3: 8}))
    assert sizes(of_vehicles(counts, {6: 8}), engine) == [[1, 2], [4, 5], [7], [3, 6]]
    # In another order than that of vehicles they are left together.
    mixed = of_vehicles(counts, {}).take(np.arange(390).reshape(10, 39).T.ravel())
    assert sizes(mixed, engine) == [list(counts)]
    assert sizes(Reports.empty(), engine) == [[]]
