"""Every kind of order is a message of both versions, and reads back as it was meant."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from alerts.exchange.order_kinds import KINDS, check_order
from alerts.exchange.orders import Order
from stream.exchange.link import Link
from stream.exchange.order_messages import UnsendableOrder, cut, message_of
from stream.jt809.messages import read_message
from tests.exchange.link_files import LOWER, UPPER, links_of

BODIES: dict[str, dict[str, Any]] = {
    "text": {"text": "请检查车辆"},
    "listen": {"tel": "02583331234"},
    "vehicle_text": {"text": "减速"},
    "recorder": {"command": 8, "start_s": 1_700_000_000, "end_s": 1_700_003_600},
    "emergency_access": {"server_ip": "10.0.0.1", "tcp_port": 8808},
    "exchange_info": {"text": "VIN:=L123;"},
    "prewarning": {"alarm_type": 2, "alarm_s": 1_700_000_000, "text": "疲劳"},
    "alarm_exchange": {"alarm_type": 1, "alarm_s": 1_700_000_000, "text": "超速"},
    "apply_exchange": {"start_s": 1_700_000_000, "end_s": 1_700_003_600},
    "apply_history": {"start_s": 1_700_000_000, "end_s": 1_700_003_600},
    "alarm_result": {"info_id": 9, "result": 1},
    "driver_report": {"name": "张三", "driver_id": "320102199001011234"},
    "waybill_report": {"text": "运单"},
}
"""What a kind needs beyond its defaults."""

INNER: dict[str, dict[str, Any]] = {
    "post_check": {"object_type": 1, "object_id": "3201", "info_id": 7, "text": "在岗吗", "answer_s": 600},
    "post_check_answer": {
        **{"object_type": 1, "object_id": "3201", "info_id": 7, "sequence": 3, "text": "在"},
        **{"responder": "王芳", "phone": "138"},
    },
    "urge": {
        **{"alarm_source": 1, "alarm_type": 2, "alarm_s": 1_700_000_000, "supervision_id": 4, "level": 0},
        **{"end_s": 1_700_003_600, "supervisor": "李明", "supervisor_tel": "025", "supervisor_mail": "a@b"},
    },
    "urge_answer": {"supervision_id": 4, "sequence": 5, "result": 1},
}


def order_of(kind: str, body: dict[str, Any]) -> Order:
    now = datetime.now(UTC)
    identity = "0b8b4f5e-6f4e-4d0a-9d5f-2f5c6a7b8c9d"
    return Order(identity, "x", "out", kind, "苏A12345", 2, body, "王", now, now, "waiting", None, None)


def link_of(tmp_path: Path, role: str, version: str) -> Link:
    return links_of(tmp_path, {**(UPPER if role == "upper" else LOWER), "version": version})[0]


@pytest.mark.parametrize("version", ["2011", "2019"])
@pytest.mark.parametrize("kind", [*KINDS, *INNER])
def test_a_kind_is_a_message(tmp_path: Path, kind: str, version: str) -> None:
    role = KINDS[kind].role if kind in KINDS else "upper"
    body = INNER.get(kind) or check_order(kind, role, "苏A12345", BODIES.get(kind, {}))
    link = link_of(tmp_path, role, version)
    message = message_of(order_of(kind, body), link, "苏A12345")
    reading = read_message(message.message_id, message.encode(link.version), link.version, lenient=False)
    assert reading.message == message
    assert not reading.rest


def test_what_2019_has_no_form_for(tmp_path: Path) -> None:
    order = order_of("recorder", {"command": 8, "start_s": 0, "end_s": 0})
    with pytest.raises(UnsendableOrder):
        message_of(order, link_of(tmp_path, "upper", "2019"), "苏A12345")
    assert message_of(order, link_of(tmp_path, "upper", "2011"), "苏A12345")


def test_a_masked_link_tells_no_names(tmp_path: Path) -> None:
    link = replace(link_of(tmp_path, "lower", "2019"), mask=frozenset({"driver"}))
    body = check_order("driver_report", "lower", "苏A12345", BODIES["driver_report"])
    message = message_of(order_of("driver_report", body), link, "苏A12345")
    assert (message.driver_name, message.driver_id) == ("张*", "3201**********1234")  # type: ignore[attr-defined]


def test_texts_are_cut_between_characters() -> None:
    assert cut("王小芳", 5) == "王小"
    assert cut("a😀b", 5) == "a?b"
