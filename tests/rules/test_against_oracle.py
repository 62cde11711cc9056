"""The engine finds what the plain oracle finds, to the millisecond."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from geo.zones import ZoneSet
from rules import fatigue, speeding, zones
from rules.engine import Engine
from rules.rulebook import Rulebook, default_rulebook
from tests.properties import PROPERTY
from tests.rules.oracle import Report, Terms, episodes_of
from tests.rules.oracle_fatigue import Fatigue
from tests.rules.tracks import (
    SHORT_BOOK,
    SHORT_TERMS,
    ZONES,
    final_states,
    fleets,
    stream_of,
    to_reports,
    to_zones,
    tracks,
)

ZONE_SET = to_zones(ZONES)


def agree(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> None:
    assert len(found) == len(wanted), (found, wanted)
    for got, want in zip(found, wanted, strict=True):
        for name, value in want.items():
            near = pytest.approx(value, abs=0.1) if name == "distance_m" else value
            assert got[name] == near, (name, got, want)


def check(book: Rulebook, terms: Terms, track: list[Report]) -> None:
    engine = Engine(book, ZONE_SET, (zones.FAMILY, speeding.FAMILY))
    changes = engine.process(to_reports(1, track)).changes
    found = final_states([*changes, *engine.open_changes()])
    agree(found, episodes_of(track, ZONES, terms))


@PROPERTY
@given(tracks())
def test_short_terms(track: list[Report]) -> None:
    check(SHORT_BOOK, SHORT_TERMS, track)


@PROPERTY
@given(tracks())
def test_default_terms(track: list[Report]) -> None:
    check(default_rulebook(), Terms(), track)


def check_fatigue(book: Rulebook, terms: Terms, fleet: dict[int, list[Report]]) -> None:
    engine = Engine(book, ZoneSet(), (fatigue.FAMILY,))
    changes = engine.process(stream_of(fleet)).changes
    found = final_states([*changes, *engine.open_changes()])
    wanted = Fatigue(terms).run(fleet)
    agree(found, sorted(wanted, key=lambda one: (one["start"], one["rule"], "", one["vehicle"])))


@PROPERTY
@given(fleets())
def test_fatigue_on_short_terms(fleet: dict[int, list[Report]]) -> None:
    check_fatigue(SHORT_BOOK, SHORT_TERMS, fleet)


@PROPERTY
@given(fleets())
def test_fatigue_on_default_terms(fleet: dict[int, list[Report]]) -> None:
    check_fatigue(default_rulebook(), Terms(), fleet)
