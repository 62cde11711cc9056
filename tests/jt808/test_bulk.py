"""Many frames at once give what the oracle and the single path give."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.jt808.bulk import decode_frames, decode_position_bodies, decode_positions
from stream.jt808.errors import FrameFault
from stream.jt808.frame import encode_frame
from stream.jt808.framing import MAX_FRAME_BYTES
from stream.jt808.warm_up import warm_up
from tests.jt808 import oracle
from tests.jt808.strategies import frames, mutated, position_reports, wire_bytes

# Compiling takes longer than any example may.
warm_up()

contents = frames().map(lambda wire: wire[1:-1]) | mutated() | wire_bytes


@settings(max_examples=60)
@given(st.lists(contents, max_size=12), st.booleans())
def test_batch_agrees_with_the_oracle(raw: list[bytes], lenient: bool) -> None:
    batch = decode_frames(raw, lenient=lenient)
    assert len(batch) == len(raw)
    for row, content in enumerate(raw):
        expected = oracle.read(content, lenient)
        assert FrameFault(batch.error[row]).code == expected["fault"]
        if expected["fault"] in ("ok", "encrypted"):
            assert batch.message_id[row] == expected["message_id"]
            assert batch.phone(row) == expected["phone"]
            assert batch.serial[row] == expected["serial"]
            assert batch.edition_2019[row] == expected["newest"]
            assert (batch.total[row], batch.package[row]) == (expected["total"], expected["package"])
        assert batch.body(row) == (expected["body"] if expected["fault"] == "ok" else b"")


@settings(max_examples=30)
@given(st.lists(contents, min_size=1, max_size=4))
def test_rare_escapes_among_many_frames(raw: list[bytes]) -> None:
    clean = encode_frame(0x0900, "1", 3, bytes(1000))[1:-1]
    batch = decode_frames([clean, *raw, clean])
    for row, content in enumerate(raw, 1):
        expected = oracle.read(content)
        assert FrameFault(batch.error[row]).code == expected["fault"]
        assert batch.body(row) == (expected["body"] if expected["fault"] == "ok" else b"")
    assert batch.body(0) == batch.body(len(raw) + 1) == bytes(1000)


def test_contents_with_a_flag_inside_are_judged_one_by_one() -> None:
    sound = encode_frame(0x0002, "1", 3)
    assert decode_frames([sound, sound[1:-1]]).error.tolist() == [FrameFault.LENGTH, FrameFault.OK]


@given(st.lists(st.one_of(position_reports().map(lambda m: m.encode()), st.binary(max_size=60)), max_size=10))
def test_positions_agree_with_the_oracle(bodies: list[bytes]) -> None:
    positions = decode_position_bodies(bodies)
    assert len(positions) == len(bodies)
    for row, body in enumerate(bodies):
        expected = oracle.position(body)
        assert positions.ok[row] == (expected is not None)
        if expected is None:
            continue
        for name, value in expected.items():
            found = getattr(positions, name)[row]
            assert math.isnan(found) if value is None else found == value, name
        assert positions.items(row) == body[28:]


def test_positions_of_some_rows_in_any_order() -> None:
    bodies = [bytes([k]) * 28 for k in range(1, 4)]
    raw = [encode_frame(0x0200, "1", k, body)[1:-1] for k, body in enumerate(bodies)]
    batch = decode_frames([raw[0], b"", raw[1], raw[2]])
    positions = decode_positions(batch, [3, 1, 0])
    assert positions.ok.tolist() == [True, False, True]
    assert positions.alarm_bits[[0, 2]].tolist() == [0x03030303, 0x01010101]


def test_many_items_and_the_first_of_a_repeated_one() -> None:
    filler = b"\xe0\x00" * 300
    body = bytes(28) + filler + b"\x01\x04\x00\x00\x00\x0a\x03\x02\x00\x14\x01\x04\x00\x00\x00\xff"
    short = bytes(28) + b"\x01\x02\x00\x05\x01\x04\x00\x00\x00\x0b\x01\x04\x00\x00\x00\x0c"
    positions = decode_position_bodies([body, short, bytes(28)])
    assert positions.mileage_km[:2].tolist() == [1.0, 1.1]
    assert positions.recorder_speed_kmh[0] == 2.0
    assert np.isnan(positions.mileage_km[2])


def test_signs_by_status_bit_and_by_twos_complement() -> None:
    magnitude, twos = (33_868_820).to_bytes(4), (-33_868_820).to_bytes(4, signed=True)
    rest = bytes(4) + b"\xff\x66" + bytes(4) + bytes.fromhex("260315142530")
    bodies = [bytes(7) + bytes([status]) + latitude + rest
              for status, latitude in ((4, magnitude), (4, twos), (0, twos), (0, magnitude))]  # fmt: skip
    positions = decode_position_bodies(bodies)
    assert positions.latitude_deg.tolist() == [-33.86882, -33.86882, -33.86882, 33.86882]
    assert positions.altitude_m.tolist() == [-154] * 4
    assert positions.time_ms[0] == 1_773_555_930_000


def test_times_that_do_not_exist() -> None:
    digits = ["000000000000", "260230120000", "240229235959", "26031524 0000", "2a0315142530", "260315146030"]
    positions = decode_position_bodies([bytes(22) + bytes.fromhex(text) for text in digits])
    assert (positions.time_ms >= 0).tolist() == [False, False, True, False, False, False]


def test_empty_batches() -> None:
    assert len(decode_frames([])) == 0
    assert len(decode_position_bodies([])) == 0
    assert decode_frames([b"", b""]).error.tolist() == [FrameFault.TRUNCATED] * 2
    assert len(decode_positions(decode_frames([b""]), [])) == 0


def test_a_frame_longer_than_any_can_be_is_a_fault_of_its_own() -> None:
    batch = decode_frames([bytes(MAX_FRAME_BYTES + 1), encode_frame(2, "1", 5)[1:-1]])
    assert batch.error.tolist() == [FrameFault.OVERSIZE, FrameFault.OK]
