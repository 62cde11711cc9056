"""The engine finds what the plain oracle finds, to the millisecond."""

from __future__ import annotations

import pytest
from hypothesis import given

from rules.engine import Engine
from rules.rulebook import Rulebook, default_rulebook
from tests.rules.oracle import Report, Terms, episodes_of
from tests.rules.tracks import (
    PROPERTY,
    SHORT_BOOK,
    SHORT_TERMS,
    ZONES,
    final_states,
    to_reports,
    to_zones,
    tracks,
)

ZONE_SET = to_zones(ZONES)


def check(book: Rulebook, terms: Terms, track: list[Report]) -> None:
    engine = Engine(book, ZONE_SET)
    changes = engine.process(to_reports(1, track)).changes
    found = final_states([*changes, *engine.open_changes()])
    wanted = episodes_of(track, ZONES, terms)
    assert len(found) == len(wanted), (found, wanted)
    for got, want in zip(found, wanted, strict=True):
        for name, value in want.items():
            near = pytest.approx(value, abs=0.1) if name == "distance_m" else value
            assert got[name] == near, (name, got, want)


@PROPERTY
@given(tracks())
def test_short_terms(track: list[Report]) -> None:
    check(SHORT_BOOK, SHORT_TERMS, track)


@PROPERTY
@given(tracks())
def test_default_terms(track: list[Report]) -> None:
    check(default_rulebook(), Terms(), track)
