"""Database or broker away: said clearly, the rest goes on, and it comes back by itself."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psycopg
import pytest

from alerts import migrate
from alerts.desk import models
from alerts.desk.database import Database, DatabaseAway
from stream.embedded import EmbeddedBroker, EmbeddedPostgres
from stream.topics import ensure_topics
from tests.desk.running import (
    TOPICS,
    RunningDesk,
    add_vehicle,
    running_desk,
    send_telemetry,
    store_changes,
    telemetry,
    wait_until,
)
from tests.desk.sse import open_stream, take_alerts
from tests.services import NOT_DURABLE, data_folder, free_port
from tests.store.changes import Change, alert_id

NOW = datetime.now(UTC)


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_folder() as path:
        yield path


def health(desk: RunningDesk) -> dict:
    body = desk.get("/api/health").json()
    models.Health.model_validate(body)
    return body


def vehicles_seen(desk: RunningDesk) -> set[str]:
    return {one["vehicle_id"] for one in desk.get("/api/positions").json()["positions"]}


def assert_away(answer, code: str) -> None:
    assert answer.status_code == 503, answer.text
    assert models.ErrorBody.model_validate(answer.json()).error.code == code
    assert answer.headers["retry-after"]


def outbox(dsn: str) -> int:
    with psycopg.connect(dsn) as connection:
        (row,) = connection.execute("SELECT count(*) FROM outbox WHERE topic = 'commands'")
        return row[0]


def test_database_away(folder: Path, broker: str) -> None:
    """Also at the start: positions come from the broker, all else says 503, alerts come when it is back."""
    server = EmbeddedPostgres(folder, free_port(), server_settings=NOT_DURABLE)
    asyncio.run(ensure_topics(broker, TOPICS))
    with running_desk(server.dsn(), broker) as desk:
        assert not health(desk)["database"]["ok"]
        for path in (
            "/api/vehicles",
            "/api/alerts",
            "/api/tracks/x",
            "/api/stream",
            f"/api/alerts/{alert_id(1)}",
        ):
            assert_away(desk.get(path), "database_unavailable")
        acknowledgement = desk.post(f"/api/alerts/{alert_id(1)}/acknowledge", {"operator": "x"})
        assert_away(acknowledgement, "database_unavailable")
        wait_until(lambda: health(desk)["broker"]["ok"])
        send_telemetry(broker, ("away", telemetry("away", [NOW], 118.0)))
        wait_until(lambda: "away" in vehicles_seen(desk))

        server.start()
        try:
            server.ensure_database()
            wait_until(lambda: desk.get("/api/alerts").json()["error"]["code"] == "database_not_migrated")
            assert migrate.run(server.dsn(), io.StringIO()) == 0
            wait_until(lambda: health(desk)["ok"])
            with open_stream(desk.url) as events:
                next(events)
                server.stop()
                wait_until(lambda: not health(desk)["database"]["ok"])
                assert_away(desk.get("/api/alerts"), "database_unavailable")
                server.start()
                (seq,) = store_changes(server.dsn(), Change(alert_id(1)))
                assert [int(event.id or 0) for event in take_alerts(events, 1)] == [seq]
        finally:
            server.stop()


async def test_a_connection_that_dies_under_a_query_is_a_database_away(database: str) -> None:
    """asyncpg calls it an error of its own; the desk once ended of it."""
    desk = Database(database)
    await desk.open()
    try:
        with pytest.raises(DatabaseAway):
            async with desk.connection():
                raise asyncpg.InternalClientError("another operation (2) is in progress")
        assert await desk.fetchrow("SELECT 1")
    finally:
        await desk.close()


def test_broker_away(folder: Path, database: str) -> None:
    """Texts wait, alerts go on by the database, positions when a broker with a new log is there."""
    add_vehicle(database, "B1")
    broker = EmbeddedBroker(free_port(), log_path=folder / "broker.log")
    text = {"text": "请减速", "operator": "王芳"}
    with running_desk(database, broker.bootstrap_servers) as desk:
        assert not health(desk)["broker"]["ok"]
        assert desk.post("/api/vehicles/B1/text", text).status_code == 202
        with open_stream(desk.url) as events:
            next(events)
            seqs = store_changes(database, Change(alert_id(1)))
            assert [int(event.id or 0) for event in take_alerts(events, 1)] == seqs
            for number in range(2):
                broker.start()
                try:
                    asyncio.run(ensure_topics(broker.bootstrap_servers, TOPICS))
                    wait_until(lambda: health(desk)["ok"])
                    name = f"B{number}"
                    send_telemetry(broker.bootstrap_servers, (name, telemetry(name, [NOW], 118.0)))
                    wait_until(lambda name=name: name in vehicles_seen(desk))
                    assert desk.post("/api/vehicles/B1/text", text).status_code == 202
                    wait_until(lambda: outbox(database) == 0)
                finally:
                    broker.stop()
                wait_until(lambda: not health(desk)["broker"]["ok"])
