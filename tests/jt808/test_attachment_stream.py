"""Attachment streams: frames and chunks mixed, cut anywhere."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt808.attachment_stream import (
    HEAD_BYTES,
    AttachmentSplitter,
    Chunk,
    ControlFrame,
    Event,
    encode_chunk,
    write_chunk,
)
from stream.jt808.errors import EncodeError
from stream.jt808.frame import decode_frame, encode_frame
from stream.jt808.framing import MAX_FRAME_BYTES

frame_events = st.binary(max_size=30).map(lambda body: ControlFrame(encode_frame(0x1212, "1", 1, body)[1:-1]))
names = st.binary(min_size=1, max_size=50).filter(lambda name: not name.endswith(b"\0"))
# Data full of flags, escapes and magic words, none of which may be looked for.
data = st.lists(st.sampled_from([b"\x7e", b"\x30", b"\x31\x63\x64", b"\x30\x31\x63\x64", b"x"])).map(b"".join)
chunk_events = st.builds(Chunk, names, st.integers(0, 2**32 - 1), data)
events = st.lists(frame_events | chunk_events, max_size=8)


def _wire(event: Event) -> bytes:
    return b"\x7e" + event.content + b"\x7e" if isinstance(event, ControlFrame) else write_chunk(event)


@given(events, st.lists(st.integers(0, 2000), max_size=12))
def test_any_cut_gives_the_same_events(sent: list[Event], cuts: list[int]) -> None:
    stream = b"".join(map(_wire, sent))
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    splitter = AttachmentSplitter()
    found = [event for start, end in pairwise(places) for event in splitter.feed(stream[start:end])]
    assert found == sent
    assert splitter.pending in (b"", b"\x7e")
    assert (splitter.junk_bytes, splitter.fault) == (0, None)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
def test_any_bytes_end_in_events_and_any_cut_in_the_same(stream: bytes, cuts: list[int]) -> None:
    whole, cut = AttachmentSplitter(500), AttachmentSplitter(500)
    expected = whole.feed(stream)
    places = sorted({min(place, len(stream)) for place in cuts} | {0, len(stream)})
    found = [event for start, end in pairwise(places) for event in cut.feed(stream[start:end])]
    assert found == expected
    assert (cut.junk_bytes, cut.pending) == (whole.junk_bytes, whole.pending)


def test_one_flag_between_two_frames_and_junk_around_them() -> None:
    first, second = (encode_frame(0x1212, "1", serial)[1:-1] for serial in (1, 2))
    chunk = encode_chunk("a.jpg", 7, b"\x7e")
    stream = (
        b"junk" + b"\x7e" + first + b"\x7e" + second + b"\x7e\x7e" + chunk + b"!!" + b"\x7e" + first + b"\x7e"
    )
    splitter = AttachmentSplitter()
    found = splitter.feed(stream)
    assert [type(event) for event in found] == [ControlFrame, ControlFrame, Chunk, ControlFrame]
    assert splitter.junk_bytes == 6
    control = found[1]
    assert isinstance(control, ControlFrame)
    assert decode_frame(control.content).header.serial == 2


def test_a_chunk_above_the_bound_ends_the_stream() -> None:
    splitter = AttachmentSplitter(max_chunk_bytes=100)
    found = splitter.feed(encode_chunk("a", 0, bytes(100)) + encode_chunk("b", 0, bytes(101)))
    assert len(found) == 1
    assert splitter.fault is not None
    assert splitter.fault.code == "oversize"
    assert splitter.feed(encode_chunk("a", 0, b"")) == []


def test_a_frame_without_end_is_junk() -> None:
    splitter = AttachmentSplitter()
    assert splitter.feed(b"\x7e" + b"x" * (MAX_FRAME_BYTES + 5)) == []
    assert splitter.pending_bytes <= MAX_FRAME_BYTES
    assert splitter.junk_bytes > 0


def test_chunks_as_the_standard_prints_them() -> None:
    wire = encode_chunk("00_0_6501_0_X.jpg", 0, bytes.fromhex("7e7d017d027e"))
    assert len(wire) == HEAD_BYTES + 6 == 62 + 6
    assert wire.startswith(bytes.fromhex("30316364") + b"00_0_6501_0_X.jpg\0")
    with pytest.raises(EncodeError):
        encode_chunk("n" * 51, 0, b"")
