"""Alert changes are stored once, in one order, whatever is written twice, at the same time or in between."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import numpy as np
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.acknowledgement import AlreadyAcknowledged, UnknownAlert, acknowledge
from alerts.store import AlertRevision, apply_changes
from tests.store.changes import START_MS, VEHICLE_IDS, Change, alert_id


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


async def apply(connection: asyncpg.Connection, *changes: Change) -> list[AlertRevision]:
    async with connection.transaction():
        return await apply_changes(connection, changes, VEHICLE_IDS)


async def contents(connection: asyncpg.Connection) -> tuple[list, list]:
    alerts = await connection.fetch("SELECT * FROM alerts ORDER BY alert_id")
    revisions = await connection.fetch("SELECT * FROM alert_revisions ORDER BY seq")
    return [tuple(row) for row in alerts], [tuple(row) for row in revisions]


async def test_life_of_an_alert(connection: asyncpg.Connection) -> None:
    opened = Change(alert_id(1))
    raised = replace(opened, kind="update", level=1, detail={"max_speed_kmh": 120.0})
    closed = replace(raised, kind="close", end_ms=START_MS + 90_000)
    revisions = await apply(connection, opened, raised) + await apply(connection, closed)
    assert [revision.revision for revision in revisions] == [1, 2, 3]
    assert [revision.kind for revision in revisions] == ["open", "update", "close"]
    assert [revision.seq for revision in revisions] == sorted({revision.seq for revision in revisions})
    row = await connection.fetchrow("SELECT * FROM alerts")
    assert (row["revision"], row["seq"], row["level"]) == (3, revisions[2].seq, 1)
    assert row["end_at"].timestamp() == (START_MS + 90_000) / 1000
    bodies = await connection.fetch("SELECT body FROM alert_revisions ORDER BY seq")
    assert [json.loads(body[0])["end"] for body in bodies] == [None, None, "2026-11-18T19:08:10+08:00"]


async def test_writing_twice_changes_nothing(connection: asyncpg.Connection) -> None:
    opened = Change(alert_id(1))
    changes = [
        opened,
        replace(opened, kind="close", end_ms=START_MS + 60_000),
        Change(alert_id(2), vehicle_key=2),
    ]
    assert len(await apply(connection, *changes)) == 3
    before = await contents(connection)
    assert await apply(connection, *changes) == []
    assert await apply(connection, changes[0]) == []
    assert await apply(connection) == []
    assert await contents(connection) == before


async def test_same_change_twice_in_one_call(connection: asyncpg.Connection) -> None:
    assert len(await apply(connection, Change(alert_id(1)), Change(alert_id(1)))) == 1


async def test_numpy_and_nan(connection: asyncpg.Connection) -> None:
    detail = {
        "driving_s": np.int64(14_700),
        "limit": np.float64("nan"),
        "points": [math.inf, np.float32(1.5)],
    }
    change = Change(alert_id(1), longitude_deg=math.nan, level=np.uint8(1), detail=detail)  # type: ignore[arg-type]
    (revision,) = await apply(connection, change)
    assert revision.detail == {"driving_s": 14_700, "limit": None, "points": [None, 1.5]}
    assert revision.longitude_deg == 0.0
    assert await apply(connection, change) == []


async def test_unknown_vehicle_writes_nothing(connection: asyncpg.Connection) -> None:
    with pytest.raises(KeyError):
        await apply(connection, Change(alert_id(1)), Change(alert_id(2), vehicle_key=99))
    assert await contents(connection) == ([], [])


async def test_acknowledged_stays_acknowledged(connection: asyncpg.Connection) -> None:
    opened = Change(alert_id(1))
    await apply(connection, opened)
    revision = await acknowledge(connection, alert_id(1), "王芳", "已电话提醒")
    assert (revision.revision, revision.kind) == (2, "acknowledge")
    await apply(connection, replace(opened, kind="close", end_ms=START_MS + 60_000))
    row = await connection.fetchrow("SELECT * FROM alerts")
    assert (row["acknowledged_by"], row["acknowledgement_note"], row["revision"]) == ("王芳", "已电话提醒", 3)
    actors = await connection.fetch("SELECT actor FROM alert_revisions ORDER BY seq")
    assert [row[0] for row in actors] == ["worker", "王芳", "worker"]
    body = json.loads(await connection.fetchval("SELECT body FROM alert_revisions WHERE revision = 3"))
    assert body["acknowledged_by"] == "王芳"
    assert body["end"] is not None


async def test_acknowledging_again(connection: asyncpg.Connection) -> None:
    await apply(connection, Change(alert_id(1)))
    first = await acknowledge(connection, alert_id(1), "王芳", "")
    before = await contents(connection)
    assert await acknowledge(connection, alert_id(1), "王芳", "") is None
    assert first is not None
    with pytest.raises(AlreadyAcknowledged) as other:
        await acknowledge(connection, alert_id(1), "李强", "")
    assert other.value.by == "王芳"
    with pytest.raises(UnknownAlert):
        await acknowledge(connection, alert_id(7), "王芳", "")
    assert await contents(connection) == before


async def test_acknowledgement_is_published(connection: asyncpg.Connection) -> None:
    from alerts.records import decode_alerts

    await apply(connection, Change(alert_id(1)))
    revision = await acknowledge(connection, alert_id(1), "王芳", "")
    row = await connection.fetchrow("SELECT topic, payload FROM outbox")
    assert row["topic"] == "alerts"
    assert decode_alerts(row["payload"]) == [revision]


async def test_order_of_seq_is_order_of_commit(database: str) -> None:
    """Nobody sees number n without all numbers before it, however many write at once."""
    pool = await asyncpg.create_pool(database, min_size=9, max_size=9)
    done = asyncio.Event()

    async def write(first: int) -> None:
        for number in range(first, first + 12):
            async with pool.acquire() as connection:
                await apply(
                    connection, Change(alert_id(number)), replace(Change(alert_id(number)), kind="update")
                )

    async def read() -> list[int]:
        seen: list[int] = []
        async with pool.acquire() as connection:
            while True:
                finished = done.is_set()
                rows = await connection.fetch(
                    "SELECT seq FROM alert_revisions WHERE seq > $1 ORDER BY seq", seen[-1] if seen else 0
                )
                seen += [row[0] for row in rows]
                if finished:
                    return seen

    reader = asyncio.create_task(read())
    await asyncio.gather(*(write(100 * writer) for writer in range(8)))
    done.set()
    seen = await reader
    everything = [row[0] for row in await pool.fetch("SELECT seq FROM alert_revisions ORDER BY seq")]
    await pool.close()
    assert len(everything) == 8 * 12 * 2
    assert seen == everything


KINDS = ("open", "update", "close")
STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 4)), max_size=25)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, cuts=st.lists(st.integers(0, 25), max_size=4), resend=st.integers(0, 25))
def test_any_cut_and_repeat_gives_one_result(
    database: str, steps: list, cuts: list[int], resend: int
) -> None:
    """The oracle is a list of the distinct changes of each alert in their order."""
    changes = [
        Change(alert_id(number), kind=KINDS[kind], detail={"distance_m": distance})
        for number, kind, distance in steps
    ]
    expected: dict[str, list[tuple]] = {}
    for change in changes:
        content = (change.kind, change.detail["distance_m"])
        stored = expected.setdefault(change.alert_id, [])
        if content not in stored:
            stored.append(content)

    async def run() -> dict[str, list[tuple]]:
        connection = await asyncpg.connect(database)
        await connection.execute("TRUNCATE alerts, alert_revisions")
        edges = sorted({0, len(changes), *(min(cut, len(changes)) for cut in cuts)})
        for start, stop in itertools.pairwise(edges):
            await apply(connection, *changes[max(0, start - resend) : stop])
        rows = await connection.fetch(
            "SELECT alert_id::text, kind, body->'detail'->>'distance_m' FROM alert_revisions ORDER BY seq"
        )
        newest = await connection.fetch(
            "SELECT a.alert_id FROM alerts a JOIN alert_revisions r USING (seq)"
            " WHERE a.alert_id = r.alert_id AND a.revision = r.revision AND a.detail = r.body->'detail'"
        )
        await connection.close()
        assert len(newest) == len(expected)
        found: dict[str, list[tuple]] = {}
        for identity, kind, distance in rows:
            found.setdefault(identity, []).append((kind, int(distance)))
        return found

    assert asyncio.run(run()) == expected
