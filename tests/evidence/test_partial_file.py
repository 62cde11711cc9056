"""Bytes find their place, whatever happens to the chunks, the link and the process."""

from __future__ import annotations

import asyncio
import json
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.attachments.partial_file import PartialFile, partial_ids, remove
from stream.attachments.session import AttachmentSession, PieceCame
from tests.evidence.terminal import chunk

NAME = b"a.h264"
FILE_ID = "5f0c1c1e-8a55-4d1f-9d8e-2f3b7a6c4e01"


def take(partial: PartialFile, session: AttachmentSession, stream: bytes) -> None:
    for event in session.receive_data(stream):
        assert isinstance(event, PieceCame)
        partial.write(event.offset, event.data)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_order_overlap_repetition_and_cut_give_the_file(data: st.DataObject) -> None:
    original = data.draw(st.binary(min_size=1, max_size=400))
    size = len(original)
    places = st.tuples(st.integers(0, size - 1), st.integers(1, 90))
    pieces = [(at, min(size, at + length)) for at, length in data.draw(st.lists(places, max_size=12))]
    stream = b"".join(chunk(NAME, at, original[at:end]) for at, end in pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    with tempfile.TemporaryDirectory() as folder:
        partial = PartialFile(Path(folder), FILE_ID, size)
        session = AttachmentSession(1 << 20)
        for start, end in pairwise([0, *cuts, len(stream)]):
            take(partial, session, stream[start:end])
            if data.draw(st.booleans()):  # a new server; the terminal begins its chunk anew
                asyncio.run(partial.sync())
                partial.close()
                partial = PartialFile(Path(folder), FILE_ID, size)
        there = {byte for start, end in pieces for byte in range(start, end)}
        missing = [byte for start, end in partial.ranges.missing(size) for byte in range(start, end)]
        assert missing == [byte for byte in range(size) if byte not in there]
        for start, end in list(partial.ranges.missing(size)):
            partial.write(start, original[start:end])
        assert partial.ranges.complete(size)
        partial.close()
        assert (Path(folder) / FILE_ID).read_bytes() == original


async def test_what_was_not_synced_is_asked_for_again(tmp_path: Path) -> None:
    partial = PartialFile(tmp_path, FILE_ID, 300)
    partial.write(0, b"a" * 100)
    await partial.sync()
    partial.write(100, b"b" * 100)  # and then the process is killed
    partial.close()
    again = PartialFile(tmp_path, FILE_ID, 300)
    assert list(again.ranges) == [(0, 100)]
    again.close()


@pytest.mark.parametrize(
    "note",
    [
        "",
        "{",
        "[]",
        '{"size": 300}',
        '{"size": 299, "ranges": [[0, 100]]}',
        '{"size": 300, "ranges": [[0]]}',
        '{"size": 300, "ranges": [[100, 0]]}',
        '{"size": 300, "ranges": [["a", "b"]]}',
    ],
)
async def test_a_doubtful_note_begins_anew(tmp_path: Path, note: str) -> None:
    partial = PartialFile(tmp_path, FILE_ID, 300)
    partial.write(0, b"a" * 100)
    await partial.sync()
    partial.close()
    (tmp_path / f"{FILE_ID}.ranges").write_text(note, encoding="ascii")
    again = PartialFile(tmp_path, FILE_ID, 300)
    assert list(again.ranges) == []
    assert again.path.stat().st_size == 0
    again.close()


async def test_a_note_without_its_bytes_is_not_believed(tmp_path: Path) -> None:
    partial = PartialFile(tmp_path, FILE_ID, 300)
    partial.write(0, b"a" * 300)
    await partial.sync()
    partial.close()
    partial.path.write_bytes(b"a" * 50)
    again = PartialFile(tmp_path, FILE_ID, 300)
    assert list(again.ranges) == []
    again.forget()
    assert partial_ids(tmp_path) == []
    assert not (tmp_path / f"{FILE_ID}.ranges").exists()


async def test_what_lies_in_the_folder(tmp_path: Path) -> None:
    assert partial_ids(tmp_path / "nowhere") == []
    partial = PartialFile(tmp_path, FILE_ID, 300)
    partial.write(0, b"a")
    await partial.sync()
    partial.close()
    assert [file_id for file_id, _ in partial_ids(tmp_path)] == [FILE_ID]
    assert json.loads((tmp_path / f"{FILE_ID}.ranges").read_text()) == {"size": 300, "ranges": [[0, 1]]}
    remove(tmp_path / FILE_ID)
    assert partial_ids(tmp_path) == []
