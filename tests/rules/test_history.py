"""A second look at tracks: any slices of time give the same, each time has its rulebook, what is cut is not
judged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geo.kept import kept
from geo.zones import ZoneSet
from rules.change import EpisodeChange
from rules.history import Edition, Review, Span, compare, recompute
from rules.reports import Reports
from rules.rulebook import default_rulebook, rulebook_of

START_MS = 1_780_000_000_000


def track(count: int = 2_000) -> Reports:
    """Two vehicles whose driver changes over, too fast now and then."""
    turn = np.arange(count)
    random = np.random.default_rng(1)
    vehicle = np.where(turn < count // 2, 1, 2)
    return Reports.build(
        vehicle_key=vehicle,
        time_ms=START_MS + turn * 30_000,
        longitude_deg=118.0 + turn * 0.005,
        latitude_deg=np.full(count, 32.0),
        speed_kmh=np.round(random.normal(95, 8, count), 1),
        vehicle_class=np.full(count, 1),
        driver_key=np.full(count, 7),
    )


def test_slices_do_not_matter() -> None:
    reports = track()
    whole = recompute(default_rulebook(), ZoneSet(), reports)
    assert len({one.rule for one in whole}) > 2
    for cuts in ([700], [1, 999, 1_000, 1_500], range(0, 2_000, 111)):
        review = Review([Edition(0, default_rulebook())], ZoneSet())
        for part in np.split(np.arange(len(reports)), cuts):
            review.take(reports.take(part))
        assert review.episodes() == whole


def test_each_time_has_its_rulebook() -> None:
    strict = rulebook_of('version = "strict"\nclass_limit_kmh = 60\n')
    change_ms = START_MS + 1_000 * 30_000
    editions = [Edition(0, default_rulebook()), Edition(change_ms, strict), Edition(change_ms * 2, strict)]
    review = Review(editions, ZoneSet())
    review.take(track())
    for one in review.episodes():
        assert (one.rulebook_version == "strict") == (one.found_ms >= change_ms)


def change(
    name: str, start_ms: int, found_ms: int, end_ms: int | None, rule: str = "speeding"
) -> EpisodeChange:
    return EpisodeChange(
        name, 1, rule, 2, "close", start_ms, found_ms, end_ms, 118.0, 32.0, "complete", "v", {}
    )


def test_the_difference() -> None:
    spans = {1: Span(from_ms=100, to_ms=200, known_ms=50, first_ms=60)}
    same, longer = change("same", 90, 110, 150), change("longer", 100, 120, 140)
    stored = [same, longer, change("none", 100, 130, 140), change("before", 70, 99, 140)]
    found = [same, replace(longer, end_ms=160), change("new", 150, 160, 170), change("after", 190, 201, 210)]
    difference = compare(stored, found, spans)
    assert [one.alert_id for one in difference.missed] == ["new"]
    assert [(one.alert_id, one.end_ms) for one in difference.altered] == [("longer", 160)]
    assert [one.alert_id for one in difference.unfounded] == ["none"]
    still_open = compare([longer], [replace(longer, end_ms=None)], spans)
    assert (still_open.missed, still_open.altered, still_open.unfounded) == ([], [], [])


@pytest.mark.parametrize(
    ("rule", "start_ms", "judged"),
    [
        ("speeding", 60, True),
        ("speeding", 59, False),  # of another vehicle, or of a track that is gone
        ("continuous_driving", 55, True),  # begun in another vehicle
        ("continuous_driving", 49, False),  # before the reading
    ],
)
def test_what_was_going_on_before_the_reading_is_not_judged(rule: str, start_ms: int, judged: bool) -> None:
    span = Span(from_ms=100, to_ms=200, known_ms=50, first_ms=60)
    assert span.covers(change("a", start_ms, 150, None, rule)) == judged


def test_a_silence_that_ends_is_judged_from_the_report_before_the_reading() -> None:
    span = Span(from_ms=100, to_ms=200, known_ms=50, first_ms=10)
    assert span.covers(change("a", 10, 150, 150, "offline_24h"))
    assert not span.covers(change("a", 10, 150, None, "speeding"))


def test_what_is_kept_is_told_apart_by_identity() -> None:
    calls: list[object] = []

    @kept
    def make(one: list[int], other: str) -> list[int]:
        calls.append(one)
        return [*one]

    first, equal = [1], [1]
    assert make(first, "a") is make(first, "a")
    assert make(equal, "a") is not make(first, "a")
    assert len(calls) == 2
