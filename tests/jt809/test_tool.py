"""Frames as JSON objects and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings

from stream.jt809.cipher import Cipher
from stream.jt809.header import Edition
from stream.jt809.messages import Message
from stream.jt809.tool import decode_data, encode_object
from stream.protocol_errors import EncodeError, EncryptedError
from tests.jt809.strategies import messages, wire_bytes

CIPHER = Cipher(30000000, 20000000, 20000000)
NOW = datetime(2026, 3, 15, tzinfo=UTC)


def _one(data: bytes, **options: Any) -> dict[str, Any]:
    [result] = decode_data(data, **options)
    return result


@settings(deadline=None)
@given(messages())
def test_every_message_is_shown_and_written_again(case: tuple[Edition, Message]) -> None:
    edition, message = case
    shown = {
        "message_id": message.message_id,
        "sub_type": message.sub_type,
        "protocol": edition,
        "body": message.show(edition),
    }
    wire = encode_object(shown, now=NOW)
    result = json.loads(json.dumps(_one(wire, edition=edition, explain=True)))
    assert result["body"] == json.loads(json.dumps(message.show(edition)))
    assert encode_object(result) == wire
    assert "as_sent" not in result
    steps = result["explain"]
    assert b"".join(bytes.fromhex(step["bytes"]) for step in steps)[1:-3].startswith(wire[1:3])


@given(wire_bytes)
def test_any_bytes_give_objects(data: bytes) -> None:
    for result in decode_data(data, explain=True):
        assert "error" in result or "body" in result


def test_several_frames_and_junk_in_one_input() -> None:
    frame = encode_object({"message_id": "0x1005"})
    found = list(decode_data(b"ab" + frame + frame + b"\x5bxyz" + frame + b"c"))
    assert [one.get("message_id") or one["error"]["code"] for one in found] == [
        "truncated", "0x1005", "0x1005", "truncated", "0x1005", "truncated",
    ]  # fmt: skip
    assert _one(frame[1:-1])["message_id"] == "0x1005"


def test_an_object_has_what_the_header_says() -> None:
    given_object = {
        "message_id": "0x1001",
        "protocol": "2019",
        "serial": 133,
        "gnss_center_id": 33010,
        "version": "1.0.1",
        "encrypt_flag": 1,
        "encrypt_key": 9999,
        "time": "2026-03-15T08:00:00+08:00",
        "body": {
            "user_id": 1, "password": "pw", "gnss_center_id": 33010, "down_link_ip": "192.0.2.1",
            "down_link_port": 8810,
        },
    }  # fmt: skip
    wire = encode_object(given_object, cipher=CIPHER)
    assert _one(wire, cipher=CIPHER) == given_object
    unread = _one(wire)["body"]["unread"]
    assert unread["code"] == "encrypted"
    with pytest.raises(EncryptedError):
        encode_object(given_object)


def test_a_2019_header_without_a_time_is_told_by_its_body() -> None:
    shown = {"message_id": "0x9001", "protocol": "2019", "time": None, "body": {"verify_code": 9}}
    assert _one(encode_object(shown))["protocol"] == "2019"
    assert (
        _one(encode_object({"message_id": "0x1005", "protocol": "2019", "time": None}))["protocol"] == "2019"
    )
    assert _one(encode_object({"message_id": "0x1005"}))["protocol"] == "2011"


def test_unknown_data_are_shown_raw_and_written_again() -> None:
    shown = {"sub_type": "0x127f", "body": {"plate": "苏A12345", "color": 93, "raw": "0102ff"}}
    wire = encode_object(shown)
    result = _one(wire)
    assert (result["sub_type"], result["body"]) == ("0x127f", shown["body"])
    assert encode_object(result) == wire
    assert _one(encode_object({"message_id": 0x7777, "body": {"raw": "aa"}}))["body"] == {"raw": "aa"}


def test_a_body_that_cannot_be_read_is_an_error_that_says_what_it_knows() -> None:
    result = _one(encode_object({"message_id": "0x1002", "body": {"raw": "00"}}))
    assert result["error"]["code"] == "truncated"
    assert "verify_code" in result["error"]["message"]
    assert (result["message_id"], result["body"]) == ("0x1002", {"raw": "00"})


def test_a_sound_frame_with_data_of_another_layout_is_no_error() -> None:
    shown = {"sub_type": "0x9503", "body": {"plate": "a", "color": 1, "raw": "0000"}}
    result = _one(encode_object(shown))
    assert result["sub_type"] == "0x9503"
    assert result["body"]["raw"] == "0000"
    assert result["body"]["unread"]["code"] == "truncated"
    assert encode_object(result) == encode_object(shown)
    position = {"sub_type": "0x1202", "body": {"plate": "a", "color": 1, "raw": "0000"}}
    assert _one(encode_object(position))["error"]["code"] == "truncated"


def test_a_forgotten_encrypt_flag_is_found_out() -> None:
    body = CIPHER.apply(7, bytes.fromhex("0000000005"))
    wire = encode_object({"message_id": "0x9003", "encrypt_key": 7, "body": {"raw": (body + b"x").hex()}})
    assert "unflagged_encryption" not in _one(wire, cipher=CIPHER).get("oddities", [])
    login = bytes(21) + b"\x01\x12\x08" + bytes(4)
    wire = encode_object(
        {"message_id": "0x1200", "encrypt_key": 7, "body": {"raw": CIPHER.apply(7, login).hex()}}
    )
    assert "unflagged_encryption" in _one(wire, cipher=CIPHER)["oddities"]


@pytest.mark.parametrize(
    "wire",
    [
        # A byte behind the body, a plate that is not GBK, an unknown sub type of 2019 without plate.
        "5b0000001b0000000110040000000101020f00000000006b09865d",
        "5b000000360000000112000000000101020f0000000000cbd541ff3233343500000000000000000000000000e1120800"
        "00000024b05d",
        "5b0000002f0000000192000000000101020f00000000000000000069b65440927900000007120100000007008e885d",
    ],
)
def test_what_fields_do_not_say_is_told_as_it_was_sent(wire: str) -> None:
    result = _one(bytes.fromhex(wire))
    assert result["as_sent"] == wire
    assert encode_object(result).hex() == wire


def test_an_encrypted_frame_is_written_again_with_and_without_keys() -> None:
    shown = {"message_id": "0x1004", "encrypt_flag": 1, "encrypt_key": 9, "body": {"raw": "0102"}}
    wire = encode_object(shown, cipher=CIPHER)
    assert encode_object(_one(wire)) == wire
    assert encode_object(_one(wire, cipher=CIPHER), cipher=CIPHER) == wire


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ({"message_id": "0x1002", "body": {"result": 0}}, "verify_code"),
        ({"message_id": "0x1002", "body": {"result": 0, "verify_code": 1, "x": 1}}, "'x'"),
        ({"message_id": "0x1002", "body": {"result": 256, "verify_code": 1}}, "256"),
        ({"message_id": "0x1200", "sub_type": "0x1299", "body": {}}, "0x1299"),
        ({"message_id": "zero", "body": {}}, "zero"),
        ({"message_id": 1, "serial": 1 << 32, "body": {"raw": ""}}, "sequence"),
        ({"message_id": 1, "protocol": "2013", "body": {"raw": ""}}, "2013"),
        ({"message_id": 1, "version": "1.2", "body": {"raw": ""}}, "1.2"),
        ({"message_id": 1, "body": []}, "body"),
        ({"message_id": 1, "bodi": {}}, "bodi"),
        ({"message_id": 1, "body": {"raw": "0"}}, "raw"),
    ],
)
def test_what_cannot_be_written_is_said(shown: dict[str, Any], said: str) -> None:
    with pytest.raises(EncodeError, match=said):
        encode_object(shown)
