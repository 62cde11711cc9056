"""The bulk path gives what the readable one gives, frame by frame."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.jt809.bulk import decode_frames
from stream.jt809.cipher import Cipher
from stream.jt809.frame import decode_frame, encode_frame
from stream.jt809.header import Edition, Header
from stream.jt809.kernels import read_2011
from stream.jt809.messages import decode_message, vehicles
from stream.jt809.messages.gnss import Gnss, Gnss2019
from stream.jt809.positions import Positions, decode_positions, in_order
from stream.protocol_errors import EncryptedError, FrameFault, ProtocolError
from tests.jt809 import oracle
from tests.jt809.strategies import EDITIONS, messages, records, wire_byte

CIPHER = Cipher(30000000, 20000000, 20000000)
KINDS = (
    vehicles.RealTimePosition,
    vehicles.PositionReupload,
    vehicles.ExchangedPosition,
    vehicles.ExchangedHistory,
)


@st.composite
def contents(draw: st.DrawFn, edition: Edition) -> bytes:
    """Contents between flags: positions mostly, other messages, some changed."""
    if draw(st.booleans()):
        message = draw(records(draw(st.sampled_from(KINDS)), edition, edition))
    else:
        _, message = draw(messages().filter(lambda case: case[0] == edition))
    header = Header(
        message_id=message.message_id,
        sequence=draw(st.integers(0, 0xFFFF_FFFF)),
        gnss_center_id=draw(st.integers(0, 0xFFFF_FFFF)),
        encrypt_flag=draw(st.sampled_from([0, 0, 1])),
        encrypt_key=draw(st.integers(0, 0xFFFF_FFFF)),
        time=datetime(2026, 3, 15, tzinfo=UTC),
        edition_2019=edition == "2019",
    )
    data = bytearray(encode_frame(header, message.encode(edition), CIPHER)[1:-1])
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        data[draw(st.integers(0, len(data) - 1))] = draw(wire_byte)
    return bytes(byte for byte in data if byte not in (0x5B, 0x5D))


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(EDITIONS), st.booleans(), st.data())
def test_frames_in_bulk_are_those_read_one_by_one(edition: Edition, known: bool, data: st.DataObject) -> None:
    given_contents = data.draw(st.lists(contents(edition), max_size=5))
    cipher = CIPHER if known else None
    for lenient in (True, False):
        batch = decode_frames(given_contents, edition, cipher, lenient=lenient)
        for row, content in enumerate(given_contents):
            try:
                frame = decode_frame(content, edition, cipher, lenient=lenient)
                frame.require_clear()
            except EncryptedError:
                assert batch.error[row] == FrameFault.ENCRYPTED
            except ProtocolError as error:
                code = FrameFault(int(batch.error[row])).code
                assert code == error.code  # noqa: PT017 (each row has its own)
            else:
                assert batch.error[row] == 0
                assert batch.body(row) == frame.body
                assert batch.message_id[row] == frame.header.message_id
                assert batch.sequence[row] == frame.header.sequence
                assert batch.gnss_center_id[row] == frame.header.gnss_center_id
                assert bool(batch.head[row, 5]) == frame.escaped_length


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(EDITIONS), st.data())
def test_positions_in_bulk_are_those_read_one_by_one(edition: Edition, data: st.DataObject) -> None:
    given_contents = data.draw(st.lists(contents(edition), max_size=6))
    positions, others = decode_positions(decode_frames(given_contents, edition, CIPHER))
    row = 0
    for number, content in enumerate(given_contents):
        if number in others:
            continue
        frame = decode_frame(content, edition, CIPHER)
        message = decode_message(frame.header.message_id, frame.body, edition)
        assert isinstance(message, KINDS)
        single = getattr(message, "position", None)
        for gnss in (single,) if single is not None else message.positions:
            assert positions.frame[row] == number
            assert positions.sequence[row] == frame.header.sequence
            assert (positions.sub_type[row], positions.color[row]) == (message.sub_type, message.color)
            assert positions.plate(row) == message.plate
            _same(positions, row, gnss)
            row += 1
    assert row == len(positions)


def _same(positions: Positions, row: int, gnss: Gnss | Gnss2019) -> None:
    report = gnss if isinstance(gnss, Gnss) else gnss.report
    assert not isinstance(report, bytes)
    time_ms = int(report.time.timestamp() * 1000) if report.time else -1
    assert positions.time_ms[row] == max(time_ms, -1)
    for name in ("longitude_deg", "latitude_deg", "altitude_m", "speed_kmh", "heading_deg", "alarm_bits"):
        assert getattr(positions, name)[row] == getattr(report, name), name
    assert positions.status_bits[row] == report.status_bits
    if isinstance(gnss, Gnss):
        assert positions.mileage_km[row] == gnss.mileage_km
        assert positions.recorder_speed_kmh[row] == gnss.recorder_speed_kmh
        assert positions.encrypted[row] == (gnss.encrypt != 0)
        assert positions.items(row) == b""
        return
    assert positions.encrypted[row] == (gnss.encrypt != 0 or bool(report.status_bits & 0x20))
    assert gnss.report.encode("2019")[28:] == positions.items(row)
    platforms = (gnss.monitoring_platform, gnss.city_platform, gnss.provincial_platform)
    assert positions.platform_alarm_bits[row].tolist() == [one.alarm_bits for one in platforms]


@given(st.lists(st.binary(min_size=36, max_size=36), max_size=5))
def test_times_are_those_of_the_calendar(raw: list[bytes]) -> None:
    days = [bytes((29, 2, 0x07, 0xE8)), bytes((29, 2, 0x07, 0xE9)), bytes((31, 12, 0x07, 0xB1))]
    raw = raw + [one[:1] + day + bytes((7, 59, 59)) + one[8:] for one in raw for day in days]
    data = np.frombuffer(b"".join([*raw, bytes(64)]), np.uint8).copy()
    whole, _ = read_2011(data, np.arange(len(raw), dtype=np.int64) * 36)
    assert whole[1].tolist() == [oracle.gnss_time_ms(one[1:8]) for one in raw]


def test_order_is_kept_between_positions_and_other_messages() -> None:
    gnss = Gnss(time=None, longitude_deg=0, latitude_deg=0, speed_kmh=0)
    position = vehicles.RealTimePosition(plate="a", color=1, position=gnss).encode("2011")
    two = vehicles.PositionReupload(plate="a", color=1, positions=(gnss, gnss)).encode("2011")
    bodies = [position, two, b"x", position, b"x", b"x", two]
    given_contents = [
        encode_frame(Header(message_id=0x1200, sequence=number, gnss_center_id=0), body)[1:-1]
        for number, body in enumerate(bodies)
    ]
    positions, others = decode_positions(decode_frames(given_contents))
    found = [one if isinstance(one, int) else one.frame.tolist() for one in in_order(positions, others)]
    assert found == [[0, 1, 1], 2, [3], 4, 5, [6, 6]]
    alone, others = decode_positions(decode_frames(given_contents[:2]))
    assert [len(one) for one in in_order(alone, others) if isinstance(one, Positions)] == [3]
    assert list(in_order(*decode_positions(decode_frames([])))) == []
