"""Messages: written and read again, and what each layout rule promises."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.jt808 import messages
from stream.jt808.alarm_identifier import TERMINAL_ID_BYTES
from stream.jt808.errors import EncodeError, EncryptedError, LengthError, ProtocolError, TruncatedError
from stream.jt808.frame import Frame
from stream.jt808.header import EDITIONS, Edition, Header
from stream.jt808.messages import (
    MESSAGES,
    area_query,
    areas,
    attachment,
    attributes,
    can,
    control,
    decode_frame_message,
    decode_message,
    driver,
    edition_of,
    media,
    packages,
    parameters,
    read_message,
    session,
    transparent,
)
from stream.jt808.reader import Reader
from stream.jt808.view import describe, from_view
from tests.jt808.generated import records
from tests.jt808.strategies import position_reports, times

u8, u16, u32 = st.integers(0, 0xFF), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
ascii_text = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=5)
# Two characters of GBK whose bytes are sound UTF-8 by chance, and some whose bytes are not.
text = ascii_text | st.text("苏豫联通危险驾驶A1 ", max_size=6)
data = st.binary(max_size=30)
digits = st.text("0123456789", min_size=20, max_size=20)
numbers = st.lists(u16, max_size=5).map(tuple)
parameter_list = st.lists(st.builds(parameters.Parameter, u32, data), max_size=4).map(tuple)
can_items = st.lists(st.builds(can.CanItem, u32, st.binary(min_size=8, max_size=8)), max_size=3).map(tuple)
media_event = st.builds(media.MediaEvent, u32, u8, u8, u8, u8)
bare_position = position_reports().map(lambda m: messages.PositionReport.decode(m.encode()[:28]))

ALL_EDITIONS = {
    0x0001: st.builds(messages.TerminalGeneralResponse, u16, u16, u8),
    0x8001: st.builds(messages.PlatformGeneralResponse, u16, u16, u8),
    0x0002: st.builds(messages.Heartbeat, data),
    0x0003: st.just(messages.Unregister()),
    0x0100: st.builds(
        messages.TerminalRegister,
        u16, u16, ascii_text, ascii_text, ascii_text, st.just(2), st.just("苏A12345"),
    ),
    0x8100: st.builds(messages.RegisterResponse, u16, st.just(0), text)
    | st.builds(messages.RegisterResponse, u16, st.integers(1, 4)),
    0x0200: position_reports(),
    0x0704: st.builds(messages.PositionBatch, u8, st.lists(position_reports(), max_size=3).map(tuple)),
    0x0201: st.builds(messages.PositionQueryResponse, u16, position_reports()),
    0x0500: st.builds(messages.VehicleControlResponse, u16, position_reports()),
    0x8003: st.builds(packages.PlatformResendRequest, u16, numbers),
    0x0005: st.builds(packages.TerminalResendRequest, u16, numbers),
    0x8103: st.builds(parameters.SetParameters, parameter_list),
    0x8106: st.builds(parameters.ParameterQuery, st.lists(u32, max_size=5).map(tuple)),
    0x0104: st.builds(parameters.ParameterResponse, u16, parameter_list),
    0x0800: media_event,
    0x0801: st.builds(media.MediaData, media_event, bare_position, data),
    0x8800: st.builds(media.MediaResponse, u32, numbers),
    0x0805: st.builds(media.ShootResponse, u16, st.just(0), st.lists(u32, max_size=4).map(tuple))
    | st.builds(media.ShootResponse, u16, st.integers(1, 2)),
    0x0900: st.builds(transparent.UplinkTransparentData, u8, data),
    0x8900: st.builds(transparent.DownlinkTransparentData, u8, data),
    0x0701: st.builds(transparent.ElectronicWaybill, data),
    0x0901: st.builds(transparent.CompressedData, data),
    0x0107: st.builds(
        attributes.TerminalAttributes,
        u16, ascii_text, ascii_text, ascii_text, digits, ascii_text, ascii_text, u8, u8,
    ),
    0x0108: st.builds(attributes.UpgradeResult, u8, u8),
    0x8105: st.builds(control.TerminalControl, u8, text),
    0x8202: st.builds(control.TemporaryTracking, st.integers(1, 0xFFFF), u32)
    | st.just(control.TemporaryTracking(0)),
    0x8203: st.builds(control.AlarmConfirmation, u16, u32),
    0x8400: st.builds(control.CallBack, u8, ascii_text),
    0x8004: st.builds(session.ServerTime, times.map(lambda time: time.replace(tzinfo=UTC))),
    0x0004: st.just(session.ServerTimeQuery()),
    0x8104: st.just(control.ParameterQueryAll()),
    0x8107: st.just(control.AttributesQuery()),
    0x8201: st.just(control.PositionQuery()),
    0x8204: st.just(control.LinkCheck()),
    0x0705: st.builds(can.CanData, st.just("2023451122"), can_items),
}  # fmt: skip
driver_fields = st.builds(
    dict, name=text, certificate=ascii_text, issuer=text, expiry=st.sampled_from(["20340409", "20201231"])
)
BY_EDITION: dict[tuple[int, str], Any] = {
    (0x0102, "2011"): st.builds(messages.TerminalAuthenticate, text),
    (0x0102, "2013"): st.builds(messages.TerminalAuthenticate, text),
    (0x0102, "2019"): st.builds(messages.TerminalAuthenticate, text, ascii_text, ascii_text),
    (0x8300, "2011"): st.builds(messages.TextMessage, u8, text),
    (0x8300, "2013"): st.builds(messages.TextMessage, u8, text),
    (0x8300, "2019"): st.builds(messages.TextMessage, u8, text, st.integers(1, 2)),
    (0x0702, "2011"): driver_fields.filter(lambda f: len(f["name"].encode("gbk")) > 2).map(
        lambda f: driver.DriverIdentity(0, **(f | {"expiry": "", "id_card": "320102"}))
    ),
    (0x0702, "2013"): driver_fields.map(lambda f: driver.DriverIdentity(1, datetime(2026, 1, 1), 0, **f)),
    (0x0702, "2019"): driver_fields.map(
        lambda f: driver.DriverIdentity(1, datetime(2026, 1, 1), 0, id_card="320102", **f)
    ),
}
BY_EDITION[0x0801, "2011"] = ALL_EDITIONS.pop(0x0801).map(
    lambda message: replace(message, position=None, total_packages=3, package=1)
)
for _edition in ("2013", "2019"):
    BY_EDITION[0x0801, _edition] = st.builds(media.MediaData, media_event, bare_position, data)
HOLDING_ITEMS = {0x0200, 0x0201, 0x0500, 0x0704}


def _told_apart(message: area_query.AreasQueryResponse, edition: Edition) -> bool:
    """Whether nothing but the layout it was written in can be meant; some bodies of 0x8600 fit by chance."""
    found = message.variant_of(Reader(message.encode(edition)), edition)
    return found == message.variant_for(edition)


_AREAS = (
    (1, "circles", areas.CircleArea),
    (1, "circle_settings", areas.SetCircles),
    (2, "rectangles", areas.RectangleArea),
    (2, "rectangle_settings", areas.SetRectangles),
    (3, "polygons", areas.SetPolygon),
    (4, "routes", areas.SetRoute),
)
for _edition in EDITIONS:
    BY_EDITION[0x0608, _edition] = st.one_of(
        *(
            st.lists(records(record, _edition), min_size=1, max_size=2).map(
                lambda found, number=number, name=name: area_query.AreasQueryResponse(
                    number, **{name: tuple(found)}
                )
            )
            for number, name, record in _AREAS
        )
    ).filter(lambda message, edition=_edition: _told_apart(message, edition))
_identifiers = st.one_of(*(st.binary(min_size=size, max_size=size) for size in TERMINAL_ID_BYTES))
ALL_EDITIONS[0x1210] = st.builds(
    attachment.AttachmentList,
    st.text("0123456789", min_size=1, max_size=7),
    _identifiers,
    ascii_text,
    st.integers(0, 1),
    st.lists(st.builds(attachment.AttachmentFile, text, u32), min_size=1, max_size=3).map(tuple),
).filter(lambda message: message.variant_of(Reader(message.encode()), "2013") == message.variant_for("2013"))
BY_HAND = set(ALL_EDITIONS) | {number for number, _ in BY_EDITION}
for _number in sorted(set(MESSAGES) - BY_HAND):
    for _edition in EDITIONS:
        BY_EDITION[_number, _edition] = records(MESSAGES[_number], _edition)
ROUND_TRIPS = [
    (number, st.tuples(st.sampled_from(EDITIONS), strategy)) for number, strategy in ALL_EDITIONS.items()
] + [(number, st.tuples(st.just(edition), strategy)) for (number, edition), strategy in BY_EDITION.items()]


@pytest.mark.parametrize(("message_id", "strategy"), ROUND_TRIPS)
@settings(max_examples=40)
@given(source=st.data())
def test_encode_then_decode(message_id: int, strategy: Any, source: st.DataObject) -> None:
    edition, message = source.draw(strategy)
    if isinstance(message, driver.DriverIdentity) and message.time:
        message = replace(message, time=source.draw(times))
    assert message.message_id == message_id
    body = message.encode(edition)
    assert read_message(message_id, body, edition) == (message, b"")
    view = json.loads(json.dumps(describe(message, edition)))
    again = from_view(message_id, view, edition)
    assert json.loads(json.dumps(describe(again, edition))) == view
    # The view keeps items in the order of their first: only a position may be written otherwise.
    assert again.encode(edition) == body or message_id in HOLDING_ITEMS


def test_every_message_has_a_round_trip() -> None:
    assert {number for number, _ in ROUND_TRIPS} == set(MESSAGES)


@settings(max_examples=1000)
@given(st.sampled_from(sorted(MESSAGES)), st.sampled_from(EDITIONS), st.binary(max_size=120))
def test_any_body_raises_protocol_errors_only(message_id: int, edition: Edition, body: bytes) -> None:
    try:
        message = decode_message(message_id, body, edition)
    except ProtocolError:
        return
    describe(message, edition)


@given(st.binary(max_size=60))
def test_unknown_ids_stay_raw(body: bytes) -> None:
    message = decode_message(0x5501, body)
    assert message == messages.RawMessage(0x5501, body)
    assert message.encode() == body
    assert describe(message, "2013") == {"raw": body.hex()}


class TestRegister:
    @staticmethod
    def register(plate: str, colour: int = 2) -> messages.TerminalRegister:
        return messages.TerminalRegister(32, 100, "HAULW", "HW-1", "T1", colour, plate)

    @pytest.mark.parametrize("edition", ["2011", "2013"])
    @pytest.mark.parametrize(("plate", "colour"), [("苏A12345", 2), ("", 0), ("LZZ5CLSB8KA123456", 0)])
    def test_2011_and_2013_are_told_apart_by_layout(self, edition: Edition, plate: str, colour: int) -> None:
        message = self.register(plate, colour)
        header = Header(0x0100, "013912345678", 0)
        body = message.encode(edition)
        assert edition_of(header, body) == edition
        assert decode_message(0x0100, body, edition) == message

    def test_2019_layout_under_a_2013_header_and_the_reverse(self) -> None:
        message = self.register("苏A12345")
        assert decode_message(0x0100, message.encode("2019"), "2013") == message
        assert decode_message(0x0100, message.encode("2013"), "2019") == message

    def test_padding_at_either_side(self) -> None:
        body = (
            bytes.fromhex("0020 0064") + b"12345" + b"HW-1".rjust(20, b"\0") + b"T1".ljust(7, b"\0") + b"\x02"
        )
        decoded = decode_message(0x0100, body, "2013")
        assert isinstance(decoded, messages.TerminalRegister)
        assert (decoded.terminal_model, decoded.terminal_id, decoded.plate) == ("HW-1", "T1", "")

    def test_utf8_plate(self) -> None:
        body = self.register("").encode("2013") + "苏A12345".encode()
        assert decode_message(0x0100, body, "2013") == self.register("苏A12345")


class TestAuthenticate:
    def test_2019_layout_under_a_2013_header_and_the_reverse(self) -> None:
        full = messages.TerminalAuthenticate("45612", "123456789012345", "v2.0.0")
        assert decode_message(0x0102, full.encode("2019"), "2013") == full
        assert decode_message(0x0102, b"45612", "2019") == messages.TerminalAuthenticate("45612")


class TestPosition:
    def test_short_base_is_an_error_and_items_never_are(self) -> None:
        with pytest.raises(TruncatedError):
            decode_message(0x0200, bytes(27))
        report = decode_message(0x0200, bytes(28) + bytes.fromhex("0102ffff 0104 0000"))
        assert isinstance(report, messages.PositionReport)
        assert report.items == (messages.Item(1, b"\xff\xff"),)
        assert report.items_rest == bytes.fromhex("01040000")

    def test_a_time_that_does_not_exist_is_kept_as_digits(self) -> None:
        body = bytes(22) + bytes.fromhex("26023a140000")
        report = decode_message(0x0200, body)
        assert isinstance(report, messages.PositionReport)
        assert report.time is None
        assert report.time_bcd == "26023a140000"
        assert report.encode() == body

    def test_what_does_not_fit_is_our_error(self) -> None:
        report = messages.PositionReport(0, 3, 32.0, 118.0, 0, 7000.0, 0, None)
        with pytest.raises(EncodeError):
            report.encode()


class TestBatch:
    BODY = messages.PositionBatch(
        1, (messages.PositionReport(0, 3, 32.0, 118.0, 10, 60.5, 90, None, time_bcd="000000000000"),) * 2
    ).encode()

    def test_split(self) -> None:
        kind, bodies = messages.split_batch(self.BODY)
        assert (kind, [len(body) for body in bodies]) == (1, [28, 28])

    def test_count_or_length_against_the_body(self) -> None:
        with pytest.raises(TruncatedError):
            messages.split_batch(self.BODY[:-1])
        with pytest.raises(LengthError):
            messages.split_batch(self.BODY + b"\0")
        with pytest.raises(TruncatedError):
            messages.split_batch(b"\xff\xff\x00" + self.BODY[3:])


def test_results_above_four_are_let_through() -> None:
    assert describe(decode_message(0x0001, bytes.fromhex("0001 8300 07")), "2013") == {
        "reply_serial": 1,
        "reply_id": "0x8300",
        "result": 7,
    }


def test_encrypted_bodies_are_not_read() -> None:
    with pytest.raises(EncryptedError):
        decode_frame_message(Frame(Header(0x0200, "1", 0, encryption=1), bytes(28)))


def test_a_text_no_terminal_takes_is_our_error() -> None:
    assert len(messages.TextMessage(8, "汉" * 512).encode()) == 1025
    with pytest.raises(EncodeError, match="1024"):
        messages.TextMessage(8, "汉" * 513).encode()


def test_server_time_is_utc() -> None:
    message = session.ServerTime(datetime(2026, 3, 15, 6, 25, 30, tzinfo=UTC))
    assert message.encode("2019").hex() == "260315062530"
