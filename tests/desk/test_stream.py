"""The live stream: everything once, in order, whatever breaks in between."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.commands import decode_commands
from alerts.desk import models
from rules.identity import vehicle_key
from tests.desk.running import (
    RunningDesk,
    add_tracks,
    add_vehicle,
    send_telemetry,
    store_changes,
    telemetry,
    wait_until,
)
from tests.desk.sse import Event, first, open_stream, take_alerts
from tests.store.changes import Change, alert_id

NOW = datetime.now(UTC).replace(microsecond=0)


def of_vehicle(vehicle_id: str, longitude_deg: float | None = None) -> Callable[[Event], bool]:
    def match(event: Event) -> bool:
        return event.name == "positions" and any(
            position["vehicle_id"] == vehicle_id
            and (longitude_deg is None or abs(position["longitude_deg"] - longitude_deg) < 1e-6)
            for position in event.data["positions"]
        )

    return match


def position(desk: RunningDesk, vehicle_id: str) -> dict | None:
    positions = desk.get("/api/positions").json()["positions"]
    return next((one for one in positions if one["vehicle_id"] == vehicle_id), None)


def test_alert_arrives_as_it_is_stored(desk: RunningDesk) -> None:
    add_vehicle(desk.dsn, "joined", plate="苏E7", vehicle_class="hazmat")
    key = vehicle_key("joined")
    opened = Change(alert_id(1), vehicle_key=key)
    with open_stream(desk.url) as events:
        assert next(events).name == "positions"
        (seq,) = store_changes(desk.dsn, opened)
        (event,) = take_alerts(events, 1)
        change = models.AlertChange.model_validate(event.data)
        assert (event.id, change.seq, change.kind, change.actor) == (str(seq), seq, "open", "worker")
        assert (change.plate, change.vehicle_class, change.rule_name.zh) == ("苏E7", "hazmat", "超速")
        desk.post(f"/api/alerts/{alert_id(1)}/acknowledge", {"operator": "王芳"})
        (event,) = take_alerts(events, 1)
        assert (event.data["kind"], event.data["actor"]) == ("acknowledge", "王芳")
        assert event.data["acknowledged_by"] == "王芳"


def test_every_client_gets_everything(desk: RunningDesk) -> None:
    with open_stream(desk.url) as one, open_stream(desk.url) as two:
        next(one), next(two)
        seqs = store_changes(desk.dsn, *(Change(alert_id(1000 + n)) for n in range(40)))
        for events in (one, two):
            assert [int(event.id or 0) for event in take_alerts(events, 40)] == seqs


def test_more_missed_than_a_page(desk: RunningDesk) -> None:
    cursor = desk.get("/api/alerts", order="newest").json()["cursor"]
    seqs = store_changes(desk.dsn, *(Change(alert_id(2000 + n)) for n in range(1234)))
    with open_stream(desk.url, params={"after": cursor}) as events:
        assert [int(event.id or 0) for event in take_alerts(events, 1234)] == seqs
    with open_stream(desk.url, params={"after": "0"}, headers={"Last-Event-ID": str(seqs[-2])}) as events:
        (event,) = take_alerts(events, 1)
        assert int(event.id or 0) == seqs[-1]


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    batches=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    cuts=st.lists(st.integers(1, 40), max_size=6),
)
def test_cut_anywhere_and_resumed(desk: RunningDesk, batches: list[int], cuts: list[int]) -> None:
    """A client that is cut off after any number of events and resumes sees each change once, in order."""
    cursor = desk.get("/api/alerts", order="newest").json()["cursor"]
    first_number = 10_000 + int(cursor) * 10
    seqs: list[int] = []
    seen: list[int] = []
    for batch in batches:
        numbers = range(first_number + len(seqs), first_number + len(seqs) + batch)
        seqs += store_changes(desk.dsn, *(Change(alert_id(n)) for n in numbers))
        cut = min(cuts.pop(), len(seqs) - len(seen)) if cuts else len(seqs) - len(seen)
        with open_stream(desk.url, headers={"Last-Event-ID": str(seen[-1]) if seen else cursor}) as events:
            seen += [int(event.id or 0) for event in take_alerts(events, cut)]
    with open_stream(desk.url, headers={"Last-Event-ID": str(seen[-1])}) as events:
        seen += [int(event.id or 0) for event in take_alerts(events, len(seqs) - len(seen))]
    assert seen == seqs


def test_cursor_of_another_database(desk: RunningDesk) -> None:
    with open_stream(desk.url, params={"after": 10**12}) as events:
        assert next(events).name == "reset"
        (seq,) = store_changes(desk.dsn, Change(alert_id(5000)))
        assert [int(event.id or 0) for event in take_alerts(events, 1)] == [seq]


@pytest.mark.parametrize(("header", "after"), [("x", None), (None, "-1"), (None, "1e3"), ("9" * 30, None)])
def test_cursor_that_is_none(desk: RunningDesk, header: str | None, after: str | None) -> None:
    answer = httpx.get(
        desk.url + "/api/stream",
        params={"after": after} if after else None,
        headers={"Last-Event-ID": header} if header else None,
    )
    assert answer.status_code == 422
    models.ErrorBody.model_validate(answer.json())


def test_first_event_has_all_and_later_ones_what_changed(desk: RunningDesk) -> None:
    send_telemetry(
        desk.bootstrap_servers,
        ("P1", telemetry("P1", [NOW], 118.1)),
        ("P2", telemetry("P2", [NOW], 118.2)),
    )
    wait_until(lambda: position(desk, "P1") and position(desk, "P2"))
    with open_stream(desk.url) as events:
        event = next(events)
        models.PositionList.model_validate(event.data)
        assert event.id is None
        assert {"P1", "P2"} <= {one["vehicle_id"] for one in event.data["positions"]}
        # A tick of its own first: what was sent before we joined may still be on its way to us.
        send_telemetry(desk.bootstrap_servers, ("P3", telemetry("P3", [NOW], 118.3)))
        first(events, of_vehicle("P3", 118.3))
        send_telemetry(desk.bootstrap_servers, ("P2", telemetry("P2", [NOW + timedelta(seconds=5)], 118.25)))
        event = first(events, of_vehicle("P2", 118.25))
        assert not of_vehicle("P1")(event)
    models.PositionList.model_validate(desk.get("/api/positions").json())


def test_marker_never_moves_backward(desk: RunningDesk) -> None:
    times = [NOW + timedelta(seconds=seconds) for seconds in (10, 30, 20)]
    send_telemetry(
        desk.bootstrap_servers,
        ("B1", telemetry("B1", times[:1], 119.1)),
        ("B1", telemetry("B1", times[1:2], 119.3)),
        ("B1", telemetry("B1", times[2:], 119.2)),
        ("B1", telemetry("B1", [NOW + timedelta(days=2)], 119.9)),
        ("B1", telemetry("B1", [NOW + timedelta(seconds=40)], 119.9, status_bits=1)),
        ("B1", telemetry("B1", [NOW + timedelta(seconds=40)], 219.9)),
        ("B1", telemetry("B1", [NOW + timedelta(seconds=40)], float("nan"))),
        ("END", telemetry("END", [NOW], 119.0)),
    )
    wait_until(lambda: position(desk, "END"))
    wait_until(lambda: (position(desk, "B1") or {}).get("longitude_deg") == 119.3)
    found = position(desk, "B1")
    assert found is not None
    assert datetime.fromisoformat(found["time"]) == times[1]


def test_registered_name_is_shown(desk: RunningDesk) -> None:
    send_telemetry(desk.bootstrap_servers, ("N1", telemetry("N1", [NOW], 118.5, vehicle_class=4)))
    wait_until(lambda: position(desk, "N1"))
    found = position(desk, "N1")
    assert found is not None
    assert (found["plate"], found["vehicle_class"]) == (None, "hazmat")
    add_vehicle(desk.dsn, "N1", plate="苏N1", vehicle_class="tour_coach")
    found = wait_until(lambda: (one := position(desk, "N1")) and one["plate"] and one)
    assert (found["plate"], found["vehicle_class"]) == ("苏N1", "tour_coach")


def test_box(desk: RunningDesk) -> None:
    send_telemetry(desk.bootstrap_servers, ("X1", telemetry("X1", [NOW], 10.0)))
    wait_until(lambda: position(desk, "X1"))
    inside = desk.get("/api/positions", bbox="9.5,31.5,10.0,32.5").json()["positions"]
    assert [one["vehicle_id"] for one in inside] == ["X1"]
    assert desk.get("/api/positions", bbox="-20,-20,-19,-19").json() == {"positions": []}


def test_block_that_cannot_be_read(desk: RunningDesk) -> None:
    before = desk.get("/api/health").json()["positions"]["refused_blocks"]
    send_telemetry(desk.bootstrap_servers, ("G1", b"garbage"), ("G1", telemetry("G1", [NOW], 118.0)))
    wait_until(lambda: position(desk, "G1"))
    assert desk.get("/api/health").json()["positions"]["refused_blocks"] == before + 1


def test_latency_is_measured(desk: RunningDesk) -> None:
    with open_stream(desk.url) as events:
        next(events)
        store_changes(desk.dsn, Change(alert_id(7000)))
        take_alerts(events, 1)
        send_telemetry(desk.bootstrap_servers, ("L1", telemetry("L1", [NOW], 118.0)))
        first(events, of_vehicle("L1"))
        text = desk.get("/metrics").text
    metrics = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(metrics["haulwatch_desk_socket_to_stream_seconds_count"]) >= 1
    assert float(metrics["haulwatch_desk_stream_clients"]) >= 1
    assert float(metrics['haulwatch_desk_alert_changes_total{kind="open"}']) >= 1
    assert float(metrics["haulwatch_desk_reports_total"]) >= 1


def test_client_that_does_not_read_is_cut_off(desk: RunningDesk) -> None:
    """Its queue is bounded; afterwards it resumes without a loss."""
    cursor = desk.get("/api/alerts", order="newest").json()["cursor"]
    before = closed_streams(desk)
    detail = {"text": "x" * 50_000}
    seqs: list[int] = []
    with open_stream(desk.url) as events:
        next(events)
        for batch in range(100):
            changes = (Change(alert_id(700_000 + 10 * batch + n), detail=detail) for n in range(10))
            seqs += store_changes(desk.dsn, *changes)
            if closed_streams(desk) > before:
                break
        wait_until(lambda: closed_streams(desk) > before)
        seen = read_to_the_end(events)
    assert seen == seqs[: len(seen)]
    assert len(seen) < len(seqs)
    with open_stream(desk.url, params={"after": seen[-1] if seen else cursor}) as events:
        rest = [int(event.id or 0) for event in take_alerts(events, len(seqs) - len(seen))]
    assert seen + rest == seqs


def closed_streams(desk: RunningDesk) -> float:
    text = desk.get("/metrics").text
    return float(re.search(r"^haulwatch_desk_slow_clients_closed (.*)", text, re.M)[1])  # type: ignore[index]


def read_to_the_end(events: Iterator[Event]) -> list[int]:
    seen: list[int] = []
    with suppress(httpx.TransportError):
        seen.extend(int(event.id or 0) for event in events if event.name == "alert")
    return seen


def test_text_reaches_the_topic(desk: RunningDesk) -> None:
    add_vehicle(desk.dsn, "S1", terminal_phone="13912345678")
    answer = desk.post("/api/vehicles/S1/text", {"text": "您已超速，请减速慢行", "operator": "王芳"})
    assert answer.status_code == 202
    command_id = answer.json()["command_id"]

    async def read() -> bytes:
        consumer = AIOKafkaConsumer(bootstrap_servers=desk.bootstrap_servers)
        await consumer.start()
        try:
            consumer.assign([TopicPartition("commands", 0)])
            await consumer.seek_to_beginning()
            return (await consumer.getone()).value
        finally:
            await consumer.stop()

    (command,) = decode_commands(asyncio.run(read()))
    assert (command.command_id, command.vehicle_id) == (command_id, "S1")
    assert (command.terminal_phone, command.kind, command.operator) == ("13912345678", "text", "王芳")
    assert command.body == {"text": "您已超速，请减速慢行", "display": True, "speak": True}
    assert 0 < command.expires_ms - command.created_ms <= 600_000


@pytest.mark.parametrize(
    "body",
    [
        *({}, [], None, {"text": "x"}, {"operator": "x"}),
        *({"text": text, "operator": "x"} for text in ("", "  ", "字" * 513, "🚚", "a\x00b", 5)),
    ],
)
def test_text_that_cannot_be_sent(desk: RunningDesk, body: object) -> None:
    answer = desk.post("/api/vehicles/any/text", body)
    assert answer.status_code == 422
    models.ErrorBody.model_validate(answer.json())


def test_text_to_nobody(desk: RunningDesk) -> None:
    assert desk.post("/api/vehicles/nobody/text", {"text": "x", "operator": "y"}).status_code == 404


def test_stored_positions_are_the_beginning(desk: RunningDesk) -> None:
    """A desk that starts later knows where everybody was, also the ones silent for long."""
    from tests.desk.running import running_desk

    add_vehicle(desk.dsn, "D1")
    add_vehicle(desk.dsn, "D2")
    add_tracks(desk.dsn, "D1", [NOW - timedelta(hours=2), NOW - timedelta(hours=1)])
    add_tracks(desk.dsn, "D1", [NOW - timedelta(minutes=1)], disposition=4)
    add_tracks(desk.dsn, "D2", [NOW - timedelta(days=300)])
    with running_desk(desk.dsn, desk.bootstrap_servers) as other:
        wait_until(lambda: other.get("/api/health").json()["positions"]["loaded"])
        for vehicle_id, age in (("D1", timedelta(hours=1)), ("D2", timedelta(days=300))):
            found = position(other, vehicle_id)
            assert found is not None
            assert datetime.fromisoformat(found["time"]) == NOW - age
            assert found["plate"] == "苏A" + vehicle_id


def test_reopened_alert_keeps_its_place_in_the_order(desk: RunningDesk) -> None:
    opened = Change(alert_id(6000))
    with open_stream(desk.url) as events:
        next(events)
        store_changes(desk.dsn, opened, replace(opened, kind="close", end_ms=opened.found_ms))
        store_changes(desk.dsn, replace(opened, kind="update", detail={"joined": True}))
        kinds = [(event.data["revision"], event.data["kind"]) for event in take_alerts(events, 3)]
    assert kinds == [(1, "open"), (2, "close"), (3, "update")]
