"""Messages: written and read again, shown and parsed again, and what each odd layout promises."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.jt809.header import Edition
from stream.jt809.messages import MESSAGES, Message, RawMessage, decode_message, read_message
from stream.jt809.messages.alarms import WarningReport
from stream.jt809.messages.gnss import Gnss, Gnss2019
from stream.jt809.messages.platforms import PostCheckRequest
from stream.jt809.messages.static import VehicleData
from stream.jt809.messages.supervision import Photo, PhotoResponse, RecorderRequest
from stream.jt809.messages.vehicles import (
    DriverReport,
    ExchangedVehicle,
    ExchangeEndResponse,
    PositionReupload,
    RealTimePosition,
    RegisterVehicle,
)
from stream.jt809.words import format_key_values
from stream.protocol_errors import EncodeError, LengthError, ProtocolError, TruncatedError
from tests.jt809.strategies import CASES, messages, records, wire_bytes

PLATE = bytes.fromhex("cbd541313233343500000000000000000000000000")


@pytest.mark.parametrize(
    ("kind", "edition", "variant"), CASES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_every_message_is_read_as_it_was_written(kind: type[Message], edition: Edition, variant: str) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(records(kind, edition, variant))
    def check(message: Message) -> None:
        body = message.encode(edition)
        reading = read_message(message.message_id, body, edition)
        assert reading.message == message
        assert (reading.sub_type, reading.rest) == (message.sub_type, b"")
        shown = json.loads(json.dumps(message.show(edition)))
        assert kind.parse(shown, edition) == message

    check()


def test_every_type_of_the_standard_is_known() -> None:
    plain = {0x1001, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006, 0x1007, 0x1008, 0x9101}
    plain |= {0x9001, 0x9002, 0x9003, 0x9004, 0x9005, 0x9006, 0x9007, 0x9008}
    assert {(one, 0) for one in plain} <= set(MESSAGES)
    subs = {0x1102, 0x1103, 0x9102, 0x9103, 0x1301, 0x1302, 0x1303, 0x9301, 0x9302, 0x9303, 0x1601, 0x9601}
    subs |= {*range(0x1201, 0x120F), *range(0x9201, 0x920E)} - {0x1204}
    subs |= {0x1401, 0x1402, 0x1403, 0x1411, 0x1412, 0x1413, 0x9401, 0x9402, 0x9403}
    subs |= {*range(0x1501, 0x1506), *range(0x9501, 0x9506)}
    assert subs <= {sub for _, sub in MESSAGES}


@given(
    messages(), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4), st.integers(0, 8)
)
def test_a_mutated_body_raises_nothing_but_the_protocol_error(
    case: tuple[Edition, Message], changes: list[tuple[int, int]], cut: int
) -> None:
    edition, message = case
    body = bytearray(message.encode(edition))
    for place, byte in changes:
        if body:
            body[place % len(body)] = byte
    for lenient in (False, True):
        with suppress(ProtocolError):
            read_message(message.message_id, bytes(body[: len(body) - cut]), edition, lenient=lenient)


@given(st.integers(0, 0xFFFF), wire_bytes, st.sampled_from(["2011", "2019"]))
def test_any_body_of_any_type_is_read_or_refused(message_id: int, body: bytes, edition: Edition) -> None:
    with suppress(ProtocolError):
        decode_message(message_id, body, edition)


def test_unknown_types_and_sub_types_are_kept() -> None:
    assert decode_message(0x7777, b"abc") == RawMessage(0x7777, 0, b"abc")
    body = PLATE + b"\x02\x12\x7f\x00\x00\x00\x03abc"
    message = decode_message(0x1200, body)
    assert isinstance(message, RawMessage)
    assert (message.sub_type, message.data, message.plate, message.color) == (0x127F, b"abc", "苏A12345", 2)
    assert message.encode("2011") == body


def test_a_length_that_is_wrong_is_refused() -> None:
    with pytest.raises(LengthError):
        decode_message(0x1200, PLATE + b"\x02\x12\x02\x00\x00\x00\x25" + bytes(36))
    with pytest.raises(TruncatedError):
        decode_message(0x1200, PLATE)


def test_answers_of_2019_may_have_what_they_answer_before_the_length() -> None:
    body = PLATE + bytes.fromhex("041206 0400 00000400 00000000")
    reading = read_message(0x1200, body, "2019")
    expected = ExchangeEndResponse(plate="苏A12345", color=4, source_type=0x400, source_sequence=0x400)
    assert reading.message == expected
    assert expected.encode("2019") == body
    usual = PLATE + bytes.fromhex("041206 00000006 0400 00000400")
    assert decode_message(0x1200, usual, "2019") == expected


def test_a_layout_of_the_other_edition_is_read_if_it_fits_to_the_byte() -> None:
    position = RealTimePosition(
        plate="a", color=1, position=Gnss(time=None, longitude_deg=1, latitude_deg=2, speed_kmh=3)
    )
    reading = read_message(0x1200, position.encode("2011"), "2019")
    assert reading.message == position
    assert reading.oddities == ("edition",)
    with pytest.raises(ProtocolError):
        read_message(0x1200, position.encode("2011"), "2019", lenient=False)


def test_register_has_two_sizes_of_the_model() -> None:
    full = RegisterVehicle(
        plate="a", color=1, platform_id="1", producer_id="2", terminal_model="M", terminal_id="3", sim="4"
    )
    long = full.encode("2011")
    short = long[:24] + (49).to_bytes(4) + long[28:58] + long[70:]
    assert decode_message(0x1200, short) == decode_message(0x1200, long) == full


def test_alarms_of_2019_come_with_two_or_three_times_and_in_milliseconds() -> None:
    message = WarningReport(
        platform_id="P", warn_type=0xA001, start_time=None, end_time=None, plate="a", color=1,
        destination_id="", route_id=0, content="超时",
    )  # fmt: skip
    body = bytearray(message.encode("2019"))
    body[6 + 13 : 6 + 21] = (1_756_279_200_352).to_bytes(8)
    read = decode_message(0x1400, bytes(body), "2019")
    assert isinstance(read, WarningReport)
    assert read.start_time is not None
    assert read.start_time.isoformat() == "2025-08-27T15:20:00.352000+08:00"
    assert read.warn_time is None


def test_a_question_of_2011_may_lack_its_object() -> None:
    bare = PostCheckRequest(info_id=3, content="在岗?")
    assert len(bare.encode("2011")) == 6 + 8 + len("在岗?".encode("gbk"))
    assert decode_message(0x9300, bare.encode("2011")) == bare


def test_a_picture_of_2019_may_have_a_position_of_2011() -> None:
    gnss = Gnss(time=None, longitude_deg=0, latitude_deg=0, speed_kmh=0)
    message = PhotoResponse(
        plate="a", color=1, source_type=0x9502, source_sequence=1, result=1, position=gnss, lens_id=1,
        photo=Photo(data=b"\xff\xd8"),
    )  # fmt: skip
    assert decode_message(0x1500, message.encode("2019"), "2019") == message


def test_recorder_requests_have_several_forms() -> None:
    with_times = decode_message(
        0x9500, PLATE + b"\x02\x95\x04\x00\x00\x00\x0f" + bytes.fromhex("1018092720002018092723002015b4")
    )
    assert isinstance(with_times, RecorderRequest)
    assert (with_times.command, with_times.max_blocks) == (16, 5556)
    assert with_times.start_time is not None
    assert with_times.start_time.isoformat() == "2018-09-27T20:00:20+08:00"


def test_static_data_are_keys_and_values() -> None:
    text = "VIN:=苏A12345;VEHICLE_COLOR:=2;NOTHING;OWERS_NAME:=a:=b"
    data = VehicleData(plate="苏A12345", color=2, car_info=text)
    assert data.values() == {"VIN": "苏A12345", "VEHICLE_COLOR": "2", "OWERS_NAME": "a:=b"}
    assert (
        ExchangedVehicle(plate="", color=0, car_info=format_key_values(data.values())).values()
        == data.values()
    )


def test_a_position_without_a_body_is_kept() -> None:
    message = RealTimePosition(plate="a", color=1, position=Gnss2019(report=b""))
    assert decode_message(0x1200, message.encode("2019"), "2019") == message


def test_a_list_shorter_than_its_count_is_refused() -> None:
    one = Gnss(time=None, longitude_deg=0, latitude_deg=0, speed_kmh=0)
    body = bytearray(PositionReupload(plate="a", color=1, positions=(one,)).encode("2011"))
    body[28] = 3
    with pytest.raises(TruncatedError, match="encrypt needs 1 bytes"):
        decode_message(0x1200, bytes(body))


def test_what_cannot_be_written_is_said_by_name() -> None:
    driver = DriverReport(plate="a", color=1, driver_name="张" * 9, driver_id="", licence="", issuer="")
    with pytest.raises(EncodeError, match="driver_name"):
        driver.encode("2011")
    with pytest.raises(EncodeError, match="position"):
        RealTimePosition(plate="a", color=1, position=Gnss2019(report=b"")).encode("2011")
    with pytest.raises(EncodeError, match="needs plate"):
        WarningReport(warn_source=1, warn_type=1, info_id=1, content="").encode("2011")
    with pytest.raises(EncodeError, match="no field 'speed'"):
        Gnss.parse({"speed": 1})
