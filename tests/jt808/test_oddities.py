"""What terminals do beside the standard: accepted, and counted by kind, one test a kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt808.assembly import Assembler
from stream.jt808.bulk import decode_frames, decode_position_bodies
from stream.jt808.frame import decode_frame, encode_frame, seal
from stream.jt808.item_oddities import item_oddities
from stream.jt808.messages import read_body, split_items
from stream.jt808.messages.driver import DriverIdentity
from stream.jt808.messages.session import TerminalRegister
from stream.jt808.oddities import Oddity, count_oddities, oddity_names
from stream.jt808.tool import decode_content
from stream.jt808.warm_up import warm_up

warm_up()

BASE = bytes.fromhex("00000000 00000003 01e8ea48 07143f35 0019 028a 005a 260315142530")
SAFETY = bytes.fromhex("642f") + bytes(47)

FRAMES = {
    "unescaped_check_code": bytes.fromhex("0002 0000 000000000679 0000 7d"),
    "unflagged_2019_header": seal(bytes.fromhex("0002 0000 01 00000000013912345678 0001"))[1:-1],
    "reserved_property": seal(bytes.fromhex("0002 8000 013912345678 0001"))[1:-1],
    "hex_phone": encode_frame(0x0002, "1ab2", 1)[1:-1],
}
REGISTER = TerminalRegister(32, 100, "HAULW", "HW-1", "T1", 2, "苏A12345")
CARD = DriverIdentity(1, None, 0, "张三", "320102", "JS", "20340409", "320102199001010000")
BODIES = {
    "heartbeat_body": (0x0002, b"\x01"),
    "twos_complement": (0x0200, BASE[:8] + (-33_868_820).to_bytes(4, signed=True) + BASE[12:]),
    "unknown_time": (0x0200, BASE[:22] + bytes(6)),
    "truncated_item": (0x0200, BASE + bytes.fromhex("0104 0000")),
    "repeated_item": (0x0200, BASE + bytes.fromhex("30011f 30011f")),
    "reused_item": (0x0200, BASE + bytes.fromhex("6402 0001")),
    "unknown_item": (0x0200, BASE + bytes.fromhex("eb0100")),
    "other_edition_body": (0x0100, REGISTER.encode("2019")),
    "unknown_result": (0x0001, bytes.fromhex("0001 8300 07")),
    "trailing_bytes": (0x0301, b"\x01\x02"),
    "unknown_message": (0x5501, b""),
    "wrong_count": (0x0104, bytes.fromhex("0004 02 00000001 04 00000001")),
}
BODIES["utf8_text"] = (0x0100, REGISTER.encode("2013")[:37] + "苏A12345".encode())


def test_every_kind_has_a_test() -> None:
    assert {kind.name.lower() for kind in Oddity if kind.name} == set(FRAMES) | set(BODIES)


@pytest.mark.parametrize(("kind", "content"), FRAMES.items())
def test_odd_frames_are_read_and_counted(kind: str, content: bytes) -> None:
    single = decode_frame(content)
    batch = decode_frames([content])
    assert batch.error[0] == 0
    assert oddity_names(single.oddities) == oddity_names(int(batch.oddities[0])) == [kind]


@pytest.mark.parametrize(("kind", "message"), BODIES.items())
def test_odd_bodies_are_read_and_counted(kind: str, message: tuple[int, bytes]) -> None:
    message_id, body = message
    assert oddity_names(read_body(message_id, body).oddities) == [kind]
    shown = decode_content(encode_frame(message_id, "1", 1, body)[1:-1], Assembler())
    assert "error" not in shown
    assert shown["oddities"] == [kind]
    if message_id == 0x0200:
        positions = decode_position_bodies([body])
        assert positions.ok[0]
        assert oddity_names(int(positions.oddities[0])) == [kind]


def test_a_2019_driver_card_under_a_2013_header() -> None:
    body = CARD.encode("2019")
    reading = read_body(0x0702, body, "2013")
    assert reading.message == CARD
    assert "other_edition_body" in oddity_names(reading.oddities)


def test_what_is_by_the_standard_is_not_odd() -> None:
    body = BASE + bytes.fromhex("01040000000a 0302028a 2504 00000000 30011f 310109") + SAFETY
    assert decode_position_bodies([body]).oddities.tolist() == [0]
    assert read_body(0x0200, body).oddities == 0
    assert read_body(0x0100, REGISTER.encode("2013"), "2013").oddities == 0
    assert decode_frame(encode_frame(0x0002, "13912345678", 1)[1:-1]).oddities == 0


def test_counting_a_column() -> None:
    column = np.array(
        [0, int(Oddity.REPEATED_ITEM), int(Oddity.REPEATED_ITEM | Oddity.UNKNOWN_TIME)], np.uint32
    )
    assert count_oddities(column) == {"unknown_time": 1, "repeated_item": 2}
    assert count_oddities(np.zeros(3, np.uint32)) == {}
    assert count_oddities(np.zeros(0, np.uint32)) == {}


item_bytes = st.lists(
    st.tuples(
        st.sampled_from([1, 3, 0x11, 0x30, 0x64, 0x65, 0x66, 0x67, 0xE0, 0xF1, 0xF2]) | st.integers(0, 255),
        st.sampled_from([bytes(n) for n in (0, 1, 2, 4, 5, 41, 47, 50, 63, 71, 74)]) | st.binary(max_size=60),
    ),
    max_size=6,
).map(lambda items: b"".join(bytes((number, len(value))) + value for number, value in items))


@given(item_bytes | st.binary(max_size=40))
def test_both_paths_find_the_same_in_items(items: bytes) -> None:
    positions = decode_position_bodies([BASE + items])
    assert int(positions.oddities[0]) == item_oddities(*split_items(items))
    assert positions.safety[0] == any(0x64 <= item.id <= 0x67 for item in split_items(items)[0])
