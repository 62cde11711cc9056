"""Layouts that only the body tells: commands of 2011, positions without a serial, lists of files."""

from __future__ import annotations

from gzip import compress
from typing import Any

import pytest

from stream.attachments.control import read_file_list
from stream.gateway.hooks import reply_serial_of
from stream.jt808.assembly import Assembler
from stream.jt808.errors import LengthError
from stream.jt808.frame import encode_frame
from stream.jt808.messages import decode_message
from stream.jt808.messages.attachment import AttachmentList
from stream.jt808.messages.media import MediaResponse
from stream.jt808.oddities import Oddity, oddity_names
from stream.jt808.tool import decode_data, encode_object

POSITION = bytes.fromhex("00000000 00000003 01e8ea48 07143f35 000a 0258 005a 260315142530")


def shown(message_id: int, body: bytes) -> dict[str, Any]:
    """What `decode` shows; `encode` must give the frame back, and from the fields alone."""
    wire = encode_frame(message_id, "13912345678", 7, body)
    [found] = decode_data(wire, Assembler())
    assert encode_object(found) == [wire]
    assert "as_sent" not in found
    return found


def test_parameters_of_2011() -> None:
    found = shown(0x8103, bytes.fromhex("01 01 00000001 04 0000001e"))
    assert found["protocol"] == "2011"
    [one] = found["body"]["parameters"]
    assert (one["parameter_id"], one["value"]) == ("0x0001", 30)


def test_the_layout_of_2013_goes_first() -> None:
    found = shown(0x8103, bytes.fromhex("01 00000001 04 0000001e"))
    assert found["protocol"] == "2013"


def test_what_fits_neither_layout_is_of_2013() -> None:
    body = bytes.fromhex("01 00000001 04 0000001e ff")
    [found] = decode_data(encode_frame(0x8103, "1", 7, body), Assembler())
    assert (found["protocol"], found["body"]["rest"]) == ("2013", "ff")


CIRCLE = "00000001 0000 01e8ea48 07143f35 000001f4"
RECTANGLE = "00000002 0000 01e8ea48 07143f35 01e8ea40 07143f40"


@pytest.mark.parametrize(
    ("message_id", "body", "first"),
    [
        (0x8600, f"01 01 01 {CIRCLE}", {"area_id": 1, "latitude_deg": 32.041544, "radius_m": 500}),
        (0x8600, f"01 02 02 {CIRCLE} {CIRCLE}", {"area_id": 1, "longitude_deg": 118.767413}),
        (0x8602, f"00 01 01 {RECTANGLE}", {"area_id": 2, "left_longitude_deg": 118.767413}),
    ],
)
def test_areas_of_2011(message_id: int, body: str, first: dict[str, Any]) -> None:
    found = shown(message_id, bytes.fromhex(body))
    assert found["protocol"] == "2011"
    assert first.items() <= found["body"]["areas"][0].items()


def test_a_polygon_of_2011() -> None:
    body = "00000003 0000 0003 03 01e8ea48 07143f35 01e8ea40 07143f40 01e8ea30 07143f30"
    found = shown(0x8604, bytes.fromhex(body))
    assert found["protocol"] == "2011"
    assert [one["latitude_deg"] for one in found["body"]["vertices"]] == [32.041544, 32.041536, 32.04152]


def test_a_route_of_2011() -> None:
    body = "00000004 0000 0002 02" + 2 * "00000009 01e8ea48 07143f35 14 00"
    found = shown(0x8606, bytes.fromhex(body))
    assert found["protocol"] == "2011"
    assert [(one["segment_id"], one["width_m"]) for one in found["body"]["points"]] == [(9, 20), (9, 20)]


@pytest.mark.parametrize(("tail", "missing"), [("01 0002", [2]), ("00", [])])
def test_the_answer_to_media_of_2011(tail: str, missing: list[int]) -> None:
    found = shown(0x8800, bytes.fromhex("0001 00000007" + tail))
    assert found["protocol"] == "2011"
    assert found["body"] == {"media_id": 7, "missing": missing, "reply_serial": 1}


def test_the_answer_to_media_is_written_by_edition() -> None:
    answer = MediaResponse(7, (), 1)
    assert answer.encode("2011").hex() == "00010000000700"
    assert answer.encode("2013").hex() == answer.encode("2019").hex() == "00000007"


