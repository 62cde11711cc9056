"""Recorded and spec-built bytes of public projects, where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stream.attachments.session import AttachmentSession, EndCame, Fault, ListCame, PieceCame

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="the vectors are not here")


def vectors(*files: str) -> list[dict[str, Any]]:
    found = []
    for name in files:
        path = VECTORS / name
        if path.is_file():
            found += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return found


def events(vector: dict[str, Any]) -> list[Any]:
    return AttachmentSession(1 << 26).receive_data(bytes.fromhex(vector.get("frame_hex") or vector["hex"]))


def test_every_list_is_read() -> None:
    lists = [one for one in vectors("subiao.jsonl", "synthetic.jsonl") if one.get("msg_id") == "0x1210"]
    assert len(lists) >= 10
    for vector in lists:
        if vector.get("valid") is False:
            continue
        (event,) = events(vector)
        assert isinstance(event, ListCame), vector["id"]


def test_every_stream_is_read() -> None:
    streams = [one for one in vectors("subiao.jsonl", "synthetic.jsonl") if one.get("kind") == "file-stream"]
    assert len(streams) >= 3
    for vector in streams:
        pieces = [event for event in events(vector) if isinstance(event, PieceCame)]
        assert pieces, vector["id"]
        norm = vector.get("norm") or {}
        if "offset" in norm:
            assert pieces[0].offset == norm["offset"], vector["id"]


def test_a_recorded_session() -> None:
    sessions = [one for one in vectors("subiao.jsonl") if one.get("kind") == "session"]
    assert sessions
    for vector in sessions:
        found = events(vector)
        assert not [event for event in found if isinstance(event, Fault)], vector["id"]
        assert [event for event in found if isinstance(event, EndCame)], vector["id"]
