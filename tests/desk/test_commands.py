"""Operators give commands and see what becomes of them."""

from __future__ import annotations

import uuid
from typing import Any

import psycopg
import pytest

from alerts.command_kinds import KINDS
from alerts.command_names import KIND_NAMES, STATE_NAMES
from alerts.desk import models, models_commands
from alerts.desk.api_commands import MAX_UNFINISHED
from alerts.desk.command_bodies import BODIES
from tests.desk.running import RunningDesk, add_vehicle, wait_until
from tests.desk.sse import open_stream

pytestmark = pytest.mark.stack

CIRCLE = {"area_id": 7, "latitude_deg": 32.1, "longitude_deg": 118.8, "radius_m": 500}
SQUARE = [{"latitude_deg": 32 + y, "longitude_deg": 118 + x} for x, y in ((0, 0), (0, 1), (1, 1), (1, 0))]
POINT = {"point_id": 1, "segment_id": 1, "latitude_deg": 32.0, "longitude_deg": 118.0, "width_m": 20}
DAILY = {"start": "08:30:00", "end": "18:00"}
UPLOAD = {"server": "10.0.0.1", "tcp_port": 8809, "identifier": "30" * 16, "alarm_number": "a" * 32}
ACCEPTED: list[tuple[str, dict[str, Any]]] = [
    ("text", {"text": "请减速", "urgent": True}),
    ("parameters_set", {"parameters": [{"parameter_id": "0x0055", "value": 80}]}),
    ("parameters_set", {"parameters": [{"name": "max_speed_kmh", "value": 80}]}),
    ("parameters_set", {"parameters": [{"parameter_id": 0xF370, "raw": "0102"}]}),
    ("parameters_query", {}),
    ("parameters_query", {"parameter_ids": ["0x0055", 86]}),
    ("terminal_control", {"command": 4}),
    ("attributes_query", {}),
    ("position_query", {}),
    ("track", {"interval_s": 5, "validity_s": 600}),
    ("track", {"interval_s": 0}),
    ("alarm_confirm", {"alarm_serial": 17, "alarm_bits": 1}),
    ("link_check", {}),
    ("area_set", {"shape": "circle", "areas": [CIRCLE]}),
    ("area_set", {"shape": "circle", "areas": [CIRCLE | {"max_speed_kmh": 60} | DAILY]}),
    ("area_set", {"shape": "polygon", "area_id": 1, "vertices": SQUARE, "max_speed_kmh": 40}),
    ("area_set", {"shape": "route", "route_id": 1, "points": [POINT, POINT | {"max_speed_kmh": 50}]}),
    ("area_delete", {"shape": "route", "ids": []}),
    ("areas_query", {"shape": "polygon"}),
    ("photo", {"channel": 1}),
    ("media_search", {"media_type": 0, "start": "2026-11-22T15:00:00+08:00"}),
    ("media_upload", {"media_type": 0, "delete": 1}),
    ("media_single_upload", {"media_id": 5}),
    ("record", {"duration_s": 10}),
    ("phone_callback", {"phone_number": "02583000000"}),
    ("vehicle_control", {"door": "lock"}),
    ("peripheral_query", {"kind": "0xF8", "peripheral_ids": [100, 101]}),
    ("driver_query", {}),
    ("recorder_query", {"command": "0x00"}),
    ("recorder_query", {"command": 8, "data": "261122000000261122100000ffff"}),
    ("attachments", UPLOAD),
    ("archive_start", {}),
    ("archive_stop", {}),
]

