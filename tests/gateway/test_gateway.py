"""The gateway over real sockets, on a real broker and registry."""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
import pytest

from rules.identity import partition_of, vehicle_key
from stream.jt808.frame import encode_frame, encode_packages
from stream.jt808.messages import (
    Heartbeat,
    PositionBatch,
    PositionReport,
    Unregister,
)
from tests.gateway.conftest import RunningGateway
from tests.gateway.terminal import TestTerminal, position, whole_second

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("edition", ["2011", "2013", "2019"])
async def test_reports_are_answered_and_lie_in_the_log(gateway: RunningGateway, edition: str) -> None:
    terminal = TestTerminal("013900000001".rjust(20 if edition == "2019" else 12, "0"), edition)
    await terminal.join(gateway.port)
    start = whole_second()
    serials = [terminal.send(position(start + timedelta(seconds=n), 60.5 + n)) for n in range(5)]
    for serial in serials:
        answer = await terminal.answer_to(serial)
        assert (answer.reply_id, answer.result) == (0x0200, 0)
    blocks = await gateway.blocks(5)
    reports = blocks[0].reports.concat([block.reports for block in blocks])
    assert reports.vehicle_key.tolist() == [vehicle_key("V1")] * 5
    assert reports.speed_kmh.tolist() == [60.5, 61.5, 62.5, 63.5, 64.5]
    assert reports.time_ms.tolist() == [int(start.timestamp() * 1000) + 1000 * n for n in range(5)]
    assert np.abs(reports.received_ms - time.time() * 1000).max() < 60_000
    table = blocks[0].table
    assert table["vehicle_id"][0].as_py() == "V1"
    assert table["driver_id"][0].as_py() == "D1"
    assert table["serial"].to_pylist() == serials[: blocks[0].rows]


