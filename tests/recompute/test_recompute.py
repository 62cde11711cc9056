"""`haulwatch recompute` over the real database: what `replay` finds in the same tracks, however cut up."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import psycopg
import pyarrow as pa
import pytest
from pyarrow.csv import write_csv

from alerts.times import iso_text
from rules.identity import driver_key, partition_of, vehicle_key
from rules.reports import Reports
from rules.vehicle_class import class_name
from stream import recompute, replay
from stream.errors import OperatorError, ServiceError
from stream.worker import tracks
from stream.worker.vehicle_days import KnownDays, write_days

pytestmark = pytest.mark.stack

START_MS = 1_780_000_000_000 // 86_400_000 * 86_400_000 - 8 * 3_600_000  # a midnight in Shanghai
DAY = ("2026-05-28", "2026-05-29")
VEHICLES = [f"V{number}" for number in range(6)]
PARTITIONS = 3


def drive(number: int) -> Reports:
    """A day of a vehicle at 60 s: long at the wheel, sometimes too fast, a coach among them, an emergency."""
    random = np.random.default_rng(number)
    count = 1_200
    turn = np.arange(count)
    moves = (turn % 600) < 550 - 40 * number
    speed_kmh = np.where(moves, np.round(random.normal(80 + 4 * number, 8, count), 1), 0.0)
    bits = np.zeros(count, np.uint32)
    bits[700 + number] = 1
    return Reports.build(
        vehicle_key=np.full(count, vehicle_key(VEHICLES[number])),
        time_ms=START_MS + turn * 60_000,
        longitude_deg=np.round(118.0 + np.cumsum(moves) * 0.01, 6),
        latitude_deg=np.full(count, 32.0 + number / 10),
        speed_kmh=speed_kmh,
        vehicle_class=np.full(count, 2 if number == 3 else 1),
        driver_key=np.full(count, driver_key(f"D{number}")),
        alarm_bits=bits,
        recorder_speed_kmh=np.where(number == 1, speed_kmh * 1.2, np.nan),
    )


def fleet() -> Reports:
    return Reports.concat([drive(number) for number in range(len(VEHICLES))])


def store(dsn: str, reports: Reports) -> None:
    asyncio.run(_store(dsn, reports))


async def _store(dsn: str, reports: Reports) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        fresh = np.zeros(len(reports), np.uint8)
        data = tracks.copy_rows(reports, fresh)
        await connection.copy_to_table("tracks", source=data, columns=tracks.COLUMNS, format="binary")
        await write_days(connection, KnownDays().news(reports, fresh))
        await connection.executemany(
            "INSERT INTO vehicles VALUES ($1, $2, $2, 'p', 1, 'unknown', 0, 'e', '', 'a')",
            [(vehicle_key(name), name) for name in VEHICLES],
        )
    finally:
        await connection.close()


def run(dsn: str, begin: str = DAY[0], end: str | None = DAY[1], **asked: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text_of(dsn, begin, end, **asked).splitlines()]


def text_of(dsn: str, begin: str = DAY[0], end: str | None = DAY[1], **asked: Any) -> str:
    stdout = io.StringIO()
    said = {"begin": begin, "end": end, "partitions": PARTITIONS, "stderr": io.StringIO(), **asked}
    assert recompute.run(dsn, stdout=stdout, **said) == 0
    return stdout.getvalue()


def replayed(tmp_path: Path, reports: Reports) -> list[dict[str, Any]]:
    """What replay says of the same tracks."""
    names = {vehicle_key(name): name for name in VEHICLES}
    frame = pa.table(
        {
            "vehicle_id": [names[key] for key in reports.vehicle_key.tolist()],
            "time": [iso_text(ms) for ms in reports.time_ms.tolist()],
            "driver_id": ["D" + names[key][1:] for key in reports.vehicle_key.tolist()],
            "vehicle_class": [class_name(code) for code in reports.vehicle_class.tolist()],
            "recorder_speed_kmh": pa.array(np.round(reports.recorder_speed_kmh, 3), from_pandas=True),
        }
        | {
            name: getattr(reports, name)
            for name in ("longitude_deg", "latitude_deg", "speed_kmh", "alarm_bits")
        }
    )
    path = tmp_path / "tracks.csv"
    write_csv(frame, path)
    stdout = io.StringIO()
    assert replay.run(path, stdout=stdout, stderr=io.StringIO()) == 0
    return [json.loads(line) for line in stdout.getvalue().splitlines()]


def test_it_says_what_replay_says(database: str, tmp_path: Path) -> None:
    reports = fleet()
    store(database, reports)
    expected = replayed(tmp_path, reports)
    found = run(database)
    assert {"speeding", "continuous_driving", "emergency", "speed_source_suspect"} <= {
        one["rule"] for one in found
    }
    assert sorted(found, key=_by_start) == sorted(expected, key=_by_start)
    of_partition = [partition_of(vehicle_key(one["vehicle_id"]), PARTITIONS) for one in found]
    assert of_partition == sorted(of_partition)


def _by_start(line: dict[str, Any]) -> tuple[Any, ...]:
    return line["start"], line["vehicle_id"], line["rule"], line["alert_id"]


def test_bytes_do_not_depend_on_processes_or_batches(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store(database, fleet())
    alone = text_of(database)
    monkeypatch.setattr("stream.recompute.plan.BATCH_VEHICLES", 1)
    assert text_of(database) == alone
    assert text_of(database, processes=2) == alone


def test_some_vehicles_partitions_and_hours(database: str) -> None:
    store(database, fleet())
    every = run(database)
    of_one = [one for one in every if one["vehicle_id"] == "V1"]
    assert run(database, vehicle_ids=["V1"]) == of_one
    number = partition_of(vehicle_key("V1"), PARTITIONS)
    lines = run(database, numbers=[number])
    assert lines
    assert {partition_of(vehicle_key(one["vehicle_id"]), PARTITIONS) for one in lines} == {number}
    # What was going on before is known as it was: only what was found in the hours is told.
    begin, end = "2026-05-28T06:00", "2026-05-28T12:00:00+08:00"
    inside = [one for one in every if "2026-05-28T06:00" <= one["found"] < "2026-05-28T12:00"]
    assert run(database, begin, end) == inside
    assert run(database, "2026-05-30", "2026-05-31") == []
    assert run(database, vehicle_ids=["unknown"]) == []


def test_what_would_be_under_another_rulebook(database: str, tmp_path: Path) -> None:
    store(database, fleet())
    strict = tmp_path / "strict.toml"
    strict.write_text('version = "strict"\nclass_limit_kmh = 50\n')
    lines = run(database, what_if=strict)
    assert {one["rulebook_version"] for one in lines} == {"strict"}
    speeding = [one for one in lines if one["rule"] == "speeding"]
    assert {one["limit_kmh"] for one in speeding} <= {50.0, 40.0}
    as_it_is = run(database)
    assert len(as_it_is) > 10
    assert speeding != [one for one in as_it_is if one["rule"] == "speeding"]


def test_the_rulebook_is_the_one_published_for_the_time(database: str) -> None:
    store(database, fleet())
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO rulebook_versions VALUES ('slow', 'version = \"slow\"\nclass_limit_kmh = 50', '',"
            " now(), 't')"
        )
        connection.execute("INSERT INTO rulebook_publishings VALUES ('2026-05-28T08:00:00+08:00', 'slow')")
    lines = run(database)
    slow = [one for one in lines if one["rulebook_version"] == "slow"]
    assert slow
    assert all((one["found"] >= "2026-05-28T08:00") == (one in slow) for one in lines)


def test_differences_are_filed_once_and_nothing_is_changed(database: str) -> None:
    store(database, fleet())
    lines = run(database, file=True)
    told = {one["alert_id"] for one in lines}
    with psycopg.connect(database, autocommit=True) as connection:
        query = "SELECT alert_id::text, detail ->> 'retrospective', revision FROM alerts ORDER BY 1"
        rows = connection.execute(query).fetchall()
        assert {row[0] for row in rows} <= told
        assert {row[1:] for row in rows} == {("true", 1)}
        assert len(rows) > 10
        connection.execute("UPDATE alerts SET end_at = end_at + interval '1 hour' WHERE rule = 'speeding'")
        assert run(database, file=True) == lines
        beside = "SELECT count(*) FROM alerts WHERE detail ->> 'concerns' IS NOT NULL AND rule = 'speeding'"
        assert connection.execute(beside).fetchone() > (0,)
        revisions = "SELECT count(*) FROM alert_revisions"
        count = connection.execute(revisions).fetchone()
        run(database, file=True)
        assert connection.execute(revisions).fetchone() == count


def test_what_makes_no_sense_is_said(database: str, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="not a time"):
        run(database, "yesterday")
    with pytest.raises(OperatorError, match="from 2000 to 2099"):
        run(database, "0001-01-01")
    with pytest.raises(OperatorError, match="does not come after"):
        run(database, DAY[1], DAY[0])
    with pytest.raises(OperatorError, match="there are 3"):
        run(database, numbers=[3])
    with pytest.raises(OperatorError, match="not filed"):
        run(database, file=True, what_if=tmp_path / "x.toml")


def test_a_database_without_the_schema_is_said(empty_database: str) -> None:
    with pytest.raises(ServiceError, match="haulwatch migrate"):
        run(empty_database)