def test_a_queried_position_without_a_serial() -> None:
    body = shown(0x0201, POSITION)["body"]
    assert (body["reply_serial"], body["position"]["latitude_deg"]) == (None, 32.041544)
    body = shown(0x0201, b"\0\x05" + POSITION)["body"]
    assert (body["reply_serial"], body["position"]["speed_kmh"]) == (5, 60.0)
    assert reply_serial_of(0x0201, POSITION) is None
    assert reply_serial_of(0x0201, b"\0\x05" + POSITION) == 5


# --- 0x1210 ----------------------------------------------------------------------------------------------

TIME = bytes.fromhex("260315142530")
FILES = b"\x01" + b"\x05a.jpg" + (1000).to_bytes(4)


def file_list(start: bytes, identifier: bytes) -> bytes:
    return start + identifier + b"1".ljust(32, b"\0") + b"\0" + FILES


def test_a_sichuan_identifier_behind_a_short_terminal_id() -> None:
    identifier = b"TERMINAL-OF-SICHUAN".ljust(30, b"\0") + TIME + b"\x01\x02\x00"
    body = file_list(b"SHORT-7", identifier)
    assert len(body) == len(file_list(b"L" * 30, bytes(16)))
    message = decode_message(0x1210, body)
    assert isinstance(message, AttachmentList)
    assert (message.terminal_id, message.alarm_identifier) == ("SHORT-7", identifier)
    assert read_file_list(body).identifier == identifier


def test_an_identifier_of_jiangsu_behind_a_long_terminal_id() -> None:
    identifier = b"JIANGSU" + TIME + b"\x01\x02\x00"
    body = file_list(b"L" * 30, identifier)
    message = decode_message(0x1210, body)
    assert isinstance(message, AttachmentList)
    assert (message.terminal_id, message.alarm_identifier) == ("L" * 30, identifier)
    assert read_file_list(body).identifier == identifier


def test_a_list_that_fits_nothing() -> None:
    for read in (read_file_list, AttachmentList.decode):
        with pytest.raises(LengthError):
            read(bytes(20))


# --- by the standard, or nearly, and so not odd ----------------------------------------------------------


@pytest.mark.parametrize(
    ("message_id", "edition", "body"),
    [
        (0x0702, "2019", "01 260315142530 02"),
        (0x0702, "2019", "01 260315142530 01"),
        (0x0200, "2013", POSITION.hex() + "e00103"),
        (0x8202, "2013", "0000 00000000"),
        (0x8202, "2013", "0000"),
        (0x0805, "2013", "0001 01 0000"),
        (0x0805, "2013", "0001 01"),
    ],
)
def test_nothing_is_odd(message_id: int, edition: Any, body: str) -> None:
    wire = encode_frame(message_id, "1", 1, bytes.fromhex(body), edition)
    [found] = decode_data(wire, Assembler())
    assert "oddities" not in found
    assert "rest" not in found["body"]
    assert encode_object(found) == [wire]


def test_names_of_nothing() -> None:
    assert oddity_names(0) == []
    assert oddity_names(Oddity.HEX_PHONE) == ["hex_phone"]


def test_the_parts_of_a_can_id() -> None:
    body = shown(0x0705, bytes.fromhex("0001 1425300001 f8f00401 0102030405060708"))["body"]
    assert body["items"] == [
        {
            "can_id": 0xF8F00401,
            "channel": "CAN2",
            "extended": True,
            "averaged": True,
            "frame_id": 0x18F00401,
            "data": "0102030405060708",
        }
    ]


def test_compressed_data_are_shown_within_a_bound() -> None:
    for plain in (b"what the terminal said", bytes(1_000_000)):
        data = compress(plain, mtime=0)
        body = shown(0x0901, len(data).to_bytes(4) + data)["body"]
        assert body["data"] == data.hex()
        assert bytes.fromhex(body["decompressed"]) == plain[: 64 * 1024]
    assert "decompressed" not in shown(0x0901, b"\0\0\0\x02no")["body"]


def test_events_are_deleted_by_their_ids_alone() -> None:
    wire = encode_frame(0x8301, "1", 1, bytes.fromhex("04 02 01 02"))
    [found] = decode_data(wire, Assembler())
    assert [one["event_id"] for one in found["body"]["events"]] == [1, 2]
    assert encode_object(found) == [wire]
    [found] = decode_data(encode_frame(0x8301, "1", 1, bytes.fromhex("04 02 0100 0200")), Assembler())
    assert [one["event_id"] for one in found["body"]["events"]] == [1, 2]
    assert "as_sent" not in found
