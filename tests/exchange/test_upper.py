"""We as upper platform: who is let in, what is taken, what is asked."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts.exchange import orders, post_checks, supervisions
from rules.blocks import decode_block
from stream.jt809.messages import RawMessage, alarms, platforms, supervision, vehicles
from stream.jt809.messages.base import Wrapper
from stream.jt809.messages.gnss import Gnss
from stream.jt809.messages.links import UpperCloses
from stream.jt809.messages.statistics import PositionsReceived
from stream.jt809.times import GMT8
from tests.exchange.link_files import UPPER
from tests.exchange.peer import Other, settings_of
from tests.exchange.platforms import (
    LogWatch,
    Place,
    add_vehicles,
    fetch,
    link_states,
    running_exchange,
    until,
)
from tests.exchange.test_stores import urge
from tests.services import free_port

AT = datetime(2026, 11, 22, 8, 0, 0, tzinfo=GMT8)


def table_of(**fields: Any) -> dict[str, Any]:
    return {**UPPER, "main_host": "127.0.0.1", "main_port": free_port(), "receipt_s": 0.3, **fields}


def other_of(table: dict[str, Any], **fields: Any) -> Other:
    sub = free_port()
    settings = settings_of(
        table,
        **{
            "main_host": "127.0.0.1",
            "main_port": table["main_port"],
            "down_link_ip": "127.0.0.1",
            "down_link_port": sub,
            **fields,
        },
    )
    return Other("lower", settings, sub)


@asynccontextmanager
async def joined(above: Place, folder: Path, **fields: Any) -> AsyncIterator[Other]:
    table = table_of(**fields)
    async with running_exchange(above, folder, table):
        await until_listening(above)
        async with other_of(table) as other:
            await other.until_up()
            yield other


async def until_listening(above: Place) -> None:
    async def there() -> Any:
        return await link_states(above, "below")

    await until(there)


def gnss(longitude_deg: float = 118.5, at: datetime = AT) -> Gnss:
    return Gnss(time=at, longitude_deg=longitude_deg, latitude_deg=32.0, speed_kmh=61, mileage_km=12)


@pytest.mark.parametrize(
    ("fields", "result"),
    [
        ({"gnss_center_id": 99}, 2),
        ({"user_id": 8}, 3),
        ({"password": "wrong"}, 4),
    ],
)
async def test_who_is_not_let_in(above: Place, tmp_path: Path, fields: dict[str, Any], result: int) -> None:
    table = table_of()
    async with running_exchange(above, tmp_path, table):
        await until_listening(above)
        async with other_of(table, **fields) as other:
            await other.until(lambda: other.refused)
            assert other.refused[0] == result


async def test_an_address_that_is_not_allowed(above: Place, tmp_path: Path) -> None:
    table = table_of(allowed_ips=["10.0.0.0/8"], version="2019")
    async with running_exchange(above, tmp_path, table):
        await until_listening(above)
        async with other_of(table) as other:
            await other.until(lambda: other.refused)
            assert other.refused[0] == 1


async def test_what_is_no_login_ends_the_connection(above: Place, tmp_path: Path) -> None:
    table = table_of()
    async with running_exchange(above, tmp_path, table):
        await until_listening(above)
        for data in (b"GET / HTTP/1.1\r\n" * 300, b"\x5b" + b"0" * 40 + b"\x5d", b"\x5b\x5d"):
            reader, writer = await asyncio.open_connection("127.0.0.1", table["main_port"])
            writer.write(data)
            assert await asyncio.wait_for(reader.read(), 60) == b""
            writer.close()
        async with other_of(table) as other:
            await other.until_up()


async def test_a_link_that_another_process_runs_is_busy(above: Place, tmp_path: Path) -> None:
    table, second = table_of(), table_of(name="second", access_code=77)
    second["main_port"] = table["main_port"]
    connection = await asyncpg.connect(above.dsn)
    from alerts.exchange.links import try_lock

    assert await try_lock(connection, "below")
    async with running_exchange(above, tmp_path, table, second):

        async def there() -> Any:
            return await link_states(above, "second")

        await until(there)
        async with other_of(table) as other:
            await other.until(lambda: other.refused)
            assert other.refused[0] == 5
            # The other process ends: the link is taken over, and the peer that tries again gets in.
            await connection.close()
            await other.until_up()


async def test_positions_become_blocks_and_are_counted_to_the_peer(above: Place, tmp_path: Path) -> None:
    await add_vehicles(above, 2)
    async with joined(above, tmp_path) as other, LogWatch(above) as watch:
        other.send(vehicles.RealTimePosition(plate="苏A00000", color=2, position=gnss()))
        batch = tuple(gnss(118.6, AT + timedelta(seconds=step)) for step in range(3))
        other.send(vehicles.PositionReupload(plate="苏A00001", color=2, positions=batch))
        rows = await watch.until_rows(4)
        await other.until(lambda: sum(one.total for one in other.of(PositionsReceived)) == 4)
    by_vehicle = {row["vehicle_id"]: row for row in rows}
    first = by_vehicle["V0"]
    assert first["time"] == AT
    assert (first["longitude_deg"], first["source"], first["mileage_km"]) == (118.5, 3, 12.0)
    assert first["driver_id"] == "D1"
    assert (by_vehicle["V1"]["source"], by_vehicle["V1"]["longitude_deg"]) == (4, 118.6)
    told = other.of(PositionsReceived)[0]
    assert told.start_time is not None
    assert told.start_time >= AT


async def test_safety_alarms_of_2019_are_in_the_blocks(above: Place, tmp_path: Path) -> None:
    await add_vehicles(above, 1)
    alarm = struct.pack(
        ">IBBBBBBBBBhII6sH7s6sBBB",
        *(9, 0, 1, 2, 0, 0, 0, 0, 0, 0, 5, 32_000_000, 118_500_000, bytes.fromhex("261122080000"), 3),
        *(b"TERM001", bytes.fromhex("261122080000"), 1, 2, 0),
    )
    base = struct.pack(">IIIIHHH6s", 0, 3, 32_000_000, 118_500_000, 5, 600, 90, bytes.fromhex("261122080000"))
    report = base + bytes([0x64, len(alarm)]) + alarm
    data = b"\0" + struct.pack(">I", len(report)) + report + bytes(45)
    async with joined(above, tmp_path, version="2019") as other, LogWatch(above) as watch:
        other.send(RawMessage(0x1200, 0x1202, data, "苏A00000", 2, Wrapper.VEHICLE))
        (row,) = await watch.until_rows(1)
    (block,) = watch.blocks
    assert block.reports.safety.event.tolist() == [1]
    assert block.reports.safety.attachments.tolist() == [0], "the files are the other platform's"
    assert row["items"] == report[28:]


@pytest.mark.parametrize("policy", ["keep", "count", "admit"])
async def test_vehicles_nobody_registered(above: Place, tmp_path: Path, policy: str) -> None:
    await add_vehicles(above, 1)
    async with joined(above, tmp_path, unknown_vehicles=policy) as other, LogWatch(above) as watch:
        other.send(vehicles.RealTimePosition(plate="苏B99999", color=93, position=gnss()))
        other.send(vehicles.RealTimePosition(plate="苏A00000", color=1, position=gnss()))
        other.send(vehicles.RealTimePosition(plate="苏A00000", color=2, position=gnss()))
        rows = await watch.until_rows(3 if policy == "admit" else 1)
        if policy == "keep":
            letters = await until(lambda: fetch(above, "SELECT topic, reason, value FROM dead_letters"))
            kept = [row for one in letters for row in decode_block(one["value"]).table.to_pylist()]
            assert letters[0]["topic"] == "exchange:below"
            assert "苏B99999 (93)" in " ".join(one["reason"] for one in letters)
            assert {row["vehicle_id"] for row in kept} <= {"苏B99999-93", "苏A00000-1"}
    names = {row["vehicle_id"] for row in rows}
    assert names == ({"V0", "苏B99999-93", "苏A00000-1"} if policy == "admit" else {"V0"})


async def test_other_messages_are_kept_and_registrations_answered(above: Place, tmp_path: Path) -> None:
    await add_vehicles(above, 1)
    async with joined(above, tmp_path, version="2019") as other:
        sequence = other.send(
            vehicles.RegisterVehicle(
                **{"plate": "苏A00000", "color": 2, "platform_id": "P", "producer_id": "M", "imei": "1"},
                **{"terminal_model": "X", "terminal_id": "T1", "sim": "13900000000"},
            )
        )
        answer = await other.one(vehicles.RegisterVehicleResponse)
        assert (answer.source_type, answer.source_sequence, answer.result) == (0x1201, sequence, 0)

        async def kept() -> Any:
            return await fetch(above, "SELECT * FROM exchange_messages ORDER BY id")

        rows = await until(kept)
    assert (rows[0]["name"], rows[0]["vehicle_id"], rows[0]["direction"]) == ("RegisterVehicle", "V0", "in")
    assert json.loads(rows[0]["decoded"])["terminal_id"] == "T1"


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_a_post_check_round_trip(above: Place, tmp_path: Path, version: str) -> None:
    async with joined(above, tmp_path, version=version) as other:
        connection = await asyncpg.connect(above.dsn)
        await post_checks.ask(
            connection, "below", object_type=1, object_id="3201", text="3+4=?", answer_s=60, operator="王"
        )
        question = await other.one(platforms.PostCheckRequest)
        assert question.content == "3+4=?"
        sequence = other.headers[other.messages.index(question)].sequence
        answer: dict[str, Any] = {"object_type": 1, "object_id": "3201", "content": "7"}
        if version == "2011":
            answer["info_id"] = question.info_id
        else:
            assert question.answer_time == 1
            answer |= {"responder": "赵", "responder_tel": "1", "source_type": 0x9301}
            answer["source_sequence"] = sequence
        other.send(platforms.PostCheckResponse(**answer))

        async def answered() -> Any:
            return await connection.fetchrow("SELECT * FROM post_checks WHERE state = 'answered'")

        row = await until(answered)
        await connection.close()
    assert row["answer"] == "7"
    assert row["delivered_at"] is not None


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_supervision_of_a_lower_platform(above: Place, tmp_path: Path, version: str) -> None:
    async with joined(above, tmp_path, version=version) as other:
        connection = await asyncpg.connect(above.dsn)
        await supervisions.urge_peer(connection, "below", urge(), "王芳")
        request = await other.one(alarms.SupervisionRequest)
        sequence = other.headers[other.messages.index(request)].sequence
        if version == "2011":
            assert request.plate == "苏A12345"
            answer = alarms.SupervisionResponse(
                plate="苏A12345", color=2, supervision_id=request.supervision_id, result=1
            )
            other.send(answer)
        else:
            other.send(alarms.SupervisionResponse2019(source_type=0x9401, source_sequence=sequence, result=1))

        async def done() -> Any:
            return await connection.fetchrow("SELECT * FROM supervisions WHERE state = 'done'")

        assert (await until(done))["result"] == "done"
        await connection.close()


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_orders_are_answered(above: Place, tmp_path: Path, version: str) -> None:
    async with joined(above, tmp_path, version=version) as other:
        connection = await asyncpg.connect(above.dsn)
        for kind, body in (
            ("listen", {"tel": "025"}),
            ("vehicle_text", {"text": "慢行", "priority": 0}),
            ("driver_query", {}),
        ):
            await orders.add_order(
                connection, "below", kind, body, operator="王", valid_s=60, plate="苏A12345", plate_colour=2
            )
        listen = await other.one(supervision.ListenRequest)
        text = await other.one(supervision.TextRequest)
        driver = await other.one(vehicles.DriverRequest)
        assert (listen.monitor_tel, text.content) == ("025", "慢行")
        vehicle = {"plate": "苏A12345", "color": 2}

        def source(message: Any) -> dict[str, Any]:
            if version == "2011":
                return {}
            sequence = other.headers[other.messages.index(message)].sequence
            return {"source_type": message.sub_type, "source_sequence": sequence}

        other.send(supervision.ListenResponse(**vehicle, **source(listen), result=0))
        number = {"msg_sequence": text.msg_sequence} if version == "2011" else {}
        other.send(supervision.TextResponse(**vehicle, **source(text), **number, result=0))
        other.send(
            vehicles.DriverResponse(
                **vehicle, **source(driver), driver_name="张三", driver_id="1", licence="2", issuer="3"
            )
        )

        async def all_answered() -> Any:
            rows = await connection.fetch("SELECT * FROM exchange_orders WHERE state = 'answered'")
            return rows if len(rows) == 3 else None

        rows = {row["kind"]: json.loads(row["result"]) for row in await until(all_answered)}
        await connection.close()
    assert rows["driver_query"]["driver_name"] == "张三"


async def test_a_frame_that_cannot_be_read_is_kept(above: Place, tmp_path: Path) -> None:
    async with joined(above, tmp_path) as other:
        other.write("main", b"\x5b" + bytes(40) + b"\x5d")

        async def kept() -> Any:
            return await fetch(above, "SELECT * FROM exchange_messages WHERE name = ''")

        rows = await until(kept)
        assert "error" in json.loads(rows[0]["decoded"])
        other.send(vehicles.ExchangeCancel(plate="苏A1", color=2))
        assert (await other.one(vehicles.ExchangeCancelResponse)).result == 0


async def test_the_sub_link_fails_and_traffic_goes_over_the_main_link(above: Place, tmp_path: Path) -> None:
    async with joined(above, tmp_path) as other:
        other.cut("sub")
        await other.until(lambda: not other.peer.sub.established)
        other.send(vehicles.ExchangeCancel(plate="苏A1", color=2))
        await other.one(vehicles.ExchangeCancelResponse)
        # It is opened again by itself, and then the answers come over it.
        await other.until_up()


async def test_a_stop_is_told(above: Place, tmp_path: Path) -> None:
    table = table_of()
    async with other_of(table) as other:
        async with running_exchange(above, tmp_path, table):
            await other.until_up()
        await other.one(UpperCloses)
        assert {one.reason for one in other.lost} <= {"closed", "logout"}


async def test_history_is_given_from_what_is_stored(above: Place, tmp_path: Path) -> None:
    await add_vehicles(above, 1)
    connection = await asyncpg.connect(above.dsn)
    from rules.identity import vehicle_key

    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    await connection.executemany(
        "INSERT INTO tracks VALUES ($1, $2, $2, 118.5, 32.5, 50, 90, 10, 0, 3, $3, 0)",
        [(vehicle_key("V0"), start + timedelta(seconds=step), step + 1) for step in range(12)],
    )
    await connection.close()
    async with joined(above, tmp_path) as other:
        other.send(
            vehicles.HistoryRequest(
                plate="苏A00000", color=2, start_time=start, end_time=start + timedelta(minutes=5)
            )
        )
        assert (await other.one(vehicles.HistoryResponse)).result == 0
        await other.until(lambda: len(other.of(vehicles.ExchangedHistory)) == 3)
        points = [point for one in other.of(vehicles.ExchangedHistory) for point in one.positions]
        assert [point.time for point in points] == [start + timedelta(seconds=step) for step in range(12)]
