"""Attachment streams as JSON objects and back, for `haulwatch decode` and `haulwatch encode`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stream.jt808.assembly import Assembler
from stream.jt808.attachment_stream import (
    MAGIC,
    NAME_BYTES,
    AttachmentSplitter,
    Chunk,
    ControlFrame,
    write_chunk,
)
from stream.jt808.errors import EncodeError, TruncatedError
from stream.jt808.kinds import hex_bytes, whole_number
from stream.jt808.reader import Step
from stream.jt808.text import encode_text
from stream.jt808.tool import decode_content, encode_object, failure, show_step

# A line of hex may hold a whole file in one chunk, as no terminal sends it but a test may.
MAX_CHUNK_BYTES = 2 << 20


class AttachmentTool:
    """The objects of one attachment stream, given in pieces of any size. Mutable."""

    def __init__(self, assembler: Assembler, *, lenient: bool = False, explain: bool = False) -> None:
        self._splitter = AttachmentSplitter(MAX_CHUNK_BYTES)
        self._assembler = assembler
        self._lenient, self._explain = lenient, explain

    def decode_data(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The objects that these bytes complete. Never raises for any input."""
        failed, junk = self._splitter.fault is not None, self._splitter.junk_bytes
        for event in self._splitter.feed(data):
            yield self._show(event)
        if self._splitter.junk_bytes > junk:
            found = self._splitter.junk_bytes - junk
            yield failure(TruncatedError(f"{found} bytes begin neither a frame nor a chunk"), data.hex())
        if self._splitter.fault is not None and not failed:
            yield failure(self._splitter.fault, data.hex())

    def end(self) -> Iterator[dict[str, Any]]:
        """What is left when no more bytes come."""
        left = self._splitter.pending
        if self._splitter.fault is None and left.strip(b"\x7e"):
            kind = "chunk" if left.startswith(MAGIC[:1]) else "frame"
            yield failure(TruncatedError(f"the stream ends {len(left)} bytes into a {kind}"), left.hex())

    def _show(self, event: ControlFrame | Chunk) -> dict[str, Any]:
        if isinstance(event, ControlFrame):
            return decode_content(
                event.content, self._assembler, lenient=self._lenient, explain=self._explain
            )
        result: dict[str, Any] = {"chunk": show_chunk(event)}
        if self._explain:
            result["explain"] = [show_step(step) for step in _explain_chunk(event)]
        return result


def show_chunk(chunk: Chunk) -> dict[str, Any]:
    """A chunk for JSON; the bytes of its name too, where the text would not be written so."""
    shown: dict[str, Any] = {"name": chunk.name}
    try:
        told = encode_text(chunk.name, "name")
    except EncodeError:
        told = b""
    if told != chunk.raw_name:
        shown["name_hex"] = chunk.raw_name.hex()
    return shown | {"offset": chunk.offset, "length": len(chunk.data), "data": chunk.data.hex()}


def _explain_chunk(chunk: Chunk) -> list[Step]:
    wire = write_chunk(chunk)
    ends = (4, 4 + NAME_BYTES, 8 + NAME_BYTES, 12 + NAME_BYTES, len(wire))
    meanings = (
        ("magic", "a chunk of a file"),
        ("name", chunk.name),
        ("offset", str(chunk.offset)),
        ("length", str(len(chunk.data))),
        ("data", f"{len(chunk.data)} bytes"),
    )
    starts = (0, *ends)
    return [
        Step(start, wire[start:end], field, meaning)
        for start, end, (field, meaning) in zip(starts, ends, meanings, strict=False)
    ]


def encode_attachment(shown: Mapping[str, Any]) -> list[bytes]:
    """The bytes of an object as `AttachmentTool` gives it. Raises `EncodeError`, which names the field."""
    if "chunk" not in shown:
        return encode_object(shown)
    chunk = shown["chunk"]
    if not isinstance(chunk, Mapping):
        raise EncodeError(f"chunk: an object is wanted, not {chunk!r}")
    if "name_hex" in chunk:
        name = hex_bytes(chunk["name_hex"], "chunk.name_hex")
    else:
        name = encode_text(str(chunk.get("name", "")), "chunk.name")
    if len(name) > NAME_BYTES:
        raise EncodeError(f"chunk.name: {len(name)} bytes, a chunk has {NAME_BYTES}")
    offset = whole_number(chunk.get("offset", 0), "chunk.offset")
    return [write_chunk(Chunk(name, offset, hex_bytes(chunk.get("data", ""), "chunk.data")))]
