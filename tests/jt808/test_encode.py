"""`haulwatch encode`, and `decode --explain`."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream import encode
from stream.decode import run
from stream.errors import OperatorError
from stream.jt808.attachment_stream import encode_chunk
from stream.jt808.explain import explain_frame
from stream.jt808.frame import decode_frame, encode_frame, encode_packages, seal
from stream.jt808.framing import FrameSplitter, unescape
from stream.jt808.messages import MESSAGES
from tests.jt808.strategies import frames, mutated

POSITION = "7e0200001c0139123456780001000000000000000301e8ea4807143f35ff66028a005a260315142530047e"


def _encode(*objects: dict[str, Any] | str, protocol: str = "jt808") -> tuple[int, list[str], str]:
    lines = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in objects)
    out, told = io.StringIO(), io.StringIO()
    code = encode.run(io.StringIO(lines), out, told, protocol=protocol)
    return code, out.getvalue().split(), told.getvalue()


def _decode(text: str, **options: Any) -> list[dict[str, Any]]:
    out = io.StringIO()
    run(io.StringIO(text), out, **options)
    return [json.loads(line) for line in out.getvalue().splitlines()]


@given(st.lists(frames(), min_size=1, max_size=3))
def test_decode_then_encode_is_the_identity(wires: list[bytes]) -> None:
    results = _decode("\n".join(wire.hex() for wire in wires))
    sound = [wire.hex() for wire, result in zip(wires, results, strict=True) if "error" not in result]
    assert _encode(*(one for one in results if "error" not in one)) == (0, sound, "")


def test_packages_and_chunks_come_back_as_they_were() -> None:
    frames = encode_packages(0x0801, "1", 7, bytes(8) + bytes(28) + bytes(2000), "2013")
    results = _decode(" ".join(frame.hex() for frame in frames))
    assert [one["package"] for one in results] == [1, 2]
    assert "media" in results[1]["body"]
    assert _encode(*results) == (0, [frame.hex() for frame in frames], "")
    stream = encode_chunk("a.jpg", 0, b"\x7e\x7d") + frames[0]
    results = _decode(stream.hex(), protocol="attachment")
    assert _encode(*results, protocol="attachment")[1] == [stream[:64].hex(), frames[0].hex()]


def test_an_attachment_stream_over_several_lines_and_cut_off() -> None:
    chunk = encode_chunk("a.jpg", 5, bytes(100)).hex()
    found = _decode(f"{chunk[:50]}\n{chunk[50:]}\n{chunk[:40]}", protocol="attachment")
    assert found[0]["chunk"]["offset"] == 5
    assert found[1]["error"]["code"] == "truncated"


def test_headers_beside_the_usual() -> None:
    encrypted = seal(bytes.fromhex("0200 0401 000000000001 0001 ff")).hex()
    reserved = seal(bytes.fromhex("0002 8000 013912345678 0001")).hex()
    newer = "7e0002400002000000000139123456780001717e"
    results = _decode("\n".join([encrypted, reserved, newer]))
    assert (results[0]["encryption"], results[1]["reserved_15"], results[2]["version"]) == (1, True, 2)
    assert _encode(*results)[1] == [encrypted, reserved, newer]


def test_a_command_written_by_hand() -> None:
    code, [wire], _ = _encode(
        {"message_id": "0x8300", "terminal_phone": "13912345678", "body": {"flags": 8, "text": "减速"}}
    )
    frame = decode_frame(bytes.fromhex(wire)[1:-1])
    assert (code, frame.header.phone, frame.body) == (0, "013912345678", b"\x08" + "减速".encode("gbk"))


def test_a_long_body_becomes_packages() -> None:
    _, wires, _ = _encode({"message_id": 0x8108, "terminal_phone": "1", "body": {"raw": "00" * 2500}})
    assert [decode_frame(bytes.fromhex(wire)[1:-1]).header.package for wire in wires] == [1, 2, 3]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "no JSON"),
        ("[1]", "object is wanted"),
        ('{"body": {}}', "message_id is missing"),
        ('{"message_id": "0x8300", "terminal_phone": "1", "body": {"flags": 8}}', "'text' is missing"),
        (
            '{"message_id": "0x8300", "terminal_phone": "1", "body": {"flags": 8, "text": "", "colour": 1}}',
            "no field 'colour'",
        ),
        (
            '{"message_id": "0x8300", "terminal_phone": "1", "body": {"flags": 999, "text": ""}}',
            "does not fit",
        ),
        (
            '{"message_id": "0x8300", "terminal_phone": "1", "body": {"flags": "much", "text": ""}}',
            "no whole number",
        ),
        ('{"message_id": "0x8300", "terminal_phone": "1", "body": 7}', "object is wanted"),
        ('{"message_id": 99999, "terminal_phone": "1", "body": {}}', "does not fit"),
        ('{"message_id": "0x0002", "terminal_phone": "1", "serials": 1}', "no field 'serials'"),
        ('{"message_id": "0x0002", "terminal_phone": "1", "protocol": "2015"}', "none of 2011, 2013, 2019"),
        ('{"message_id": "0x0002", "terminal_phone": "x!"}', "digits"),
        ('{"message_id": "0x0002", "body": {}}', "terminal_phone is missing"),
        ('{"message_id": "0x0002", "terminal_phone": ""}', "terminal_phone: '' is not made of digits"),
        ('{"message_id": "0x0002", "terminal_phone": null}', "terminal_phone: None is not made of digits"),
        ('{"message_id": "0x0002", "terminal_phone": -1}', "terminal_phone: '-1' is not made of digits"),
        (
            '{"message_id": "0x0002", "terminal_phone": "1391234567890"}',
            "terminal_phone: '1391234567890' has",
        ),
        ('{"message_id": "0x0002", "terminal_phone": 1391234567890}', "more than 12 digits"),
        ('{"message_id": "0x0002", "terminal_phone": "1", "serial": 99999}', "serial: 99999 does not fit"),
        ('{"message_id": "0x0002", "terminal_phone": "1", "serial": -1}', "serial: -1 does not fit"),
        ('{"message_id": "0x5501", "terminal_phone": "1", "body": {"a": 1}}', "not known here"),
        ('{"error": {"code": "checksum"}}', "could not be read"),
        ('{"chunk": {"name": "a", "data": "0"}}', "no hex"),
    ],
)
def test_what_cannot_be_written_is_told_and_the_rest_goes_on(line: str, told: str) -> None:
    code, wires, message = _encode(line, '{"message_id": "0x0002", "terminal_phone": "1"}')
    assert code == 1
    assert len(wires) == 1
    assert message.startswith("haulwatch encode: line 1: ")
    assert told in message


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(MESSAGES)), st.data())
def test_any_object_is_written_or_told(message_id: int, source: st.DataObject) -> None:
    from stream.jt808.layout import fields_of

    names = st.sampled_from([*fields_of(MESSAGES[message_id]), "raw", "content", "rest"])
    body = source.draw(st.dictionaries(names, json_values, max_size=6) | json_values)
    code, wires, told = _encode({"message_id": message_id, "terminal_phone": "1", "body": body})
    assert (code == 0) == bool(wires) == (told == "")


@given(frames() | mutated().map(lambda content: b"\x7e" + content + b"\x7e"))
def test_an_explanation_covers_every_byte_once(wire: bytes) -> None:
    for content in FrameSplitter().feed(wire):
        steps = explain_frame(content)
        if steps[0].field != "begin flag":
            continue
        offset = 0
        for step in steps:
            assert (step.offset, len(step.data) > 0, bool(step.field)) == (offset, True, True)
            offset += len(step.data)
        assert b"".join(step.data for step in steps)[1:-1] == unescape(content)


def test_explained_as_json_and_as_a_tree() -> None:
    [result] = _decode(POSITION, explain="json")
    named = {step["field"]: step for step in result["explain"]}
    assert named["latitude_deg"] == {
        "offset": 21, "bytes": "01e8ea48", "field": "latitude_deg", "meaning": "32.041544",
    }  # fmt: skip
    assert "acc_on" in named["status_bits"]["meaning"]
    out = io.StringIO()
    assert run(io.StringIO(POSITION + "\n7e00"), out, explain="tree") == 1
    assert "    21  01e8ea48" in out.getvalue()
    assert "error truncated" in out.getvalue()


def test_items_are_explained_field_by_field() -> None:
    items = bytes.fromhex("01040000000a eb0200ff 6404 00000001") + b"\x64\x2f" + bytes(47)
    wire = encode_frame(0x0200, "1", 1, bytes(28) + items)
    fields = {step.field: step.meaning for step in explain_frame(wire)}
    assert fields["items.mileage_km.value"] == "1.0"
    assert fields["items.0xeb.value"] == "2 bytes, not known by id and length"
    assert fields["items.adas.value.event_type"] == "0"


def test_keys_that_are_no_keys() -> None:
    with pytest.raises(OperatorError):
        run(io.StringIO(""), io.StringIO(), protocol="jt809", encrypt="1,2")


def test_a_phone_of_2019_has_twenty_digits() -> None:
    told = {"message_id": 2, "protocol": "2019", "terminal_phone": "1391234567890"}
    code, [wire], _ = _encode(told)
    assert code == 0
    assert decode_frame(bytes.fromhex(wire)[1:-1]).header.phone == "1391234567890".zfill(20)
    code, wires, message = _encode(told | {"terminal_phone": "1" * 21})
    assert (code, wires) == (1, [])
    assert "more than 20 digits" in message


def test_the_serials_of_packages_wrap() -> None:
    told = {"message_id": 0x8108, "terminal_phone": "1", "serial": 65535, "body": {"raw": "00" * 1500}}
    _, wires, _ = _encode(told)
    assert [decode_frame(bytes.fromhex(wire)[1:-1]).header.serial for wire in wires] == [65535, 0]


@pytest.mark.parametrize("protocol", ["2013", "2019"])
def test_a_text_that_is_too_long_for_a_terminal(protocol: str) -> None:
    told = {"message_id": "0x8300", "terminal_phone": "1", "protocol": protocol}
    assert _encode(told | {"body": {"flags": 1, "text": "a" * 1024}})[0] == 0
    code, wires, message = _encode(told | {"body": {"flags": 1, "text": "a" * 2000}})
    assert (code, wires) == (1, [])
    assert "text: 2000 bytes" in message