REFUSED: list[tuple[str, Any]] = [
    ("text", {"text": "🚚"}),
    ("text", {"text": "a\x00b"}),
    ("text", {"text": "x", "flags": 12}),
    ("parameters_set", {"parameters": []}),
    ("parameters_set", {"parameters": [{"parameter_id": "0x0055", "value": -1}]}),
    ("parameters_set", {"parameters": [{"parameter_id": "0x0055", "value": "fast"}]}),
    ("parameters_set", {"parameters": [{"parameter_id": "0x0083", "value": 5}]}),
    ("parameters_set", {"parameters": [{"parameter_id": "0x0055"}]}),
    ("parameters_set", {"parameters": [{"value": 5}]}),
    ("parameters_query", {"parameter_ids": [2**32]}),
    ("terminal_control", {"command": 8}),
    ("position_query", {"x": 1}),
    ("track", {"interval_s": 5}),
    ("alarm_confirm", {"alarm_bits": 2}),
    ("alarm_confirm", {"alarm_bits": 0}),
    ("area_set", {"shape": "ellipse"}),
    ("area_set", {"shape": "circle", "areas": [CIRCLE | {"area_id": 0}]}),
    ("area_set", {"shape": "circle", "areas": [CIRCLE | {"start": "08:30"}]}),
    ("area_set", {"shape": "circle", "areas": [CIRCLE | {"overspeed_s": 5}]}),
    ("area_set", {"shape": "circle", "areas": [CIRCLE | {"latitude_deg": 91}]}),
    ("area_set", {"shape": "polygon", "area_id": 1, "vertices": SQUARE[:2]}),
    ("area_delete", {"shape": "route"}),
    ("photo", {"channel": 0}),
    ("media_single_upload", {"media_id": 0}),
    ("phone_callback", {"phone_number": "call me"}),
    ("vehicle_control", {"door": "half"}),
    ("peripheral_query", {"kind": 0xF6}),
    ("recorder_query", {"data": "00"}),
    ("recorder_query", {"command": 8, "data": "0"}),
    ("attachments", {"server": "x", "tcp_port": 1, "identifier": "zz", "alarm_number": "a"}),
    ("no_such_kind", {}),
    ("text", None),
    ("text", []),
]


@pytest.fixture(scope="module", autouse=True)
def vehicle(desk: RunningDesk) -> None:
    add_vehicle(desk.dsn, "C1", terminal_phone="13912340001")
    add_vehicle(desk.dsn, "C2", terminal_phone="13912340002")
    add_vehicle(desk.dsn, "C3", terminal_phone="13912340003")


def give(desk: RunningDesk, kind: str, body: Any, vehicle_id: str = "C1", **more: Any) -> Any:
    order = {"kind": kind, "body": body, "operator": "王芳", **more}
    return desk.post(f"/api/vehicles/{vehicle_id}/commands", order)


def command(desk: RunningDesk, command_id: str) -> dict[str, Any]:
    answer = desk.get(f"/api/commands/{command_id}")
    assert answer.status_code == 200
    models_commands.Command.model_validate(answer.json())
    return answer.json()


def test_every_kind_has_its_body_and_its_name() -> None:
    assert list(KINDS) == list(BODIES) == list(KIND_NAMES)
    assert {kind for kind, _ in ACCEPTED} == set(KINDS)


@pytest.mark.parametrize(("kind", "body"), ACCEPTED)
def test_a_command_is_stored(desk: RunningDesk, kind: str, body: dict[str, Any]) -> None:
    answer = give(desk, kind, body)
    assert answer.status_code == 202, answer.text
    found = command(desk, models_commands.CommandAccepted.model_validate(answer.json()).command_id)
    assert (found["vehicle_id"], found["kind"], found["operator"]) == ("C1", kind, "王芳")
    assert (found["state"], found["attempts"]) == ("answered" if kind == "archive_stop" else "waiting", 0)
    assert found["state_name"]["zh"] == STATE_NAMES[found["state"]][0]


@pytest.mark.parametrize(("kind", "body"), REFUSED)
def test_what_the_standard_does_not_know_is_refused(desk: RunningDesk, kind: str, body: Any) -> None:
    answer = give(desk, kind, body)
    assert answer.status_code == 422
    assert models.ErrorBody.model_validate(answer.json()).error.message_zh


@pytest.mark.parametrize(
    "order",
    [
        *({}, [], None, {"kind": "text"}, {"kind": "position_query"}),
        {"kind": "position_query", "operator": ""},
        {"kind": "position_query", "operator": "x", "valid_s": 0},
        {"kind": "position_query", "operator": "x", "valid_s": 1e9},
        {"kind": "position_query", "operator": "x", "until": 5},
    ],
)
def test_an_order_that_is_none(desk: RunningDesk, order: Any) -> None:
    assert desk.post("/api/vehicles/C1/commands", order).status_code == 422


