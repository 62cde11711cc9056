"""We as lower platform: logging in, losing links, answering."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts.exchange import post_checks, supervisions
from alerts.exchange.links import try_lock
from stream.exchange import keeper
from stream.jt809.events import LoginRequested
from stream.jt809.frame import encode_frame
from stream.jt809.header import Header
from stream.jt809.messages import alarms, platforms, static, supervision, vehicles
from stream.jt809.messages.links import LoginRequest, LowerCloses
from stream.jt809.messages.statistics import PositionsReceived
from stream.jt809.times import GMT8
from tests.exchange.lower import (
    joined,
    other_of,
    seen,
    table_of,
    until_error,
)
from tests.exchange.platforms import (
    MovedClock,
    Place,
    add_vehicles,
    fetch,
    now_s,
    running_exchange,
    send_blocks,
    until,
    until_up,
)


async def test_the_login_says_who_we_are(below: Place, tmp_path: Path) -> None:
    table = table_of(version="2019")
    async with other_of(table) as other:
        asked: list[LoginRequest] = []

        def judge(event: LoginRequested) -> int:
            assert isinstance(event.request, LoginRequest)
            asked.append(event.request)
            return 4 if len(asked) == 1 else 0

        other.judge = judge
        async with running_exchange(below, tmp_path, table):
            await other.until_up()
            assert (asked[0].user_id, asked[0].password, asked[0].gnss_center_id) == (8, "word", 3200)
            assert (asked[0].down_link_ip, asked[0].down_link_port) == ("127.0.0.1", table["sub_port"])
    rows = await fetch(below, "SELECT last_error FROM exchange_links")
    assert "refused our login" in rows[0]["last_error"] or "lost" in rows[0]["last_error"]
    assert other.of(LowerCloses) or other.lost


async def test_the_main_link_fails_and_traffic_goes_over_the_sub_link(below: Place, tmp_path: Path) -> None:
    await add_vehicles(below, 1)
    async with joined(below, tmp_path) as other:
        server = other._server
        assert server is not None
        server.close()
        other.cut("main")
        await other.until(lambda: not other.peer.main.established)
        start = now_s()
        await send_blocks(below, ["V0"], [start * 1000])
        await other.until(lambda: ("苏A00000", start) in seen(other))
        assert other.peer.sub.established
        assert not other.peer.main.established


async def test_who_merely_connects_breaks_no_sub_link(below: Place, tmp_path: Path) -> None:
    table = table_of()
    async with other_of(table) as other, running_exchange(below, tmp_path, table):
        await other.until_up()
        for data in (b"", b"\x5b\x5d", encode_frame(Header(0x9001, 1, 3200), b"\0\0\0\1")):
            reader, writer = await asyncio.open_connection("127.0.0.1", table["sub_port"])
            writer.write(data)
            if data:
                answer = await asyncio.wait_for(reader.read(), 60)
                assert (len(answer) > 20) == (len(data) > 20), "a wrong code is answered"
            writer.close()
        await add_vehicles(below, 1)
        other.send(static.VehicleDataRequest(plate="苏A00000", color=2))
        await other.one(static.VehicleData)
        assert other.peer.sub.established
        assert not other.lost


async def test_a_silent_peer_is_left_and_joined_again(below: Place, tmp_path: Path) -> None:
    table, clock = table_of(), MovedClock()
    async with other_of(table) as other, running_exchange(below, tmp_path, table, clock=clock):
        await other.until_up()
        await until_up(below, "above")
        other.mute = True
        clock.ahead_s += 61
        clock.ahead_s += 130
        await until_error(below, "silent")
        other.mute = False
        # The login that the peer did not hear is given up too.
        clock.ahead_s += 70
        await other.until_up()


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_a_post_check_is_answered_by_an_operator(below: Place, tmp_path: Path, version: str) -> None:
    async with joined(below, tmp_path, version=version) as other:
        asked: dict[str, Any] = {"object_type": 1, "object_id": "3200", "info_id": 55, "content": "5+7=?"}
        if version == "2019":
            asked["answer_time"] = 5
        sequence = other.send(platforms.PostCheckRequest(**asked))

        async def there() -> Any:
            return await fetch(below, "SELECT * FROM post_checks")

        (row,) = await until(there)
        assert (row["question"], row["state"], row["link"]) == ("5+7=?", "waiting", "above")
        minutes = 5 if version == "2019" else 10
        assert row["due_at"] - row["asked_at"] == timedelta(minutes=minutes)
        connection = await asyncpg.connect(below.dsn)
        await post_checks.answer(connection, str(row["post_check_id"]), "12", "王芳", "138")
        await connection.close()
        answer = await other.one(platforms.PostCheckResponse)
    assert answer.content == "12"
    if version == "2011":
        assert answer.info_id == 55
    else:
        assert (answer.responder, answer.source_type, answer.source_sequence) == ("王芳", 0x9301, sequence)


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_supervision_opens_and_closes_a_case(below: Place, tmp_path: Path, version: str) -> None:
    await add_vehicles(below, 1)
    now = datetime.now(GMT8).replace(microsecond=0)
    async with joined(below, tmp_path, version=version) as other:
        vehicle: dict[str, Any] = {"plate": "苏A00000", "color": 2} if version == "2011" else {}
        sequence = other.send(
            alarms.SupervisionRequest(
                **vehicle,
                **{"warn_source": 1, "warn_type": 2, "warn_time": now, "supervision_id": 9},
                **{"supervision_end_time": now + timedelta(hours=1), "supervision_level": 0},
                **{"supervisor": "李明", "supervisor_tel": "025", "supervisor_email": "a@b"},
            )
        )

        async def there() -> Any:
            return await fetch(below, "SELECT * FROM supervisions")

        (row,) = await until(there)
        assert (row["state"], row["supervisor"], row["alarm_at"]) == ("open", "李明", now)
        assert row["vehicle_id"] == ("V0" if version == "2011" else None)
        connection = await asyncpg.connect(below.dsn)
        await supervisions.give_result(connection, str(row["case_id"]), "done", "王芳", "已处理")
        await connection.close()
        if version == "2011":
            answer = await other.one(alarms.SupervisionResponse)
            assert (answer.supervision_id, answer.result, answer.plate) == (9, 1, "苏A00000")
        else:
            newer = await other.one(alarms.SupervisionResponse2019)
            assert (newer.source_sequence, newer.result) == (sequence, 1)


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_what_a_platform_above_asks_is_answered(below: Place, tmp_path: Path, version: str) -> None:
    await add_vehicles(below, 1)
    async with joined(below, tmp_path, version=version) as other:
        vehicle = {"plate": "苏A00000", "color": 2}
        other.send(platforms.PlatformTextRequest(object_type=1, object_id="3200", info_id=3, content="通知"))
        assert await other.one(platforms.PlatformTextResponse)
        other.send(vehicles.ExchangeStart(**vehicle, reason=1))
        assert (await other.one(vehicles.ExchangeStartResponse)).plate == "苏A00000"
        other.send(vehicles.ExchangeEnd(**vehicle, reason=1))
        assert await other.one(vehicles.ExchangeEndResponse)
        other.send(vehicles.DriverRequest(**vehicle, flag=0 if version == "2019" else None))
        assert (await other.one(vehicles.DriverResponse)).driver_name == "D1"
        other.send(vehicles.WaybillRequest(**vehicle))
        assert (await other.one(vehicles.WaybillResponse)).waybill == ""
        sequence = other.send(static.VehicleDataRequest(**vehicle))
        answer = await other.one(static.VehicleData)
        assert answer.values()["OWERS_NAME"] == "苏运"
        assert answer.source_sequence == (sequence if version == "2019" else None)
        other.send(supervision.PhotoRequest(plate="苏A99999", color=2, lens_id=1, size_type=1))
        assert (await other.one(supervision.PhotoResponse)).result == 9
        other.send(PositionsReceived(total=41, start_time=datetime.now(GMT8), end_time=datetime.now(GMT8)))

        async def counted() -> bool:
            rows = await fetch(below, "SELECT counters::text FROM exchange_links")
            return json.loads(rows[0][0])["positions_counted_by_peer"] == 41

        await until(counted)


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_a_text_for_a_driver_becomes_a_command(below: Place, tmp_path: Path, version: str) -> None:
    await add_vehicles(below, 1)
    async with joined(below, tmp_path, version=version) as other:
        sequence = other.send(
            supervision.TextRequest(plate="苏A00000", color=2, msg_sequence=6, priority=0, content="慢行")
        )

        async def given() -> Any:
            return await fetch(below, "SELECT * FROM commands")

        (command,) = await until(given)
        assert (command["kind"], command["vehicle_id"], command["operator"]) == ("text", "V0", "above")
        assert json.loads(command["body"])["text"] == "慢行"
        connection = await asyncpg.connect(below.dsn)
        await connection.execute("UPDATE commands SET state = 'answered', ended_at = now()")
        await connection.close()
        answer = await other.one(supervision.TextResponse)
    assert answer.result == 0
    if version == "2011":
        assert answer.msg_sequence == 6
    else:
        assert (answer.source_type, answer.source_sequence) == (0x9503, sequence)


async def test_two_processes_do_not_both_run_a_link(
    below: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = table_of()
    refused = 0

    async def watched(connection: asyncpg.Connection, link: str) -> bool:
        nonlocal refused
        got = await try_lock(connection, link)
        refused += not got
        return got

    monkeypatch.setattr(keeper, "try_lock", watched)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with other_of(table) as other, contextlib.AsyncExitStack() as first:
        await first.enter_async_context(running_exchange(below, tmp_path / "a", table))
        await other.until_up()
        async with running_exchange(below, tmp_path / "b", table):
            await other.until(lambda: refused >= 2)
            rows = await fetch(below, "SELECT epoch FROM exchange_links")
            assert rows[0]["epoch"] == 1
            await first.aclose()
            await other.until(lambda: other.lost)
            await other.until_up()
            rows = await fetch(below, "SELECT epoch, updated_at FROM exchange_links")
            assert rows[0]["epoch"] == 2
            assert rows[0]["updated_at"] > datetime.now(UTC) - timedelta(minutes=1)
