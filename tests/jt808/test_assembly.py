"""Sub-packages in any order, repeated, missing, too many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream.jt808.assembly import Assembler, first_serial
from stream.jt808.frame import Frame, decode_frame, encode_packages
from stream.jt808.framing import FrameSplitter


def _packages(body: bytes, serial: int = 100, phone: str = "1", size: int = 10) -> list[Frame]:
    wire = b"".join(encode_packages(0x0801, phone, serial, body, "2013", size))
    return [decode_frame(raw) for raw in FrameSplitter().feed(wire)]


@given(st.binary(min_size=11, max_size=150), st.integers(0, 0xFFFF), st.data())
def test_any_order_with_repeats_gives_the_body_once(body: bytes, serial: int, source: st.DataObject) -> None:
    frames = _packages(body, serial)
    order = source.draw(st.permutations(frames))
    repeated = source.draw(st.lists(st.sampled_from(order[:-1]), max_size=5))
    assembler = Assembler()
    assert [assembler.add(frame.header, frame.body) for frame in order[:-1] + repeated] == [None] * (
        len(order) - 1 + len(repeated)
    )
    assert assembler.missing(order[0].header) == [order[-1].header.package]
    assert {first_serial(frame.header) for frame in frames} == {serial}
    assert assembler.add(order[-1].header, order[-1].body) == body
    assert assembler.missing(order[0].header) == []


def test_messages_of_two_terminals_side_by_side() -> None:
    assembler = Assembler()
    first, second = _packages(bytes(15), phone="1"), _packages(bytes(range(15)), phone="2")
    found = [assembler.add(f.header, f.body) for f in (first[0], second[0], second[1], first[1])]
    assert found == [None, None, bytes(range(15)), bytes(15)]


def test_what_never_completes_is_given_up_and_the_rest_goes_on() -> None:
    assembler = Assembler(max_bytes=2000)
    for serial in range(0, 5000, 10):
        frame = _packages(bytes(15), serial)[0]
        assert assembler.add(frame.header, frame.body) is None
    assert assembler.dropped > 400
    frames = _packages(bytes(range(30)), 9000)
    assert [assembler.add(f.header, f.body) for f in frames][-1] == bytes(range(30))


def test_a_message_larger_than_the_bound_is_given_up() -> None:
    assembler = Assembler(max_bytes=500)
    assert {assembler.add(f.header, f.body) for f in _packages(bytes(200))} == {None}
    assert assembler.dropped >= 1
