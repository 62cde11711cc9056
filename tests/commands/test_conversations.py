"""Orders over real sockets: what the terminal hears, and what the operator sees of its answer."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from alerts.commands import TOPIC
from stream.jt808.messages import MESSAGES
from stream.jt808.view import from_view
from tests.commands.conftest import Centre
from tests.commands.records import text_of_version_1
from tests.commands.terminal import ObedientTerminal

pytestmark = pytest.mark.stack

CIRCLE = {
    "area_id": 7,
    "attributes": 0b11,
    "latitude_deg": 32.1,
    "longitude_deg": 118.8,
    "radius_m": 500,
    "start": "000000083000",
    "end": "000000180000",
    "max_speed_kmh": 60,
    "overspeed_s": 10,
    "night_max_speed_kmh": 50,
}
RECTANGLE = {
    "area_id": 8,
    "attributes": 0b10,
    "top_latitude_deg": 32.2,
    "left_longitude_deg": 118.1,
    "bottom_latitude_deg": 32.1,
    "right_longitude_deg": 118.2,
    "max_speed_kmh": 40,
    "overspeed_s": 5,
    "night_max_speed_kmh": 30,
}
POLYGON = {
    "area_id": 9,
    "attributes": 0,
    "vertices": [
        {"latitude_deg": 32.1, "longitude_deg": 118.1},
        {"latitude_deg": 32.2, "longitude_deg": 118.1},
        {"latitude_deg": 32.2, "longitude_deg": 118.3},
    ],
}
POINT = {
    "point_id": 1,
    "segment_id": 2,
    "latitude_deg": 32.1,
    "longitude_deg": 118.1,
    "width_m": 20,
    "segment_attributes": 0b11,
    "too_long_s": 600,
    "too_short_s": 60,
    "max_speed_kmh": 80,
    "overspeed_s": 5,
    "night_max_speed_kmh": 70,
}
ROUTE = {"route_id": 10, "attributes": 0, "points": [POINT, POINT | {"point_id": 2}]}
PHOTO = {"channel": 1, "command": 2, "interval_s": 3, "save": 0, "resolution": 2, "quality": 5}
MEDIA = {"media_type": 0, "channel": 1, "event": 0, "start": "261122000000", "end": "261122235959"}
UPLOAD = {"server": "10.0.0.1", "tcp_port": 8809, "identifier": "30" * 16, "alarm_number": "a" * 32}
POSITION = {
    "alarm_bits": 0,
    "status_bits": 3,
    "latitude_deg": 32.041544,
    "longitude_deg": 118.767413,
    "altitude_m": 20,
    "speed_kmh": 60.0,
    "heading_deg": 90,
    "time": "2026-11-22T15:00:00+08:00",
}

ACKNOWLEDGED: list[tuple[str, dict[str, Any], int, dict[str, Any]]] = [
    ("text", {"text": "请减速", "urgent": True, "speak": True}, 0x8300, {"text": "请减速"}),
    ("parameters_set", {"parameters": [{"parameter_id": 0x55, "value": 80}]}, 0x8103, {}),
    ("terminal_control", {"command": 2, "arguments": "1;a"}, 0x8105, {"command": 2, "arguments": "1;a"}),
    ("track", {"interval_s": 5, "validity_s": 600}, 0x8202, {"interval_s": 5, "validity_s": 600}),
    ("alarm_confirm", {"alarm_serial": 17, "alarm_bits": 1}, 0x8203, {"alarm_serial": 17, "alarm_bits": 1}),
    ("link_check", {}, 0x8204, {}),
    ("area_set", {"shape": "circle", "action": 1, "areas": [CIRCLE]}, 0x8600, {"action": 1}),
    ("area_set", {"shape": "rectangle", "action": 0, "areas": [RECTANGLE]}, 0x8602, {"action": 0}),
    ("area_set", {"shape": "polygon", **POLYGON}, 0x8604, POLYGON),
    ("area_set", {"shape": "route", **ROUTE}, 0x8606, {"route_id": 10}),
    ("area_delete", {"shape": "circle", "ids": [7, 8]}, 0x8601, {"ids": [7, 8]}),
    ("area_delete", {"shape": "rectangle", "ids": []}, 0x8603, {"ids": []}),
    ("area_delete", {"shape": "polygon", "ids": [9]}, 0x8605, {"ids": [9]}),
    ("area_delete", {"shape": "route", "ids": [10]}, 0x8607, {"ids": [10]}),
    ("media_upload", MEDIA | {"delete": 1}, 0x8803, MEDIA | {"delete": 1}),
    ("media_single_upload", {"media_id": 5, "delete": 0}, 0x8805, {"media_id": 5}),
    ("record", {"command": 1, "duration_s": 10, "sample_rate": 3}, 0x8804, {"duration_s": 10}),
    ("phone_callback", {"flag": 1, "phone_number": "025"}, 0x8400, {"flag": 1, "phone_number": "025"}),
    ("attachments", UPLOAD, 0x9208, {"server_address": "10.0.0.1", "tcp_port": 8809}),
]

ANSWERED: list[tuple[str, dict[str, Any], int, dict[str, Any], int, dict[str, Any]]] = [
    (
        *("parameters_query", {"parameter_ids": [0x55]}, 0x8106, {"parameter_ids": ["0x0055"]}, 0x0104),
        {"parameters": [{"parameter_id": "0x0055", "name": "max_speed_kmh", "value": 80}]},
    ),
    (
        *("parameters_query", {}, 0x8104, {}, 0x0104),
        {"parameters": [{"parameter_id": "0x0001", "name": "heartbeat_interval_s", "value": 30}]},
    ),
    ("position_query", {}, 0x8201, {}, 0x0201, {"position": POSITION}),
    ("photo", PHOTO, 0x8801, PHOTO, 0x0805, {"result": 0, "media_ids": [11, 12]}),
    (
        *("recorder_query", {"command": 8, "data": "2611"}, 0x8700, {"command": "0x08", "data": "2611"}),
        *(0x0700, {"command": "0x08", "data": "55aa"}),
    ),
    ("media_search", MEDIA, 0x8802, MEDIA, 0x0802, {"media": []}),
    ("vehicle_control", {"door": "lock"}, 0x8500, {}, 0x0500, {"position": POSITION}),
]


async def join(centre: Centre, port: int, edition: str = "2013") -> ObedientTerminal:
    phone = "13900000001".rjust(20 if edition == "2019" else 12, "0")
    terminal = ObedientTerminal(phone, edition)  # type: ignore[arg-type]
    await terminal.join(port)
    return terminal


@pytest.mark.parametrize("edition", ["2013", "2019"])
async def test_what_a_general_response_answers(centre: Centre, edition: str) -> None:
    async with centre.gateway() as gateway:
        terminal = await join(centre, gateway.port, edition)
        for kind, body, message_id, told in ACKNOWLEDGED:
            command_id = await centre.order(kind, body)
            heard = await terminal.order(message_id)
            assert {name: heard.view[name] for name in told} == told
            await centre.reaches(command_id, "sent", serial=heard.serial)
            terminal.acknowledge(heard)
            row = await centre.reaches(command_id, "answered", result={"result": 0})
            assert row["created_at"] <= row["sent_at"] <= row["delivered_at"] <= row["ended_at"]
            assert row["attempts"] == 1


@pytest.mark.parametrize("edition", ["2013", "2019"])
async def test_what_has_an_answer_of_its_own(centre: Centre, edition: str) -> None:
    async with centre.gateway() as gateway:
        terminal = await join(centre, gateway.port, edition)
        for turn, (kind, body, message_id, told, answer_id, answer) in enumerate(ANSWERED):
            command_id = await centre.order(kind, body)
            heard = await terminal.order(message_id)
            assert {name: heard.view[name] for name in told} == told
            if turn % 2:
                terminal.acknowledge(heard)
                await centre.reaches(command_id, "delivered")
            terminal.send(from_view(answer_id, {"reply_serial": heard.serial} | answer))  # type: ignore[arg-type]
            row = await centre.reaches(command_id, "answered")
            if "position" not in answer:
                assert {name: row["result"][name] for name in answer} == answer
            else:
                assert row["result"]["position"]["latitude_deg"] == POSITION["latitude_deg"]


async def test_answers_that_name_no_serial(centre: Centre) -> None:
    async with centre.gateway() as gateway:
        terminal = await join(centre, gateway.port, "2019")
        query = {"kind": 0xF7, "peripheral_ids": [0x64]}
        state = await centre.order("peripheral_query", query)
        heard = await terminal.order(0x8900)
        assert heard.view["content"] == {"peripheral_ids": [0x64]}
        terminal.acknowledge(heard)
        information = await centre.order("peripheral_query", query | {"kind": 0xF8})
        terminal.acknowledge(await terminal.order(0x8900))
        await centre.reaches(information, "delivered")
        told = [{"peripheral_id": 0x64, "state": 1, "fault_bits": 0}]
        terminal.send(from_view(0x0900, {"kind": 0xF7, "content": told}))  # type: ignore[arg-type]
        assert (await centre.reaches(state, "answered"))["result"]["content"] == told
        assert (await centre.row(information))["state"] == "delivered", "another type was asked"
        driver = await centre.order("driver_query")
        terminal.acknowledge(await terminal.order(0x8702))
        identity = {"status": 2, "time": "2026-11-22T15:00:00+08:00"}
        terminal.send(from_view(0x0702, identity, "2019"))  # type: ignore[arg-type]
        assert (await centre.reaches(driver, "answered"))["result"]["status"] == 2
        areas = await centre.order("areas_query", {"shape": "circle", "ids": [7]})
        assert (await terminal.order(0x8608)).view == {"area_type": 1, "ids": [7]}
        terminal.send(from_view(0x0608, {"area_type": 1, "circles": []}, "2019"))  # type: ignore[arg-type]
        await centre.reaches(areas, "answered")


async def test_urgent_means_the_same_in_every_edition(centre: Centre) -> None:
    async with centre.gateway() as gateway:
        for edition, flags in (("2013", 0b1101), ("2019", 0b1110)):
            terminal = await join(centre, gateway.port, edition)
            body = {"text": "x", "urgent": True, "display": True, "speak": True}
            command_id = await centre.order("text", body)
            heard = await terminal.order(0x8300)
            assert heard.view["flags"] == flags
            terminal.acknowledge(heard)
            await centre.reaches(command_id, "answered")


@pytest.mark.parametrize(("edition", "expected"), [("2013", {"flags": 0}), ("2019", None)])
async def test_unlocking_is_the_opposite_byte(centre: Centre, edition: str, expected: Any) -> None:
    async with centre.gateway() as gateway:
        terminal = await join(centre, gateway.port, edition)
        await centre.order("vehicle_control", {"door": "unlock"})
        heard = await terminal.order(0x8500)
        if expected is None:
            assert heard.view["controls"] == [{"control_type": "0x0001", "parameter": 1}]
        else:
            assert heard.view["flags"] == 0


@pytest.mark.parametrize(("result", "reason"), [(1, "refused"), (2, "bad_message"), (3, "unsupported")])
async def test_a_terminal_that_refuses(centre: Centre, result: int, reason: str) -> None:
    async with centre.gateway() as gateway:
        terminal = await join(centre, gateway.port)
        command_id = await centre.order("area_delete", {"shape": "circle", "ids": []})
        terminal.acknowledge(await terminal.order(0x8601), result)
        await centre.reaches(command_id, "failed", reason=reason, result={"result": result})
        photo = await centre.order("photo", PHOTO)
        serial = (await terminal.order(0x8801)).serial
        terminal.send(MESSAGES[0x0805](serial, 2))  # type: ignore[call-arg]
        await centre.reaches(photo, "failed", reason="channel_unsupported")


async def test_what_a_terminals_edition_cannot_say(centre: Centre) -> None:
    async with centre.gateway() as gateway:
        terminal = await join(centre, gateway.port)
        wrong = await centre.order("parameters_set", {"parameters": [{"name": "no_such", "value": 1}]})
        row = await centre.reaches(wrong, "failed")
        assert row["reason"].startswith("unencodable: ")
        command_id = await centre.order("parameters_set", {"parameters": [{"parameter_id": 1, "raw": "05"}]})
        terminal.acknowledge(await terminal.order(0x8103))
        await centre.reaches(command_id, "answered")


async def test_a_long_area_goes_in_packages(centre: Centre) -> None:
    corners = [{"latitude_deg": 32 + n / 1e4, "longitude_deg": 118.0} for n in range(400)]
    async with centre.gateway() as gateway:
        terminal = await join(centre, gateway.port)
        body = {"shape": "polygon", "area_id": 1, "attributes": 0, "vertices": corners}
        command_id = await centre.order("area_set", body)
        heard = await terminal.order(0x8604)
        assert len(heard.view["vertices"]) == 400
        assert heard.serial - heard.first_serial == 3
        terminal.acknowledge(heard)
        await centre.reaches(command_id, "answered", serial=heard.serial)


async def test_repeated_unchanged_until_it_is_answered(centre: Centre) -> None:
    async with centre.gateway(command_timeout_s=0.2) as gateway:
        terminal = await join(centre, gateway.port)
        command_id = await centre.order("text", {"text": "x", "speak": True})
        heard = [await terminal.order(0x8300) for _ in range(3)]
        assert len({one.serial for one in heard}) == 1
        terminal.acknowledge(heard[0])
        row = await centre.reaches(command_id, "answered")
        assert row["attempts"] >= 3


async def test_no_answer_after_all_repetitions(centre: Centre) -> None:
    async with centre.gateway(command_timeout_s=0.1, command_repetitions=2) as gateway:
        terminal = await join(centre, gateway.port)
        command_id = await centre.order("text", {"text": "x", "speak": True})
        for _ in range(3):
            await terminal.order(0x8300)
        chatting = asyncio.create_task(_chat(terminal))
        await centre.reaches(command_id, "failed", reason="no_answer", attempts=3)
        chatting.cancel()


async def _chat(terminal: ObedientTerminal) -> None:
    while True:
        terminal.send(MESSAGES[0x0002]())
        await asyncio.sleep(0.02)


async def test_what_waits_goes_out_when_the_terminal_comes(centre: Centre) -> None:
    early = await centre.order("text", {"text": "早", "speak": True})
    async with centre.gateway() as gateway:
        later = await centre.order("text", {"text": "晚", "speak": True})
        assert (await centre.row(early))["state"] == "waiting"
        terminal = await join(centre, gateway.port)
        for command_id, text in ((early, "早"), (later, "晚")):
            heard = await terminal.order(0x8300)
            assert heard.view["text"] == text
            terminal.acknowledge(heard)
            await centre.reaches(command_id, "answered")


async def test_nobody_comes(centre: Centre) -> None:
    async with centre.gateway():
        command_id = await centre.order("text", {"text": "x"}, valid_s=0.5)
        await centre.reaches(command_id, "expired", reason="not_connected", attempts=0)


async def test_a_broken_link_is_tried_again(centre: Centre) -> None:
    async with centre.gateway() as gateway:
        terminal = await join(centre, gateway.port)
        command_id = await centre.order("text", {"text": "x", "speak": True})
        await terminal.order(0x8300)
        await terminal.close()
        again = await join(centre, gateway.port)
        again.acknowledge(await again.order(0x8300))
        await centre.reaches(command_id, "answered", attempts=2)


async def test_the_terminal_is_at_the_second_of_two_gateways(centre: Centre) -> None:
    async with centre.gateway(), centre.gateway() as second:
        terminal = await join(centre, second.port)
        command_id = await centre.order("text", {"text": "x", "speak": True})
        terminal.acknowledge(await terminal.order(0x8300))
        row = await centre.reaches(command_id, "answered")
        assert f":{second.port}/" in row["gateway"]


async def test_the_terminal_moves_to_another_gateway(centre: Centre) -> None:
    async with centre.gateway() as first, centre.gateway() as second:
        terminal = await join(centre, first.port)
        command_id = await centre.order("text", {"text": "x", "speak": True})
        await terminal.order(0x8300)
        await centre.reaches(command_id, "sent")
        moved = await join(centre, second.port)
        moved.acknowledge(await moved.order(0x8300))
        row = await centre.reaches(command_id, "answered")
        assert (f":{second.port}/" in row["gateway"], row["attempts"]) == (True, 2)


async def test_texts_of_an_older_desk_are_said_and_get_their_row(centre: Centre) -> None:
    async with centre.gateway() as gateway:
        terminal = await join(centre, gateway.port)
        command_id, value = text_of_version_1("V1", "13900000001", "您已超速")
        producer = AIOKafkaProducer(bootstrap_servers=centre.bootstrap_servers)
        await producer.start()
        await producer.send_and_wait(TOPIC, b"garbage")
        await producer.send_and_wait(TOPIC, value)
        heard = await terminal.order(0x8300)
        assert (heard.view["text"], heard.view["flags"]) == ("您已超速", 12)
        terminal.acknowledge(heard)
        await centre.reaches(command_id, "answered", operator="")
        await producer.stop()


async def test_an_archive_order_is_in_force_until_it_is_stopped(centre: Centre) -> None:
    missed = await centre.order("archive_start", vehicle_id="V2", valid_s=-1)
    brief = await centre.order("archive_start", vehicle_id="V3", valid_s=2)
    command_id = await centre.order("archive_start")
    async with centre.gateway() as gateway:
        await centre.reaches(command_id, "delivered")
        await centre.reaches(missed, "expired")
        await centre.reaches(brief, "answered", reason=None)
        terminal = await join(centre, gateway.port)
        text = await centre.order("text", {"text": "x"})
        terminal.acknowledge(await terminal.order(0x8300))
        await centre.reaches(text, "answered")
        frames = await gateway.frames(2)
        assert {frame.direction for frame in frames} == {0, 1}
        stop = await centre.order("archive_stop")
        await centre.reaches(stop, "answered")
        await centre.reaches(command_id, "answered", reason="stopped")
