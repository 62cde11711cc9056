"""Raw alarms to rows and orders, and how they and their files find each other."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from alerts.evidence.identity import alarm_key, alarm_number
from alerts.evidence.retention import Retention
from alerts.evidence.safety_alarms import FiledAlarms, file_alarms
from alerts.evidence.upload_orders import AGAIN_AFTER_MS, ASKED_FOR_MS, UploadPlace, order_overdue
from alerts.times import to_datetime
from rules.change import AlarmFiling
from rules.identity import vehicle_key
from tests.evidence.conftest import Centre
from tests.evidence.samples import jpeg
from tests.evidence.terminal import IDENTIFIER, LIST, file_list

KEY = vehicle_key("V1")
NAMES = {KEY: "V1"}
NOW_MS = 1_795_300_000_000
PLACE = UploadPlace("203.0.113.7", 8809)
ALARM = AlarmFiling(
    *(KEY, IDENTIFIER, None, 0x65, 0, 1, 17, 0, 2, 5, 63, 118.7, 32.05, NOW_MS - 5000, 3),
)


async def file_them(
    pool: asyncpg.Pool, *alarms: AlarmFiling, place: UploadPlace | None = PLACE
) -> FiledAlarms:
    async with pool.acquire() as connection, connection.transaction():
        return await file_alarms(connection, alarms, NAMES, place, Retention(), NOW_MS)


async def test_an_alarm_becomes_a_row_and_an_order(registry: None, pool: asyncpg.Pool) -> None:
    assert await file_them(pool, ALARM) == FiledAlarms(1, 1)
    row = await pool.fetchrow("SELECT * FROM safety_alarms")
    assert (row["vehicle_id"], bytes(row["identifier"]), row["event"]) == ("V1", IDENTIFIER, 1)
    assert row["alarm_number"] == alarm_number(KEY, IDENTIFIER)
    assert len(row["alarm_number"]) == 32
    order = await pool.fetchrow("SELECT kind, body::text AS body, vehicle_id FROM commands")
    assert (order["kind"], order["vehicle_id"]) == ("attachments", "V1")
    for told in ("203.0.113.7", "8809", IDENTIFIER.hex(), row["alarm_number"]):
        assert told in order["body"]


async def test_the_same_alarm_again_only_learns_its_alert(registry: None, pool: asyncpg.Pool) -> None:
    alert = str(uuid.uuid4())
    await file_them(pool, ALARM, ALARM)
    assert await file_them(pool, replace(ALARM, level=1, alert_id=alert)) == FiledAlarms(0, 0)
    assert await file_them(pool, replace(ALARM, alert_id=str(uuid.uuid4()))) == FiledAlarms(0, 0)
    (row,) = await pool.fetch("SELECT level, alert_id::text FROM safety_alarms")
    assert (row["level"], row["alert_id"]) == (2, alert)
    assert await pool.fetchval("SELECT count(*) FROM commands") == 1


@pytest.mark.parametrize("place", [None, UploadPlace("", 8809)])
async def test_without_a_server_or_files_nothing_is_ordered(
    registry: None, pool: asyncpg.Pool, place: UploadPlace | None
) -> None:
    assert await file_them(pool, ALARM, place=place) == FiledAlarms(1, 0)
    other = IDENTIFIER[:13] + b"\x09" + IDENTIFIER[14:]
    assert await file_them(pool, replace(ALARM, identifier=other, attachments=0)) == FiledAlarms(1, 0)
    assert await file_them(pool) == FiledAlarms(0, 0)


async def test_an_order_that_was_given_is_not_given_again(registry: None, pool: asyncpg.Pool) -> None:
    await file_them(pool, ALARM)
    await pool.execute("DELETE FROM safety_alarms")  # a restore of an older state
    assert await file_them(pool, ALARM) == FiledAlarms(1, 0)


async def overdue(pool: asyncpg.Pool, now_ms: int) -> int:
    async with pool.acquire() as connection, connection.transaction():
        return await order_overdue(connection, PLACE, now_ms)


async def end_orders(pool: asyncpg.Pool, ended_ms: int) -> None:
    await pool.execute(
        "UPDATE commands SET state = 'answered', ended_at = $1 WHERE ended_at IS NULL", to_datetime(ended_ms)
    )


async def test_files_that_do_not_come_are_asked_for_again(registry: None, pool: asyncpg.Pool) -> None:
    later_ms = NOW_MS + AGAIN_AFTER_MS + 1000
    await file_them(pool, ALARM, replace(ALARM, identifier=b"none" + IDENTIFIER[4:], attachments=0))
    assert await overdue(pool, later_ms) == 0  # the first order is still under way
    await end_orders(pool, NOW_MS)
    assert await overdue(pool, NOW_MS + 1000) == 0  # the terminal has its time
    assert await overdue(pool, later_ms) == 1
    assert await overdue(pool, later_ms) == 0
    await end_orders(pool, later_ms)
    assert await overdue(pool, later_ms + AGAIN_AFTER_MS + 1000) == 1
    await end_orders(pool, later_ms)
    assert await overdue(pool, NOW_MS + ASKED_FOR_MS - 1000) == 0  # three times are enough
    bodies = {row["body"] for row in await pool.fetch("SELECT body::text AS body FROM commands")}
    assert len(bodies) == 1
    assert await pool.fetchval("SELECT count(*) FROM commands") == 3


async def test_what_came_or_is_too_old_is_not_asked_for_again(centre: Centre) -> None:
    await file_them(centre.pool, replace(ALARM, attachments=1))
    await end_orders(centre.pool, NOW_MS)
    assert await overdue(centre.pool, NOW_MS + ASKED_FOR_MS + 1000) == 0
    async with centre.terminal() as terminal:
        await terminal.ask(LIST, file_list([(b"a.jpg", 2000)]))
        assert (await terminal.hand_over(b"a.jpg", 0, jpeg(2000))).result == 0
    assert await overdue(centre.pool, NOW_MS + AGAIN_AFTER_MS + 1000) == 0


async def test_a_file_that_came_first_is_found_by_its_alarm(centre: Centre) -> None:
    data = jpeg(2000)
    # Count and reserve of the identifier differ: some terminals fill them in only in 0x0200.
    identifier = IDENTIFIER[:14] + b"\x00\x00"
    async with centre.terminal() as terminal:
        assert (await terminal.ask(LIST, file_list([(b"a.jpg", 2000)], identifier))).result == 0
        assert (await terminal.hand_over(b"a.jpg", 0, data)).result == 0
    before = (await centre.rows())["a.jpg"]
    assert await linked(centre.pool) == []
    await file_them(centre.pool, ALARM)
    assert await linked(centre.pool) == ["a.jpg"]
    after = (await centre.rows())["a.jpg"]
    assert after["alarm_number"] == alarm_number(KEY, IDENTIFIER)
    assert (after["expires_at"] - before["expires_at"]).days > 500  # dynamic data became part of a violation


async def test_an_alarm_that_came_first_is_found_by_its_file(centre: Centre, tmp_path: Path) -> None:
    await file_them(centre.pool, ALARM)
    number = alarm_number(KEY, IDENTIFIER).encode()
    foreign = b"OTHER01" + IDENTIFIER[7:]  # an identifier that is not the alarm's, but the platform's number
    async with centre.terminal() as terminal:
        assert (await terminal.ask(LIST, file_list([(b"a.jpg", 2000)], foreign, number))).result == 0
        assert (await terminal.hand_over(b"a.jpg", 0, jpeg(2000))).result == 0
    assert await linked(centre.pool) == ["a.jpg"]
    row = (await centre.rows())["a.jpg"]
    assert (row["expires_at"] - row["received_at"]).days >= 1096
    async with centre.terminal("13900000002") as terminal:  # another vehicle's number opens nothing
        await terminal.ask(LIST, file_list([(b"b.jpg", 2000)], foreign, number))
    assert await linked(centre.pool) == ["a.jpg"]


async def linked(pool: asyncpg.Pool) -> list[str]:
    rows = await pool.fetch(
        "SELECT f.name FROM safety_alarms a JOIN evidence_files f USING (vehicle_key, alarm_key)"
    )
    return [row["name"] for row in rows]


@pytest.mark.parametrize(("size", "key"), [(16, 14), (32, 14), (38, 37), (39, 37), (40, 37), (20, 20)])
def test_what_makes_an_alarm_one(size: int, key: int) -> None:
    identifier = bytes(range(size))
    assert alarm_key(identifier) == identifier[:key]
