"""Positions and alerts to a peer: which, how fast, and none lost however long it was away."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from rules.identity import partition_of, vehicle_key
from stream.exchange.masking import masked_plate
from stream.jt809.messages import alarms, vehicles
from stream.topics import ensure_topics
from tests.exchange.lower import (
    joined,
    other_of,
    seen,
    seen_of,
    table_of,
    until_confirmed,
    until_ready,
)
from tests.exchange.platforms import (
    PARTITIONS,
    TOPICS,
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
from tests.services import running_broker


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
