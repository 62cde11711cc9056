"""The map of newest positions against a dictionary that takes one report after the other."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.desk.positions import PositionMap
from alerts.desk.roster import RosterEntry
from rules.reports import Reports

START_MS = 1_795_000_000_000
ENTRIES = {key: RosterEntry(f"v{key}", '苏"A\\', "hazmat") for key in (-5, 0, 7)}

REPORT = st.fixed_dictionaries(
    {
        "vehicle_key": st.sampled_from([-(2**63), -5, 0, 7, 8, 2**63 - 1]),
        "time_ms": st.integers(-3, 6).map(lambda s: START_MS + 500 * s)
        | st.sampled_from([0, START_MS + 299_000, START_MS + 302_000]),
        "longitude_deg": st.floats(-181, 181) | st.just(float("nan")),
        "latitude_deg": st.floats(-91, 91),
        "speed_kmh": st.floats(-1, 251),
        "heading_deg": st.integers(0, 359),
        "altitude_m": st.integers(-400, 9000),
        "alarm_bits": st.integers(0, 2**32 - 1),
        "status_bits": st.sampled_from([0, 1, 2, 3, 2**32 - 1]),
    }
)


def plain_newest(reports: list[dict]) -> dict[int, dict]:
    """One report after the other, the plain way."""
    newest: dict[int, dict] = {}
    for report in reports:
        usable = (
            report["status_bits"] & 2
            and 946_684_800_000 <= report["time_ms"] <= START_MS + 300_000
            and -180 <= report["longitude_deg"] <= 180
            and -90 <= report["latitude_deg"] <= 90
            and 0 <= report["speed_kmh"] <= 250
        )
        known = newest.get(report["vehicle_key"])
        if usable and (known is None or report["time_ms"] >= known["time_ms"]):
            newest[report["vehicle_key"]] = report
    return newest


def apply(positions: PositionMap, reports: list[dict]) -> None:
    if reports:
        columns = {name: [report[name] for report in reports] for name in reports[0]}
        received = [START_MS] * len(reports)
        batch = Reports.build(**columns, received_ms=received)
        positions.apply(batch, lambda n: RosterEntry(f"new{batch.vehicle_key[n]}", "", "unknown"), live=True)


@given(st.lists(REPORT, max_size=40), st.lists(st.integers(0, 40), max_size=3))
def test_equals_one_after_the_other(reports: list[dict], cuts: list[int]) -> None:
    positions = PositionMap(ENTRIES.get)
    edges = sorted({0, len(reports), *(min(cut, len(reports)) for cut in cuts)})
    for start, stop in pairwise(edges):
        apply(positions, reports[start:stop])
    expected = plain_newest(reports)
    shown = json.loads(positions.to_json(positions.all_rows()))["positions"]
    by_id = {one["vehicle_id"]: one for one in shown}
    assert len(by_id) == len(shown) == len(expected) == len(positions)
    for key, report in expected.items():
        entry = ENTRIES.get(key)
        one = by_id[entry.vehicle_id if entry else f"new{key}"]
        assert (one["plate"], one["vehicle_class"]) == (
            (entry.plate, entry.vehicle_class) if entry else (None, "unknown")
        )
        assert datetime.fromisoformat(one["time"]).timestamp() * 1000 == report["time_ms"]
        assert datetime.fromisoformat(one["time"]).utcoffset() == timedelta(hours=8)
        assert abs(one["longitude_deg"] - report["longitude_deg"]) <= 1e-6
        assert abs(one["latitude_deg"] - report["latitude_deg"]) <= 1e-6
        assert abs(one["speed_kmh"] - report["speed_kmh"]) <= 0.051
        for name in ("heading_deg", "altitude_m", "alarm_bits", "status_bits"):
            assert one[name] == report[name]
        assert positions.knows(key)
    assert not positions.knows(12345)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(REPORT, max_size=6), max_size=4))
def test_changes_add_up_to_everything(batches: list[list[dict]]) -> None:
    """A client that begins with nothing and takes every batch of changes has the whole map."""
    positions = PositionMap(ENTRIES.get)
    client: dict[str, dict] = {}
    for batch in batches:
        apply(positions, batch)
        rows, received_ms = positions.take_changed()
        assert len(received_ms) == len(rows)
        client |= {one["vehicle_id"]: one for one in json.loads(positions.to_json(rows))["positions"]}
    everything = json.loads(positions.to_json(positions.all_rows()))["positions"]
    assert client == {one["vehicle_id"]: one for one in everything}
    assert len(positions.take_changed()[0]) == 0


def test_many_vehicles_grow_the_columns() -> None:
    positions = PositionMap(lambda key: None)
    keys = np.random.default_rng(1).permutation(np.arange(-20_000, 20_000, dtype=np.int64))
    for part in np.array_split(keys, 7):
        batch = Reports.build(
            vehicle_key=part,
            time_ms=np.full(len(part), START_MS),
            longitude_deg=part / 1000,
            latitude_deg=np.full(len(part), 32.0),
            speed_kmh=np.full(len(part), 50.0),
        )
        named = [RosterEntry(str(key), "", "unknown") for key in part.tolist()]
        positions.apply(batch, named.__getitem__, live=False)
    assert len(positions) == 40_000
    inside = json.loads(positions.to_json(positions.rows_in(1.0, 30, 1.5, 33)))["positions"]
    assert sorted(int(one["vehicle_id"]) for one in inside) == list(range(1000, 1501))
    assert len(positions.take_changed()[1]) == 0  # stored positions say nothing about latency
