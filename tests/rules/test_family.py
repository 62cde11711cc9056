"""A rule is a kernel, a name and a sentence: a plain family of its own, through the whole engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from geo.zones import ZoneSet
from rules.engine import Engine
from rules.family import PlainFamily
from rules.finding import CLOSE, FINDING, MOST_AN_ENTRY, OPEN, UPDATE
from rules.records import NONE
from rules.reports import Reports
from rules.rulebook import Rulebook, default_rulebook
from rules.telling import Told

STANDING, JERK = range(2)
NOON_MS = 1_780_285_200_000


@kernel
def step(begin: int, entries: Any, state: Any, parameters: Any, findings: Any) -> tuple[int, int]:
    """Standing is an episode; a change of speed by 50 km/h from report to report an instant."""
    count = 0
    for at in range(begin, len(entries)):
        if len(findings) - count < MOST_AN_ENTRY:
            return at, count
        e = entries[at]
        s = state[e.row]
        stands = e.speed_kmh <= parameters[e.vehicle_class].stopped_kmh
        if stands != (s.since_ms != NONE):
            f = findings[count]
            f.at, f.row, f.what = at, e.row, STANDING
            f.kind = OPEN if stands else CLOSE
            s.since_ms = e.time_ms if stands else s.since_ms
            f.start_ms, f.found_ms, f.end_ms = s.since_ms, s.since_ms, NONE if stands else e.time_ms
            s.since_ms = s.since_ms if stands else NONE
            count += 1
        if e.known and abs(e.speed_kmh - e.before_speed_kmh) > 50.0:
            f = findings[count]
            f.at, f.row, f.kind, f.what = at, e.row, CLOSE, JERK
            f.start_ms = f.found_ms = f.end_ms = e.time_ms
            f.a = e.speed_kmh - e.before_speed_kmh
            count += 1
    return len(entries), count


def describe(finding: Any, book: Rulebook) -> Told:
    if finding.what == STANDING:
        return Told(3, {})
    return Told(1, {"change_kmh": finding.a, "version": book.version})


def going_on(state: NDArray[np.void]) -> NDArray[np.void]:
    rows = (state["since_ms"] != NONE).nonzero()[0]
    findings = np.zeros(len(rows), FINDING)
    findings["row"], findings["what"] = rows, STANDING
    findings["kind"], findings["end_ms"] = UPDATE, NONE
    findings["start_ms"] = findings["found_ms"] = state["since_ms"][rows]
    return findings


FAMILY = PlainFamily(
    name="jerks",
    layout={"since_ms": ("i8", NONE)},
    plan={"stopped_kmh": ("f8", "stopped_speed_kmh")},
    step=step,
    rules={STANDING: "standing", JERK: "jerk"},
    describe=describe,
    going_on=going_on,
    decimals={"a": 1},
)


def reports(speeds_kmh: list[list[float]]) -> Reports:
    """A row a vehicle, a report a minute."""
    speeds = np.array(speeds_kmh)
    vehicles, count = speeds.shape
    return Reports.build(
        vehicle_key=np.repeat(np.arange(vehicles) + 1, count),
        time_ms=NOON_MS + np.tile(np.arange(count), vehicles) * 60_000,
        longitude_deg=np.full(speeds.size, 118.0),
        latitude_deg=np.full(speeds.size, 32.0),
        speed_kmh=speeds.ravel(),
    )


def test_a_rule_of_ones_own() -> None:
    engine = Engine(default_rulebook(), ZoneSet([]), [FAMILY])
    changes = engine.process(reports([[0.0, 0.0, 60.123, 1.0]])).changes
    told = [(one.rule, one.kind, one.level, one.start_ms - NOON_MS, one.detail) for one in changes]
    version = default_rulebook().version
    assert told == [
        ("standing", "open", 3, 0, {}),
        ("jerk", "close", 1, 120_000, {"change_kmh": 60.1, "version": version}),
        ("standing", "close", 3, 0, {}),
        ("jerk", "close", 1, 180_000, {"change_kmh": -59.1, "version": version}),
        ("standing", "open", 3, 180_000, {}),
    ]
    assert changes[0].alert_id == changes[2].alert_id != changes[4].alert_id
    (still,) = engine.open_changes()
    assert (still.alert_id, still.kind, still.end_ms) == (changes[4].alert_id, "update", None)


def test_more_findings_than_there_is_room_for_at_first() -> None:
    vehicles = 3000
    engine = Engine(default_rulebook(), ZoneSet([]), [FAMILY])
    changes = engine.process(reports([[0.0, 90.0, 0.0]] * vehicles)).changes
    assert len(changes) == 5 * vehicles
    assert {one.detail["change_kmh"] for one in changes if one.rule == "jerk"} == {90.0, -90.0}
    places = [(one.start_ms if one.end_ms is None else one.end_ms, one.vehicle_key) for one in changes]
    assert places == sorted(places)
    assert len(engine.open_changes()) == vehicles
    again = engine.process(reports([[0.0, 90.0, 0.0]] * vehicles)).changes
    assert len(again) == 0
