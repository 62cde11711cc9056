"""`haulwatch decode`: one line of any length, and streams cut over lines, give the frames of the stream."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.decode import run
from stream.hex_stream import MAX_HELD_DIGITS, HexStream
from stream.jt808.attachment_stream import Chunk, write_chunk
from stream.jt808.frame import encode_frame
from stream.jt809.tool import encode_object
from stream.protocol_tools import decoder_for

FRAMES_808 = [
    encode_frame(0x0002, "13912345678", 1),
    encode_frame(0x0200, "13912345678", 2, bytes(28)),
    encode_frame(0x0900, "13912345678", 3, b"\x00\x7e\x7d\x7e\x7e"),
    encode_frame(0x0002, "1", 4, edition="2019"),
]
FRAMES_809 = [
    encode_object({"message_id": "0x1005"}),
    encode_object({"message_id": "0x9001", "body": {"verify_code": 0x5B5D5A5E}}),
    encode_object({"message_id": "0x7777", "body": {"raw": "5b5d5a5e5a01"}}),
]


def _objects(text: str, **options: Any) -> list[dict[str, Any]]:
    out = io.StringIO()
    run(io.StringIO(text), out, **options)
    found = [json.loads(line) for line in out.getvalue().splitlines()]
    for one in found:
        if "error" in one:
            del one["error"]["line"]
    return found


def _wire(frames: list[bytes], shared: bool) -> str:
    joined = b"".join(frames)
    return (joined.replace(b"\x7e\x7e", b"\x7e") if shared else joined).hex()


def _case(protocol: str, numbers: list[int], shared: bool) -> tuple[str, list[dict[str, Any]]]:
    frames = FRAMES_808 if protocol == "jt808" else FRAMES_809
    chosen = [frames[number % len(frames)] for number in numbers]
    alone = _objects("\n".join(frame.hex() for frame in chosen), protocol=protocol)
    assert all("error" not in one for one in alone)
    return _wire(chosen, shared and protocol == "jt808"), alone


some = st.lists(st.integers(0, 3), min_size=1, max_size=4)
protocols = st.sampled_from(["jt808", "jt809"])


@settings(deadline=None)
@given(protocols, some, st.booleans(), st.integers(1, 60))
def test_a_line_read_in_pieces_gives_the_same_objects(
    protocol: str, numbers: list[int], shared: bool, piece: int
) -> None:
    text, expected = _case(protocol, numbers, shared)
    assert _objects(text, protocol=protocol, piece_characters=piece) == expected
    assert _objects(f"# {text}\n{text} # {text}\n", protocol=protocol, piece_characters=piece) == expected


@settings(deadline=None, max_examples=300)
@given(protocols, some, st.booleans(), st.lists(st.integers(0, 400), max_size=6), st.integers(1, 500))
def test_a_stream_cut_over_lines_gives_the_same_objects(
    protocol: str, numbers: list[int], shared: bool, cuts: list[int], piece: int
) -> None:
    text, expected = _case(protocol, numbers, shared)
    places = sorted({cut % (len(text) + 1) for cut in cuts})
    lines = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    assert _objects("\n".join(lines), protocol=protocol, piece_characters=piece) == expected


@pytest.mark.parametrize("protocol", ["jt808", "jt809"])
def test_every_single_cut_gives_the_same_objects(protocol: str) -> None:
    text, expected = _case(protocol, [0, 1, 2], True)
    for cut in range(len(text) + 1):
        assert _objects(f"{text[:cut]}\n{text[cut:]}\n", protocol=protocol) == expected, cut


def test_a_huge_line_loses_no_frame() -> None:
    frame = FRAMES_808[0].hex()
    found = _objects(frame * 500, piece_characters=4093)
    assert [one["serial"] for one in found] == [1] * 500


def test_a_frame_that_never_ends_is_one_error_and_the_next_line_is_read() -> None:
    good = FRAMES_808[1].hex()
    found = _objects(f"{good[:-6]}\n{good}\n{good[2:-2]}\n{good}")
    assert [one.get("serial") or one["error"]["code"] for one in found] == ["truncated", 2, 2, 2]
    good = FRAMES_809[0].hex()
    found = _objects(f"{good[:-6]}\n{good}\n{good[2:-2]}\n{good}", protocol="jt809")
    assert [one.get("message_id") or one["error"]["code"] for one in found] == ["truncated", *["0x1005"] * 3]


def test_garbage_without_flags_is_judged_line_by_line() -> None:
    found = _objects(f"{FRAMES_808[0].hex()}\n0102\nabc\nzz\n7e\n0304")
    assert [one.get("serial") or one["error"]["code"] for one in found] == [
        1, "truncated", "hex", "hex", "truncated", "truncated",
    ]  # fmt: skip


@given(st.integers(1, 40))
def test_a_chunk_is_cut_anywhere_too(piece: int) -> None:
    text = write_chunk(Chunk(b"a.jpg", 0, b"\x7e\x01\x7e")).hex()
    for protocol in ("jt808", "attachment"):
        [one] = _objects(text, protocol=protocol, piece_characters=piece)
        assert one["chunk"]["data"] == "7e017e"


@pytest.mark.parametrize("protocol", ["jt808", "jt809"])
def test_a_broken_line_holds_no_sound_frame_back(protocol: str) -> None:
    framing = decoder_for(protocol, lenient=False, explain=False, encrypt=None).framing
    good = (FRAMES_808 if protocol == "jt808" else FRAMES_809)[1].hex()
    for broken in (good[:-4], good[:-5], good[:3], good[:1]):
        stream = HexStream(framing)
        assert list(stream.feed(1, broken, ended=True)) == []
        found = list(stream.feed(2, good, ended=True))
        assert found == [(1, broken), (2, good)]


@pytest.mark.parametrize("start", ["7e", "", "5b", "5b01", "7e7e"])
@pytest.mark.parametrize("protocol", ["jt808", "jt809", "attachment"])
def test_what_is_held_back_is_bounded(protocol: str, start: str) -> None:
    stream = HexStream(decoder_for(protocol, lenient=False, explain=False, encrypt=None).framing)
    list(stream.feed(1, start, ended=False))
    piece = "01" * 500_000 + "0"
    given_back = sum(len(text) for _ in range(12) for _, text in stream.feed(1, piece, ended=False))
    assert given_back >= 12 * len(piece) - MAX_HELD_DIGITS
