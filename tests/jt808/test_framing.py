"""Cutting a stream into frames, and escapes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.jt808.errors import EscapeError
from stream.jt808.framing import MAX_FRAME_BYTES, FrameSplitter, escape, unescape
from tests.jt808 import oracle
from tests.jt808.strategies import frames, wire_bytes


def _feed_in_pieces(stream: bytes, cuts: list[int], **options: int) -> tuple[list[bytes], FrameSplitter]:
    splitter = FrameSplitter(**options)
    found: list[bytes] = []
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for start, end in pairwise(edges):
        found += splitter.feed(stream[start:end])
        assert splitter.pending_bytes <= options.get("max_frame_bytes", MAX_FRAME_BYTES)
    return found, splitter


streams = st.lists(frames() | wire_bytes, max_size=8).map(b"".join)


@given(streams, st.lists(st.integers(0, 1000), max_size=12))
def test_any_cut_gives_the_frames_of_the_oracle(stream: bytes, cuts: list[int]) -> None:
    assert _feed_in_pieces(stream, cuts)[0] == oracle.split(stream)


@given(streams)
def test_one_byte_at_a_time(stream: bytes) -> None:
    assert _feed_in_pieces(stream, list(range(len(stream))))[0] == oracle.split(stream)


@given(streams, st.lists(st.integers(0, 1000), max_size=12), st.integers(1, 20))
def test_too_long_frames_are_dropped_and_counted_whatever_the_cut(
    stream: bytes, cuts: list[int], limit: int
) -> None:
    found, splitter = _feed_in_pieces(stream, cuts, max_frame_bytes=limit)
    all_frames = oracle.split(stream)
    assert found == [frame for frame in all_frames if len(frame) <= limit]
    unfinished = len(stream.rpartition(b"\x7e")[2]) if b"\x7e" in stream else 0
    too_long = sum(len(frame) > limit for frame in all_frames)
    assert splitter.oversize_frames == too_long + (unfinished > limit)
    assert splitter.junk_bytes == len(stream.partition(b"\x7e")[0])


def test_flags_shared_repeated_and_junk_before_the_first() -> None:
    splitter = FrameSplitter()
    assert splitter.feed(bytes.fromhex("0d0a 7e 0101 7e 0202 7e 7e7e7e 0303 7e 04")) == [
        b"\x01\x01",
        b"\x02\x02",
        b"\x03\x03",
    ]
    assert splitter.junk_bytes == 2
    assert splitter.feed(b"\x05\x7e") == [b"\x04\x05"]


def test_an_endless_frame_keeps_little_and_the_next_one_is_read() -> None:
    splitter = FrameSplitter()
    splitter.feed(b"\x7e")
    for _ in range(200):
        assert splitter.feed(bytes(1000)) == []
        assert splitter.pending_bytes <= MAX_FRAME_BYTES < 16 * 1024
    assert splitter.feed(b"\x00\x7e\x01\x7e") == [b"\x01"]
    assert splitter.oversize_frames == 1


@given(st.binary(max_size=80) | wire_bytes)
def test_escape_leaves_no_flag_and_is_undone(data: bytes) -> None:
    escaped = escape(data)
    assert b"\x7e" not in escaped
    assert unescape(escaped, lenient=False) == data


@given(wire_bytes, st.booleans())
def test_unescape_agrees_with_the_oracle(raw: bytes, lenient: bool) -> None:
    expected = oracle.unescape(raw, lenient)
    if expected is None:
        with pytest.raises(EscapeError):
            unescape(raw, lenient=lenient)
    else:
        assert unescape(raw, lenient=lenient) == expected


def test_one_pass_where_replacing_in_turn_would_corrupt() -> None:
    assert unescape(bytes.fromhex("7d0102")) == bytes.fromhex("7d02")
    assert unescape(bytes.fromhex("7d01017d02")) == bytes.fromhex("7d017e")
