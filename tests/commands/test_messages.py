"""Bodies become messages or say why not; answers become JSON that a database can hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from alerts.command_kinds import KINDS
from alerts.commands import Command
from alerts.desk.models_commands import CommandOrder
from alerts.desk.parameter_types import MAX_NUMBERS, TEXTS
from stream.gateway.command_messages import MAX_RESULT_TEXT, message_of, result_of
from stream.jt808.errors import EncodeError
from stream.jt808.messages import MESSAGES, RawMessage, decode_message
from stream.jt808.parameter_table import read_value
from tests.desk.test_commands import ACCEPTED

EDITIONS = ("2011", "2013", "2019")
SENT_KINDS = [name for name in KINDS if not name.startswith("archive")]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["text", "parameters", "parameter_ids", "shape", "areas", "ids", "door", "kind", "vertices", "channel"]
)


def command(kind: str, body: dict[str, Any]) -> Command:
    return Command("c", "V1", 1, "139", kind, body, "x", 0, 1)


@pytest.mark.parametrize("edition", EDITIONS)
@pytest.mark.parametrize(("kind", "body"), ACCEPTED)
def test_what_the_desk_accepts_can_be_said(kind: str, body: dict[str, Any], edition: Any) -> None:
    if kind.startswith("archive"):
        return
    order: Any = TypeAdapter(CommandOrder).validate_python({"kind": kind, "body": body, "operator": "x"})
    stored = json.loads(json.dumps(order.body.model_dump(exclude_none=True)))
    message = message_of(command(kind, stored), edition)
    assert message.message_id in MESSAGES
    assert decode_message(message.message_id, message.encode(edition), edition).encode(
        edition
    ) == message.encode(edition)


@given(st.sampled_from(SENT_KINDS), st.dictionaries(FIELDS, JSON, max_size=4), st.sampled_from(EDITIONS))
def test_any_body_is_said_or_refused(kind: str, body: dict[str, Any], edition: Any) -> None:
    try:
        message = message_of(command(kind, body), edition)
    except EncodeError:
        return
    message.encode(edition)


def test_the_desks_table_of_parameters_is_the_codecs() -> None:
    sizes = {0xFF: 1, 0xFFFF: 2, 0xFFFFFFFF: 4}
    for number, most in MAX_NUMBERS.items():
        known = read_value(number, most.to_bytes(sizes[most]))
        assert known is not None, hex(number)
        assert known[1] == most, hex(number)
    for number in TEXTS:
        known = read_value(number, "苏A".encode("gbk"))
        assert known is not None, hex(number)
        assert known[1] == "苏A", hex(number)


def test_an_answer_is_storable() -> None:
    attributes = decode_message(0x0001, bytes([0, 1, 0x83, 0, 0]))
    assert result_of(attributes, "2013") == {"reply_serial": 1, "reply_id": "0x8300", "result": 0}
    assert result_of(RawMessage(0x0104, b"\x00\x01"), "2013") == {"raw": "0001"}
    long = result_of(RawMessage(0x0104, bytes(MAX_RESULT_TEXT)), "2013")
    assert "error" in long
