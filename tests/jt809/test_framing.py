"""Flags, escapes, bounds: any cut of a stream gives the same frames."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt809.framing import (
    MAX_FRAME_BYTES,
    MAX_LARGE_FRAME_BYTES,
    FrameSplitter,
    escape,
    max_content_bytes,
    unescape,
)
from stream.protocol_errors import EscapeError
from tests.jt809 import oracle
from tests.jt809.strategies import wire_bytes

LARGE_HEAD = bytes(8) + b"\x15\x00"


@given(wire_bytes)
def test_escapes_are_undone(data: bytes) -> None:
    escaped = escape(data)
    assert unescape(escaped) == oracle.unescape(escaped) == data
    assert b"\x5b" not in escaped
    assert b"\x5d" not in escaped


@given(wire_bytes)
def test_bad_escapes_are_refused(data: bytes) -> None:
    expected = oracle.unescape(data)
    if expected is None:
        with pytest.raises(EscapeError):
            unescape(data)
    else:
        assert unescape(data) == expected


@given(st.lists(wire_bytes, max_size=8).map(b"".join), st.lists(st.integers(0, 200), max_size=8))
def test_any_cut_gives_the_same_frames_and_counts(stream: bytes, cuts: list[int]) -> None:
    splitter = FrameSplitter()
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    parts = [stream[start:end] for start, end in pairwise(places)]
    found = [frame for part in parts for frame in splitter.feed(part)]
    assert found == oracle.frames(stream)
    framed = sum(len(frame) + 2 for frame in found)
    open_flag = splitter.pending_bytes + (oracle_open(stream))
    assert splitter.junk_bytes + framed + open_flag == len(stream)


def oracle_open(stream: bytes) -> int:
    """1 if a frame is open at the end: its flag is neither junk nor framed."""
    return int(stream.rfind(b"\x5b") > stream.rfind(b"\x5d"))


@pytest.mark.parametrize("step", [1, 1000, 1 << 20])
def test_what_is_too_long_is_dropped_and_the_rest_goes_on(step: int) -> None:
    stream = b"\x5b" + bytes(MAX_FRAME_BYTES + 1) + b"\x5d\x5babc\x5d"
    splitter = FrameSplitter()
    found = [frame for at in range(0, len(stream), step) for frame in splitter.feed(stream[at : at + step])]
    assert found == [b"abc"]
    assert splitter.oversize_frames == 1
    assert splitter.pending_bytes == 0


def test_pictures_may_be_longer_and_have_a_bound_as_well() -> None:
    splitter = FrameSplitter()
    picture = LARGE_HEAD + bytes(200_000)
    assert splitter.feed(b"\x5b" + picture + b"\x5d") == [picture]
    assert max_content_bytes(picture) == MAX_LARGE_FRAME_BYTES
    assert splitter.feed(b"\x5b" + LARGE_HEAD + bytes(MAX_LARGE_FRAME_BYTES) + b"\x5d") == []
    assert splitter.oversize_frames == 1


def test_a_bound_before_the_login_holds_for_all_types() -> None:
    splitter = FrameSplitter(512)
    assert splitter.feed(b"\x5b" + LARGE_HEAD + bytes(600) + b"\x5d\x5ba\x5d") == [b"a"]
    assert splitter.oversize_frames == 1
    assert splitter.feed(b"\x5b" + bytes(10_000)) == []
    assert splitter.pending_bytes == 0
