"""We as lower platform: logging in, forwarding, answering, being away and coming back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from alerts.exchange import post_checks, supervisions
from rules.identity import partition_of, vehicle_key
from stream.exchange.masking import masked_plate
from stream.jt809.events import LoginRequested
from stream.jt809.frame import encode_frame
from stream.jt809.header import Header
from stream.jt809.messages import alarms, platforms, static, supervision, vehicles
from stream.jt809.messages.links import LoginRequest, LowerCloses
from stream.jt809.messages.statistics import PositionsReceived
from stream.jt809.times import GMT8
from stream.topics import ensure_topics
from tests.exchange.link_files import LOWER
from tests.exchange.peer import Other, settings_of
from tests.exchange.platforms import (
    PARTITIONS,
    TOPICS,
    MovedClock,
    Place,
    add_vehicles,
    fetch,
    link_states,
    now_s,
    running_exchange,
    send_blocks,
    until,
    until_up,
)
from tests.services import free_port, running_broker


def table_of(**fields: Any) -> dict[str, Any]:
    shared = {"main_port": free_port(), "sub_port": free_port(), "confirm_s": 0.2, "forward": {"all": True}}
    return {**LOWER, **shared, **fields}


def other_of(table: dict[str, Any], **fields: Any) -> Other:
    return Other("upper", settings_of(table, **fields), table["main_port"])


@contextlib.asynccontextmanager
async def joined(below: Place, folder: Path, **fields: Any) -> AsyncIterator[Other]:
    table = table_of(**fields)
    async with other_of(table) as other, running_exchange(below, folder, table):
        await other.until_up()
        await until_up(below, "above")
        await until_ready(below)
        yield other


async def until_ready(below: Place) -> None:
    """From here on positions are for the peer."""

    async def there() -> Any:
        return await fetch(below, "SELECT 1 FROM exchange_positions WHERE link = 'above'")

    await until(there)


def seen(other: Other) -> list[tuple[str, int]]:
    """Plate and time (s) of every position that came, in order."""
    found = []
    for message in other.positions():
        positions = getattr(message, "positions", None) or (message.position,)  # type: ignore[union-attr]
        for one in positions:
            at = one.time if hasattr(one, "time") else one.report.time
            found.append((message.plate or "", int(at.timestamp())))
    return found


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


async def test_chosen_vehicles_alone_and_masked(below: Place, tmp_path: Path) -> None:
    names = await add_vehicles(below, 6)
    connection = await asyncpg.connect(below.dsn)
    await connection.execute("UPDATE vehicles SET vehicle_class = 'hazmat' WHERE vehicle_id = 'V1'")
    await connection.execute("UPDATE vehicles SET enterprise = '某公司' WHERE vehicle_id = 'V3'")
    await connection.close()
    rule = {"vehicle_classes": ["hazmat"], "enterprises": ["某公司"], "plates": ["苏A00004"]}
    fields = {"forward": rule, "mask": ["plate"], "mask_key": "k"}
    start = now_s()
    async with joined(below, tmp_path, **fields) as other:
        await send_blocks(below, names, [start * 1000, start * 1000 + 1000])
        await other.until(lambda: len(seen(other)) >= 6)
    masked = {masked_plate(f"苏A0000{number}", 2, "k") for number in (1, 3, 4)}
    assert sorted(seen(other)) == sorted((plate, start + step) for plate in masked for step in (0, 1))


async def test_positions_outside_the_box_are_not_sent(below: Place, tmp_path: Path) -> None:
    names = await add_vehicles(below, 6)
    start = now_s()
    async with joined(below, tmp_path, forward={"all": True, "bbox": [118, 31, 118.00025, 33]}) as other:
        await send_blocks(below, names, [start * 1000])
        await other.until(lambda: len(seen(other)) >= 3)
    assert sorted(plate for plate, _ in seen(other)) == ["苏A00000", "苏A00001", "苏A00002"]


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_a_peer_that_was_away_misses_nothing(below: Place, tmp_path: Path, version: str) -> None:
    names = await add_vehicles(below, 4)
    table = table_of(version=version, history_after_s=600, rate_per_s=100_000)
    start = now_s()
    old = [start - 7200 + step for step in range(12)]
    async with running_exchange(below, tmp_path, table):
        async with other_of(table) as other:
            await until_ready(below)
            await send_blocks(below, names, [start * 1000])
            await other.until(lambda: len(seen(other)) == 4)
            await until_confirmed(below, 4)

        async def down() -> bool:
            return await link_states(below, "above") == ("down", "down")

        await until(down)
        # The day of absence: what came then is old when the peer is back.
        await send_blocks(below, names, [time_s * 1000 for time_s in old])
        async with other_of(table) as again:
            await again.until_up()
            await again.until(lambda: len(seen(again)) >= 48)
            await send_blocks(below, names, [start * 1000 + 5000])
            await again.until(lambda: len(seen(again)) >= 52)
            await until_confirmed(below, 56)
    expected = {(f"苏A0000{number}", time_s) for number in range(4) for time_s in [*old, start + 5]}
    assert sorted(seen(again)) == sorted(expected), "nothing lost, and nothing twice after a confirmation"
    history = again.of(vehicles.PositionReupload)
    assert sum(len(one.positions) for one in history) == 48
    assert all(len(one.positions) <= 5 for one in history)
    for one in history:
        times = [int(t) for _, t in seen_of(one)]
        assert times == sorted(times)


def seen_of(message: Any) -> list[tuple[str, int]]:
    times = [one.time if hasattr(one, "time") else one.report.time for one in message.positions]
    return [(message.plate, int(at.timestamp())) for at in times]


async def until_confirmed(place: Place, count: int) -> None:
    async def confirmed() -> bool:
        rows = await fetch(place, "SELECT counters::text FROM exchange_links")
        return json.loads(rows[0][0]).get("positions_confirmed", 0) >= count

    await until(confirmed)


async def test_what_was_not_confirmed_is_sent_again(below: Place, tmp_path: Path) -> None:
    names = await add_vehicles(below, 4)
    table = table_of(confirm_s=0.2)
    start = now_s()
    async with running_exchange(below, tmp_path, table):
        async with other_of(table) as other:
            await other.until_up()
            await until_up(below, "above")
            await until_ready(below)
            # The peer reads no more, as one that hangs; what is written now is lost with the connection.
            other.mute = True
            await send_blocks(below, names, [start * 1000])

            async def sent() -> bool:
                rows = await fetch(below, "SELECT counters::text FROM exchange_links")
                return json.loads(rows[0][0]).get("positions_out", 0) >= 4

            await until(sent)
        async with other_of(table) as again:
            await again.until_up()
            await again.until(lambda: len(seen(again)) >= 4)
    assert sorted(seen(again)) == [(f"苏A0000{number}", start) for number in range(4)]


async def test_a_new_process_goes_on_where_the_last_one_stood(below: Place, tmp_path: Path) -> None:
    names = await add_vehicles(below, 3)
    table = table_of()
    start = now_s()
    async with other_of(table) as other:
        async with running_exchange(below, tmp_path, table):
            await until_ready(below)
            await send_blocks(below, names, [start * 1000])
            await other.until(lambda: len(seen(other)) == 3)
            await until_confirmed(below, 3)
        await send_blocks(below, names, [start * 1000 + 1000])
        async with running_exchange(below, tmp_path, table):
            await other.until(lambda: len(seen(other)) >= 6)
    assert sorted(seen(other)) == sorted((f"苏A0000{n}", start + s) for n in range(3) for s in (0, 1))


async def test_what_the_log_has_forgotten_comes_from_the_tracks(below: Place, tmp_path: Path) -> None:
    names = await add_vehicles(below, 2)
    table = table_of(history_after_s=600)
    start = now_s()
    async with other_of(table) as other:
        async with running_exchange(below, tmp_path, table):
            await until_ready(below)
            await other.until_up()
            await send_blocks(below, names, [start * 1000])
            await other.until(lambda: len(seen(other)) == 2)
            await until_confirmed(below, 2)
        connection = await asyncpg.connect(below.dsn)
        partition = partition_of(vehicle_key("V0"), PARTITIONS)
        reached = await connection.fetchval(
            "SELECT reached_at FROM exchange_positions WHERE partition = $1", partition
        )
        await connection.executemany(
            "INSERT INTO tracks VALUES ($1, $2, $2, 118.5, 32.5, 50, 90, 10, 0, 3, $3, 0)",
            [(vehicle_key("V0"), reached + timedelta(milliseconds=step), step) for step in range(-3, 8)],
        )
        await connection.close()
        # A broker that has forgotten all, and what it has taken in since.
        with running_broker() as bootstrap_servers:
            await ensure_topics(bootstrap_servers, TOPICS)
            after = Place(bootstrap_servers, below.dsn)
            await send_blocks(after, names, [start * 1000 + 60_000])
            async with running_exchange(after, tmp_path, table):
                await other.until(lambda: len(seen(other)) >= 2 + 7 + 2)
                history = [len(one.positions) for one in other.of(vehicles.PositionReupload)]
                await until_confirmed(after, 9)
    assert history == [5, 2]
    assert sorted(seen(other)[-2:]) == [(f"苏A0000{number}", start + 60) for number in range(2)]


async def test_the_rate_is_kept(below: Place, tmp_path: Path) -> None:
    names = await add_vehicles(below, 30)
    start = now_s()
    async with joined(below, tmp_path, rate_per_s=60) as other:
        begun = time.monotonic()
        await send_blocks(below, names, [(start + step) * 1000 for step in range(6)])
        await other.until(lambda: len(seen(other)) >= 180)
        took_s = time.monotonic() - begun
    assert took_s >= (180 - 60) / 60 - 0.1, "one second's burst and then the rate"


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
                answer = await asyncio.wait_for(reader.read(), 10)
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


async def until_error(place: Place, word: str) -> None:
    async def told() -> bool:
        rows = await fetch(place, "SELECT last_error FROM exchange_links")
        return word in rows[0]["last_error"]

    await until(told)


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


@pytest.mark.parametrize("version", ["2011", "2019"])
async def test_alerts_and_what_became_of_them(below: Place, tmp_path: Path, version: str) -> None:
    from alerts.acknowledgement import acknowledge
    from alerts.store import apply_changes
    from tests.store.changes import Change, alert_id

    await add_vehicles(below, 2)
    key = vehicle_key("V1")
    async with joined(below, tmp_path, version=version) as other:
        connection = await asyncpg.connect(below.dsn)
        change = Change(alert_id(1), vehicle_key=key)
        async with connection.transaction():
            await apply_changes(connection, [change], {key: "V1"})
        report = await other.one(alarms.WarningReport)
        assert (report.plate, report.warn_type) == ("苏A00001", 1)
        assert "超速" in report.content
        sequence = other.headers[other.messages.index(report)].sequence
        await acknowledge(connection, change.alert_id, "王芳", "已提醒")
        await connection.close()
        if version == "2011":
            result = await other.one(alarms.WarningResult)
            assert (result.info_id, result.result) == (report.info_id, 1)
        else:
            newer = await other.one(alarms.WarningResult2019)
            assert (newer.source_type, newer.source_sequence) == (0x1402, sequence)


async def test_two_processes_do_not_both_run_a_link(below: Place, tmp_path: Path) -> None:
    table = table_of()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with other_of(table) as other, contextlib.AsyncExitStack() as first:
        await first.enter_async_context(running_exchange(below, tmp_path / "a", table))
        await other.until_up()
        async with running_exchange(below, tmp_path / "b", table):
            await asyncio.sleep(1.5)  # more than one try of the second to get the link
            rows = await fetch(below, "SELECT epoch FROM exchange_links")
            assert rows[0]["epoch"] == 1
            await first.aclose()
            await other.until(lambda: other.lost)
            await other.until_up()
            rows = await fetch(below, "SELECT epoch, updated_at FROM exchange_links")
            assert rows[0]["epoch"] == 2
            assert rows[0]["updated_at"] > datetime.now(UTC) - timedelta(minutes=1)
