"""State and information of peripherals inside 0x8900 and 0x0900."""

import pytest

from stream.jt808.errors import EncodeError
from stream.jt808.messages import decode_message
from stream.jt808.view import describe, from_view


def test_what_is_asked() -> None:
    message = from_view(0x8900, {"kind": 0xF7, "content": {"peripheral_ids": [0x64, 0x65]}})
    assert message.encode().hex() == "f7026465"
    assert describe(message)["content"] == {"peripheral_ids": [100, 101]}


def test_states_as_another_project_sends_them() -> None:
    message = decode_message(0x0900, bytes.fromhex("f7 02 64 05 02 00000001 65 05 01 00000c00"))
    view = describe(message)
    assert view["content"] == [
        {"peripheral_id": 0x64, "state": 2, "fault_bits": 1},
        {"peripheral_id": 0x65, "state": 1, "fault_bits": 0xC00},
    ]
    del view["data"]
    assert from_view(0x0900, view) == message


def test_information() -> None:
    names = ("company", "product_model", "hardware_version", "software_version", "device_id", "customer_code")
    one = {"peripheral_id": 0x64} | {name: name[:3] for name in names}
    message = from_view(0x0900, {"kind": "0xf8", "content": [one]})
    assert describe(message)["content"] == [one]


def test_other_data_have_no_content() -> None:
    assert "content" not in describe(decode_message(0x0900, bytes.fromhex("f7 02 64 ff")))
    assert "content" not in describe(decode_message(0x0900, bytes.fromhex("41 0102")))
    with pytest.raises(EncodeError):
        from_view(0x0900, {"kind": 0x41, "content": []})
