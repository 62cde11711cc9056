"""What becomes of each report, and what an engine keeps and gives back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from geo.zones import ZoneSet
from rules.change import Disposition
from rules.engine import Engine
from rules.identity import alert_id, partition_of, partitions_of, vehicle_key
from rules.key_index import KeyIndex
from rules.reports import Reports, digest
from rules.rulebook import default_rulebook
from rules.saved_state import SnapshotError
from tests.rules.oracle import Rectangle, Report
from tests.rules.tracks import MIDNIGHT_S, to_reports, to_zones

BOOK = default_rulebook()
FRESH, TIE, DUPLICATE, LATE, IMPOSSIBLE = Disposition


def at(second: float, speed: float = 60.0, longitude: float = 118.0) -> Report:
    return Report(round((MIDNIGHT_S + second) * 1000), longitude, 32.0, speed)


def fates(engine: Engine, *reports: Report) -> list[int]:
    return engine.process(to_reports(1, list(reports))).disposition.tolist()


class TestDispositions:
    def test_each_kind(self) -> None:
        engine = Engine(BOOK, ZoneSet())
        assert fates(engine, at(0), at(10), at(10), at(10, 61), at(20)) == [
            FRESH,
            FRESH,
            DUPLICATE,
            TIE,
            FRESH,
        ]
        assert fates(engine, at(19), at(20), at(20, 61), at(21)) == [LATE, DUPLICATE, TIE, FRESH]

    def test_a_copy_of_an_earlier_one_of_the_same_time(self) -> None:
        engine = Engine(BOOK, ZoneSet())
        assert fates(engine, at(0), at(0, 61)) == [FRESH, TIE]
        assert fates(engine, at(0), at(0, 61), at(0, 62)) == [DUPLICATE, DUPLICATE, TIE]

    def test_disorder_inside_a_batch_is_put_right(self) -> None:
        assert fates(Engine(BOOK, ZoneSet()), at(20), at(0), at(10)) == [FRESH] * 3

    def test_impossible(self) -> None:
        engine = Engine(BOOK, ZoneSet())
        good = to_reports(1, [at(0)] * 8)
        bad = replace(
            good,
            time_ms=good.time_ms - np.array([0, 40 * 365 * 86_400_000, 0, 0, 0, 0, 0, 0]),
            received_ms=good.received_ms - np.array([0, 0, 300_001, 0, 0, 0, 0, 0]),
            longitude_deg=np.array([118, 118, 118, 181, np.nan, 118, 118, 118.0]),
            latitude_deg=np.array([32, 32, 32, 32, 32, -90.1, 32, 32]),
            speed_kmh=np.array([60, 60, 60, 60, 60, 60, np.nan, 250.1]),
        )
        assert engine.process(bad).disposition.tolist() == [FRESH] + [IMPOSSIBLE] * 7
        wanted = {"time_too_early": 1, "time_ahead": 1, "longitude": 2, "latitude": 1, "speed": 2}
        assert engine.refused == wanted

    def test_exactly_as_far_ahead_as_allowed(self) -> None:
        reports = to_reports(1, [at(0)])
        early = replace(reports, received_ms=reports.time_ms - 300_000)
        assert Engine(BOOK, ZoneSet()).process(early).disposition.tolist() == [FRESH]

    def test_an_impossible_report_touches_nothing(self) -> None:
        engine = Engine(BOOK, ZoneSet())
        ahead = replace(to_reports(1, [at(86_400)]), received_ms=np.array([MIDNIGHT_S * 1000]))
        assert engine.process(ahead).disposition.tolist() == [IMPOSSIBLE]
        assert engine.vehicles == 0
        assert fates(engine, at(10)) == [FRESH]

    def test_no_reports(self) -> None:
        outcome = Engine(BOOK, ZoneSet()).process(Reports.empty())
        assert (len(outcome.disposition), outcome.changes) == (0, [])


class TestSnapshot:
    def test_small_and_self_describing(self) -> None:
        engine = Engine(BOOK, ZoneSet())
        keys = np.random.default_rng(1).integers(-(2**63), 2**63 - 1, 2_000)
        for turn in range(3):
            time_ms = np.full(2_000, (MIDNIGHT_S + turn * 30) * 1000)
            place = {"longitude_deg": np.full(2_000, 118.0), "latitude_deg": np.full(2_000, 32.0)}
            speed_kmh = np.random.default_rng(turn).uniform(0, 200, 2_000)
            engine.process(Reports.build(vehicle_key=keys, time_ms=time_ms, speed_kmh=speed_kmh, **place))
        data = engine.snapshot()
        assert len(data) < 512 * 2_000
        assert engine.state_bytes < 512 * 2_000
        batch = pa.ipc.open_stream(data).read_next_batch()
        assert batch.schema.metadata[b"haulwatch.version"] == b"2"
        assert len(batch.column("vehicles")[0]) == 2_000

    def test_empty(self) -> None:
        data = Engine(BOOK, ZoneSet()).snapshot()
        assert Engine.restore(BOOK, ZoneSet(), data).vehicles == 0

    def test_unknown_version_and_garbage(self) -> None:
        data = Engine(BOOK, ZoneSet()).snapshot()
        batch = pa.ipc.open_stream(data).read_next_batch()
        sink = pa.BufferOutputStream()
        batch = batch.replace_schema_metadata({**batch.schema.metadata, b"haulwatch.version": b"3"})
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        with pytest.raises(SnapshotError, match="version '3'"):
            Engine.restore(BOOK, ZoneSet(), sink.getvalue().to_pybytes())
        for wrong in (b"", b"garbage", data[: len(data) // 2]):
            with pytest.raises(SnapshotError):
                Engine.restore(BOOK, ZoneSet(), wrong)

    def test_zones_may_be_reordered_or_gone(self) -> None:
        first = Rectangle("first", 117, 31, 119, 33, ("stay", "speed"), max_stay_s=10, limit=50)
        second = replace(first, name="second")
        engine = Engine(BOOK, to_zones([first, second]))
        opened = engine.process(to_reports(1, [at(s) for s in range(0, 60, 10)])).changes
        opened = [one for one in opened if "zone_id" in one.detail]
        assert [(one.rule, one.detail["zone_id"]) for one in opened] == [
            ("zone_stay", "first"), ("zone_stay", "second"), ("zone_speed", "first"), ("zone_speed", "second")
        ]  # fmt: skip
        turned = Engine.restore(BOOK, to_zones([second, first]), engine.snapshot())
        assert turned.process(to_reports(1, [at(60)])).changes == []
        assert turned.open_changes() == engine_open(engine, at(60))
        alone = Engine.restore(BOOK, to_zones([second]), engine.snapshot())
        closed = [one for one in alone.process(to_reports(1, [at(70)])).changes if "zone_id" in one.detail]
        assert sorted((one.rule, one.kind, one.detail["zone_id"]) for one in closed) == [
            ("zone_speed", "close", "first"),
            ("zone_stay", "close", "first"),
        ]


def engine_open(engine: Engine, report: Report) -> list[object]:
    engine.process(to_reports(1, [report]))
    return list(engine.open_changes())


class TestIdentity:
    def test_keys_and_partitions(self) -> None:
        keys = np.array([vehicle_key(f"v{number}") for number in range(100)])
        assert len(set(keys.tolist())) == 100
        assert partitions_of(keys, 12).tolist() == [partition_of(int(key), 12) for key in keys]
        assert (keys < 0).any()

    def test_alert_ids(self) -> None:
        assert (
            alert_id(1, "speeding", 0) == "c0b97ddf-9b6a-2a1e-3b2c-fd5b2bbba7d5"
            or len(alert_id(1, "speeding", 0)) == 36
        )
        assert len({alert_id(1, "a", 0), alert_id(2, "a", 0), alert_id(1, "b", 0), alert_id(1, "a", 1)}) == 4

    def test_digest_tells_contents_apart(self) -> None:
        plain = to_reports(1, [at(0)] * 2)
        assert digest(plain)[0] == digest(plain)[1]
        for name in ("longitude_deg", "latitude_deg", "speed_kmh"):
            other = replace(plain, **{name: getattr(plain, name) + 1e-6})
            assert digest(other)[0] != digest(plain)[0]
        for name in ("heading_deg", "altitude_m", "alarm_bits", "status_bits"):
            other = replace(plain, **{name: getattr(plain, name) + 1})
            assert digest(other)[0] != digest(plain)[0]
        limits = [replace(plain, limit_kmh=np.array([60.0, limit])) for limit in (60.0, 80.0, np.nan)]
        assert [len(set(digest(one).tolist())) for one in limits] == [1, 2, 2]
        assert digest(limits[2])[1] == digest(plain)[1]

    def test_index_against_a_dictionary(self) -> None:
        random = np.random.default_rng(5)
        index, known = KeyIndex(), {}
        for size in (1, 3, 500, 5_000, 20_000):
            keys = random.integers(-40_000, 40_000, size) * 3
            for key in keys.tolist():
                known.setdefault(key, len(known))
            assert index.find_or_add(keys).tolist() == [known[key] for key in keys.tolist()]
        assert index.keys.tolist() == list(known)
        assert index.find(np.array([1, 2], np.int64)).tolist() == [-1, -1]
