"""A rulebook that comes with the stream: from one report on, and what alerts say of it."""

from __future__ import annotations

import numpy as np
import pytest

from geo.zones import ZoneSet
from rules.blocks import decode_block
from rules.engine import Engine
from rules.reports import Reports
from rules.rulebook import RulebookError, default_rulebook, rulebook_of
from rules.rulebook_record import decode_rulebook, encode_rulebook, is_rulebook

STRICT = rulebook_of('version = "strict"\n[class_limit_kmh]\nvalue = 60\n')
OLD = default_rulebook().version
START_MS = 1_780_000_000_000


def at(seconds: range, speed_kmh: float) -> Reports:
    count = len(seconds)
    return Reports.build(
        vehicle_key=np.full(count, 1),
        time_ms=START_MS + np.array(seconds) * 1000,
        longitude_deg=118 + np.array(seconds) * 1e-4,
        latitude_deg=np.full(count, 32.0),
        speed_kmh=np.full(count, speed_kmh),
    )


def told(engine: Engine, reports: Reports) -> list[tuple[str, str, str]]:
    changes = engine.process(reports).changes
    return [(one.rule, one.kind, one.rulebook_version) for one in changes if one.rule == "speeding"]


def test_what_follows_is_judged_by_the_new_one() -> None:
    engine = Engine(default_rulebook(), ZoneSet())
    assert told(engine, at(range(0, 100, 10), 80)) == []
    engine = engine.switched(STRICT)
    assert told(engine, at(range(100, 200, 10), 80)) == [("speeding", "open", "strict")]


def test_an_open_episode_keeps_the_version_that_found_it() -> None:
    engine = Engine(default_rulebook(), ZoneSet())
    assert told(engine, at(range(0, 100, 10), 110)) == [("speeding", "open", OLD)]
    engine = engine.switched(STRICT)
    assert [one.rulebook_version for one in engine.open_changes() if one.rule == "speeding"] == [OLD]
    engine = Engine.restore(default_rulebook(), ZoneSet(), engine.snapshot())
    assert told(engine, at(range(100, 110, 10), 70)) == []  # over the new limit: it goes on
    engine = engine.switched(rulebook_of('version = "third"'))
    assert told(engine, at(range(110, 120, 10), 50)) == [("speeding", "close", OLD)]


def test_a_published_rulebook_outlives_a_restart() -> None:
    engine = Engine(default_rulebook(), ZoneSet()).switched(STRICT)
    again = Engine.restore(default_rulebook(), ZoneSet(), engine.snapshot())
    assert again.rulebook.version == "strict"
    assert told(again, at(range(0, 100, 10), 80)) == [("speeding", "open", "strict")]


def test_one_from_the_settings_does_not() -> None:
    data = Engine(STRICT, ZoneSet()).snapshot()
    assert Engine.restore(default_rulebook(), ZoneSet(), data).rulebook.version == OLD


def test_records() -> None:
    value = encode_rulebook(STRICT.text)
    assert is_rulebook(value)
    assert decode_rulebook(value) == STRICT
    assert decode_block(value).rows == 0


@pytest.mark.parametrize(
    "value", [b"haulwatch-rulebook 2\n", b"haulwatch-rulebook 1\n\xff", b"haulwatch-rulebook 1\nx"]
)
def test_records_that_cannot_be_read(value: bytes) -> None:
    assert is_rulebook(value)
    with pytest.raises(RulebookError):
        decode_rulebook(value)
