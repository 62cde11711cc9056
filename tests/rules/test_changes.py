"""Changes are made when they are looked at: the same ones, whenever and in whatever parts that is."""

from __future__ import annotations

import uuid
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.zones import Zone, ZoneSet
from rules.change import EpisodeChange, made_quickly
from rules.changes import Changes
from rules.engine import Engine
from rules.finding import FINDING
from rules.finding_order import in_order
from rules.identity import alert_id, uuid_texts
from rules.reports import Reports
from rules.rounding import rounded
from rules.rulebook import default_rulebook
from tests.properties import PROPERTY

DAY_MS = 86_400_000
NOON_MS = 1_780_285_200_000


@pytest.fixture(scope="module")
def zones() -> ZoneSet:
    near, far = shapely.box(118.0, 32.0, 118.05, 32.05), shapely.box(118.02, 32.0, 118.07, 32.05)
    return ZoneSet([Zone("b", "b", "b", near), Zone("a", "a", "a", far, ("enter", "exit", "speed"), 60.0)])


def crossing(begin: int, vehicles: int = 40, rows: int = 60) -> Reports:
    """Vehicles that go to and fro through zones, too fast by turns, with alarm bits up."""
    random = np.random.default_rng(begin)
    turn = np.repeat(np.arange(rows), vehicles)
    key = np.tile(np.arange(vehicles) * 7_919 - 99, rows)
    return Reports.build(
        vehicle_key=key,
        time_ms=NOON_MS + (begin * rows + turn) * 30_000 + random.integers(0, 5, len(key)) * 1000,
        longitude_deg=118.0 + 0.1 * np.sin((turn + 3 * key) / 5),
        latitude_deg=np.full(len(key), 32.01),
        speed_kmh=np.array([55.0, 137.25, 97.0])[turn // 7 % 3],
        vehicle_class=np.full(len(key), 3),
        alarm_bits=np.where(turn % 11 > 7, 1 << 7 | 1 << 10 | 1 << 9, 0),
    )


def told(zones: ZoneSet, batches: int = 1) -> list[Changes]:
    engine = Engine(default_rulebook(), zones)
    made: list[Any] = [engine.process(crossing(number)).changes for number in range(batches)]
    return made


def test_parts_are_parts_of_the_whole(zones: ZoneSet) -> None:
    (changes,) = told(zones)
    whole = list(changes)
    assert len(changes) == len(whole) > 500
    assert [changes[place] for place in range(0, len(whole), 50)] == whole[::50]
    assert changes[-1] == whole[-1]
    assert [name.hex() for name in changes.ids] == [one.alert_id.replace("-", "") for one in whole]
    for part in (slice(3, 90), slice(None, None, 7), slice(-20, None), slice(5, 5), slice(None, None, -1)):
        assert list(changes[part]) == whole[part]
        assert changes[part].ids == changes.ids[part]
    assert changes == whole
    assert whole == changes
    assert changes == told(zones)[0]
    assert changes != whole[1:]
    assert changes != [*whole[:-1], replace(whole[-1], level=9)]
    assert changes[:2] + whole[:1] == [*whole[:2], whole[0]]
    assert whole[:1] + changes[:1] == whole[:1] * 2
    with pytest.raises(IndexError):
        changes[len(whole)]


def test_each_is_named_after_what_it_is_about(zones: ZoneSet) -> None:
    (changes,) = told(zones)
    rules = set()
    for one in changes:
        subject = one.detail.get("zone_id", "")
        if one.rule == "terminal_alarm":
            subject = str(one.detail["bit"])
        assert one.alert_id == alert_id(one.vehicle_key, one.rule, one.start_ms, subject)
        rules.add(one.rule)
    assert {"speeding", "speeding_pre", "zone_enter", "zone_exit", "zone_speed", "terminal_alarm"} <= rules


def test_earlier_changes_stay_what_they_were(zones: ZoneSet) -> None:
    engine = Engine(default_rulebook(), zones)
    kept, at_the_time = [], []
    for number in range(4):
        changes = engine.process(crossing(number)).changes
        kept.append(changes)
        at_the_time.append(list(changes))
    assert all(at_the_time)
    assert [list(changes) for changes in kept] == at_the_time


def test_all_of_one_time_are_told_in_order_of_vehicle_entry_rule_and_subject(zones: ZoneSet) -> None:
    engine = Engine(default_rulebook(), zones)
    keys = np.array([5, -(1 << 62), 1 << 62, 0])
    batch = Reports.build(
        vehicle_key=np.tile(keys, 2),
        time_ms=np.repeat([NOON_MS, NOON_MS + 30_000], 4),
        longitude_deg=np.full(8, 118.03),
        latitude_deg=np.full(8, 32.01),
        speed_kmh=np.full(8, 130.0),
        vehicle_class=np.full(8, 3),
        alarm_bits=np.full(8, 1 << 7 | 1 << 10 | 1 << 9),
    )
    seen = [
        (one.found_ms, one.vehicle_key, one.rule, one.detail.get("zone_id", str(one.detail.get("bit", ""))))
        for one in engine.process(batch).changes
        if one.kind != "update"
    ]
    assert len(seen) > 20
    assert seen == sorted(seen)


@st.composite
def found(draw: Any) -> tuple[Any, Any, Any]:
    """Findings of a few entries of a few vehicles, keys and times near and far apart."""
    spread = draw(st.sampled_from((3, 1 << 40, 1 << 62)))
    keys = draw(st.lists(st.integers(-spread, spread), min_size=1, max_size=6, unique=True))
    late = draw(st.sampled_from((2, 90_000, 200 * 365 * DAY_MS)))
    entries = np.zeros(draw(st.integers(1, 12)), [("row", "i4"), ("time_ms", "i8")])
    count = draw(st.integers(0, 60))
    draws = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    entries["row"] = draws.integers(0, len(keys), len(entries))
    entries["time_ms"] = draws.integers(0, late, len(entries))
    findings = np.zeros(count, FINDING)
    findings["at"] = draws.integers(0, len(entries), count)
    findings["rule"] = draws.integers(0, 3, count)
    findings["subject_rank"] = draws.integers(-2, 2, count)
    return findings, entries, np.array(keys, np.int64)


@PROPERTY
@given(found())
def test_order(drawn: tuple[Any, Any, Any]) -> None:
    findings, entries, keys = drawn

    def place(index: int) -> tuple[int, ...]:
        one = findings[index]
        entry = entries[one["at"]]
        return entry["time_ms"], keys[entry["row"]], one["at"], one["rule"], one["subject_rank"], index

    assert in_order(findings, entries, keys).tolist() == sorted(range(len(findings)), key=place)


def test_order_of_many_that_no_number_tells_apart() -> None:
    """All the vehicles' keys differ in their lowest bits only, but for one far away."""
    count = 3000
    keys = np.append(np.random.default_rng(1).permutation(count), -(1 << 63))
    entries = np.zeros(count + 1, [("row", "i4"), ("time_ms", "i8")])
    entries["row"] = np.arange(count + 1)
    entries["time_ms"][-1] = 100 * 365 * DAY_MS
    findings = np.zeros(count + 1, FINDING)
    findings["at"] = np.arange(count + 1)
    assert in_order(findings, entries, keys).tolist() == [*np.argsort(keys[:count]).tolist(), count]


NUMBERS = st.floats(-1e7, 1e7) | st.integers(-(10**9), 10**9).map(lambda n: n / 2000) | st.floats()


@PROPERTY
@given(st.lists(NUMBERS, max_size=30), st.integers(0, 4))
def test_rounding_is_pythons(values: list[float], decimals: int) -> None:
    ours = rounded(np.array(values, np.float64), decimals)
    assert ours.tobytes() == np.array([round(one, decimals) for one in values], np.float64).tobytes()


@PROPERTY
@given(st.lists(st.binary(min_size=16, max_size=16), max_size=5))
def test_names_are_uuids(numbers: list[bytes]) -> None:
    assert uuid_texts(numbers) == [str(uuid.UUID(bytes=number)) for number in numbers]


def test_a_change_made_quickly_is_a_change() -> None:
    values = ("id", 1, "speeding", 2, "open", 3, 4, None, 5.0, 6.0, "complete", "v", {"a": 1})
    quick, slow = made_quickly(*values), EpisodeChange(*values)
    assert quick == slow
    assert (repr(quick), type(quick)) == (repr(slow), EpisodeChange)
    assert replace(quick, level=1) == replace(slow, level=1)
    assert [getattr(quick, one.name) for one in fields(quick)] == [*values, 0]
    with pytest.raises(FrozenInstanceError):
        quick.level = 3  # type: ignore[misc]