def test_a_body_may_be_left_out_where_it_is_empty(desk: RunningDesk) -> None:
    answer = desk.post(
        "/api/vehicles/C1/commands", {"kind": "position_query", "operator": "x", "valid_s": 30}
    )
    assert answer.status_code == 202
    assert command(desk, answer.json()["command_id"])["body"] == {}


def test_nobody_is_there(desk: RunningDesk) -> None:
    assert give(desk, "position_query", {}, "nobody").status_code == 404
    for name in (str(uuid.uuid4()), "x"):
        answer = desk.get(f"/api/commands/{name}")
        assert answer.status_code == 404
        models.ErrorBody.model_validate(answer.json())


def test_attribute_bits_follow_from_the_fields(desk: RunningDesk) -> None:
    area = CIRCLE | {"attributes": 0b1100, "max_speed_kmh": 60, "start": "08:30", "end": "18:00"}
    answer = give(desk, "area_set", {"shape": "circle", "areas": [area]})
    (stored,) = command(desk, answer.json()["command_id"])["body"]["areas"]
    assert stored["attributes"] == 0b1111
    assert (stored["start"], stored["end"]) == ("000000083000", "000000180000")
    assert stored["night_max_speed_kmh"] == 60


def test_commands_page_by_page(desk: RunningDesk) -> None:
    given = [give(desk, "position_query", {}, "C2").json()["command_id"] for _ in range(5)]
    seen: list[str] = []
    after = None
    while True:
        parameters = {"vehicle_id": "C2", "limit": 2} | ({"after": after} if after else {})
        page = models_commands.CommandPage.model_validate(desk.get("/api/commands", **parameters).json())
        seen += [one.command_id for one in page.commands]
        after = page.next
        if after is None:
            break
    assert seen == given[::-1]
    for filters, count in (
        ({"state": "waiting"}, 5),
        ({"state": "sent,failed"}, 0),
        ({"kind": "text"}, 0),
        ({"kind": "position_query,text", "state": "waiting,sent"}, 5),
    ):
        found = desk.get("/api/commands", vehicle_id="C2", **filters).json()["commands"]
        assert len(found) == count
    for wrong in ({"state": "gone"}, {"kind": "x"}, {"after": "x"}, {"limit": 0}):
        assert desk.get("/api/commands", **wrong).status_code == 422


def test_one_vehicle_has_room_for_so_many(desk: RunningDesk) -> None:
    for _ in range(MAX_UNFINISHED):
        assert give(desk, "position_query", {}, "C3").status_code == 202
    answer = give(desk, "position_query", {}, "C3")
    assert answer.status_code == 409
    assert models.ErrorBody.model_validate(answer.json()).error.code == "too_many_commands"
    assert desk.post("/api/vehicles/C3/text", {"text": "x", "operator": "y"}).status_code == 409


def test_streams_see_a_command_move(desk: RunningDesk) -> None:
    with open_stream(desk.url) as events:
        next(events)
        command_id = give(desk, "driver_query", {}).json()["command_id"]
        states = (event.data for event in events if event.name == "command")
        mine = (state for state in states if state["command_id"] == command_id)
        assert next(mine)["state"] == "waiting"
        with psycopg.connect(desk.dsn) as connection:
            connection.execute(
                """UPDATE commands SET state = 'failed', reason = 'unsupported', ended_at = now(),
                   changed_at = clock_timestamp() WHERE command_id = %s""",
                [command_id],
            )
        moved = next(mine)
        models_commands.Command.model_validate(moved)
        assert (moved["state"], moved["reason_name"]["zh"]) == ("failed", "终端不支持")


def test_commands_reach_the_topic_without_a_worker(desk: RunningDesk) -> None:
    def left() -> int:
        with psycopg.connect(desk.dsn) as connection:
            (row,) = connection.execute("SELECT count(*) FROM outbox WHERE topic = 'commands'")
            return row[0]

    wait_until(lambda: left() == 0)