async def test_a_batch_from_a_dead_zone_is_answered_once(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000002")
    await terminal.join(gateway.port)
    start = whole_second() - timedelta(hours=1)
    batch = PositionBatch(1, tuple(position(start + timedelta(seconds=30 * n)) for n in range(20)))
    answer = await terminal.answer_to(terminal.send(batch))
    assert (answer.reply_id, answer.result) == (0x0704, 0)
    (block,) = await gateway.blocks(20)
    assert block.rows == 20
    assert set(block.table["source"].to_pylist()) == {2}


async def test_a_sub_packaged_batch_is_answered_package_by_package(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000002")
    await terminal.join(gateway.port)
    start = whole_second() - timedelta(hours=1)
    batch = PositionBatch(1, tuple(position(start + timedelta(seconds=30 * n)) for n in range(80)))
    frames = encode_packages(0x0704, terminal.phone, 500, batch.encode("2013"), "2013")
    assert len(frames) > 1
    for frame in frames:
        terminal.write(frame)
    for serial in range(500, 500 + len(frames)):
        assert (await terminal.answer_to(serial)).result == 0
    assert sum(block.rows for block in await gateway.blocks(80)) == 80


async def test_a_vehicle_keeps_its_partition(gateway: RunningGateway) -> None:
    for phone in ("013900000001", "013900000003"):
        terminal = TestTerminal(phone)
        await terminal.join(gateway.port)
        await terminal.answer_to(terminal.send(position(whole_second())))
    blocks = await gateway.blocks(2)
    keys = {int(key) for block in blocks for key in block.reports.vehicle_key}
    assert keys == {vehicle_key("V1"), vehicle_key("V3")}
    assert all(0 <= partition_of(key, 4) < 4 for key in keys)


async def test_an_unknown_terminal_is_refused(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013999999999")
    await terminal.connect(gateway.port)
    assert (await terminal.register()).result == 4
    assert (await terminal.authenticate()).result == 1
    assert (await terminal.answer_to(terminal.send(position(whole_second())))).result == 1


@pytest.mark.parametrize("gateway", [{"admit_unknown": True}], indirect=True)
async def test_an_unknown_terminal_is_admitted_for_a_trial(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013999999999")
    await terminal.join(gateway.port)
    assert (await terminal.answer_to(terminal.send(position(whole_second())))).result == 0
    (block,) = await gateway.blocks(1)
    assert block.table["vehicle_id"][0].as_py() == "13999999999"


@pytest.mark.parametrize("gateway", [{"check_plate": True}], indirect=True)
async def test_a_terminal_in_another_vehicle_is_refused_where_plates_are_checked(
    gateway: RunningGateway,
) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.connect(gateway.port)
    assert (await terminal.register("苏B99999")).result == 2
    assert (await terminal.register("苏 A-00001")).result == 0


async def test_a_wrong_code_is_refused_and_the_third_closes(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    terminal.code = "wrong"
    await terminal.connect(gateway.port)
    for _ in range(3):
        assert (await terminal.authenticate()).result == 1
    assert await terminal.closed()


async def test_reports_sent_right_behind_the_code_are_not_lost(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.join(gateway.port)
    await terminal.close()
    again = TestTerminal("013900000001")
    again.code = terminal.code
    await again.connect(gateway.port)
    report = position(whole_second()).encode("2013")
    code = encode_frame(0x0102, again.phone, 1, again.code.encode(), "2013")
    again.write(code + encode_frame(0x0200, again.phone, 2, report, "2013"))
    assert (await again.answer_to(2)).result == 0


async def test_a_new_connection_replaces_the_old_one(gateway: RunningGateway) -> None:
    old, new = TestTerminal("013900000001"), TestTerminal("013900000001")
    await old.join(gateway.port)
    await new.join(gateway.port)
    assert await old.closed()
    assert (await new.answer_to(new.send(Heartbeat()))).result == 0


async def test_garbage_costs_neither_the_connection_nor_the_next_report(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.join(gateway.port)
    good = encode_frame(0x0200, terminal.phone, 77, position(whole_second()).encode("2013"), "2013")
    broken = good[:20] + bytes([good[20] ^ 0xFF]) + good[21:]
    terminal.write(b"\x7e\x7e" + bytes(range(100)) + broken + b"\x7e" + b"A" * 9000 + b"\x7e" + good)
    assert (await terminal.answer_to(77)).result == 0


async def test_a_short_report_is_answered_as_bad(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.join(gateway.port)
    terminal.write(encode_frame(0x0200, terminal.phone, 5, bytes(20), "2013"))
    assert (await terminal.answer_to(5)).result == 2


async def test_another_phone_on_the_link_is_not_taken_for_the_terminal(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.join(gateway.port)
    foreign = position(whole_second(), 11.0).encode("2013")
    terminal.write(encode_frame(0x0200, "013900000002", 8, foreign, "2013"))
    assert (await terminal.answer_to(terminal.send(position(whole_second(), 22.0)))).result == 0
    blocks = await gateway.blocks(1)
    assert [speed for block in blocks for speed in block.reports.speed_kmh.tolist()] == [22.0]


async def test_after_unregistering_reports_are_refused(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.join(gateway.port)
    assert (await terminal.answer_to(terminal.send(Unregister()))).result == 0
    assert (await terminal.answer_to(terminal.send(position(whole_second())))).result == 1


async def test_an_item_that_is_broken_does_not_cost_the_position(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.join(gateway.port)
    body = position(whole_second()).encode("2013") + bytes([0x01, 0xFF, 0x00])
    terminal.write(encode_frame(PositionReport.message_id, terminal.phone, 9, body, "2013"))
    assert (await terminal.answer_to(9)).result == 0
    (block,) = await gateway.blocks(1)
    assert block.table["items"][0].as_py() == bytes([0x01, 0xFF, 0x00])


async def test_alarms_of_active_safety_stand_beside_their_report(gateway: RunningGateway) -> None:
    terminal = TestTerminal("013900000001")
    await terminal.join(gateway.port)
    identifier = b"ID00001" + bytes.fromhex("261122100000") + bytes([3, 2, 0])
    alarm = bytes([0, 0, 0, 9, 1, 2, 2]) + bytes(5) + bytes([60, 0, 20]) + bytes(8)
    alarm += bytes.fromhex("261122100000") + bytes(2) + identifier
    body = position(whole_second(), 33.0).encode("2013") + bytes([0x64, len(alarm)]) + alarm
    plain = position(whole_second(), 44.0).encode("2013")
    for serial, one in ((5, body), (6, plain)):
        terminal.write(encode_frame(0x0200, terminal.phone, serial, one, "2013"))
    await terminal.answer_to(5)
    await terminal.answer_to(6)
    found = {}
    for block in await gateway.blocks(2):
        column = block.table["alarms"] if "alarms" in block.table.schema.names else [None] * block.rows
        found.update(zip(block.table["speed_kmh"].to_pylist(), map(str, column), strict=True))
    assert "b'ID00001" in found[33.0]
    assert "identifier" not in found[44.0]
