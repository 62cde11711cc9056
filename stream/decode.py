"""`haulwatch decode`: frames in hex on standard input, one JSON object for each on standard output."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import IO, Any

from stream.hex_lines import HexError, pieces, unhex
from stream.hex_stream import HexStream, Text
from stream.jt808.tool import failure
from stream.protocol_tools import Decoder, decoder_for

# A longer line is read in pieces of this length, so that memory stays bounded.
MAX_PIECE_CHARACTERS = 4 << 20

_FIELD_CHARACTERS, _BYTES_CHARACTERS = 44, 34


def run(
    stdin: IO[Any],
    stdout: IO[str],
    *,
    protocol: str = "jt808",
    lenient: bool = False,
    encrypt: str | None = None,
    explain: str | None = None,
    piece_characters: int = MAX_PIECE_CHARACTERS,
) -> int:
    """Decode every frame of `stdin` (text or bytes) into a line with a JSON object, flushed one by one.

    A line of input holds one or several frames in hex with blanks anywhere; blank lines and what follows "#"
    are ignored. A line without any flag is one frame, and a frame may be cut over lines (`HexStream`); with
    protocol "attachment" all lines are one stream. What cannot be read gives an object with `error`, and the
    rest goes on. lenient: see `stream.jt808.frame.decode_frame`. encrypt: M1,IA1,IC1 of jt809. explain:
    "json" adds a list `explain` to every object, "tree" prints a table of fields instead of the object.
    piece_characters: a longer line is read in pieces of this length, which changes no object.

    Returns the exit code: 0, or 1 if there was an error. A reader that closes the pipe early ends it quietly.
    """
    source = getattr(stdin, "buffer", stdin)
    decoder = decoder_for(protocol, lenient=lenient, explain=explain is not None, encrypt=encrypt)
    ascii_only = (getattr(stdout, "encoding", None) or "utf-8").lower().replace("-", "") != "utf8"
    failed = False
    try:
        for result in _results(source, decoder, piece_characters):
            failed = failed or "error" in result
            if explain == "tree":
                stdout.write(tree(result))
            else:
                stdout.write(json.dumps(result, ensure_ascii=ascii_only, allow_nan=False) + "\n")
            stdout.flush()
    except BrokenPipeError:
        # What is still buffered would raise again when the interpreter closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
    return int(failed)


def _results(source: IO[Any], decoder: Decoder, piece_characters: int) -> Iterator[dict[str, Any]]:
    """The objects of all lines; those that tell of an error say in which line."""
    stream = HexStream(decoder.framing)
    number = 1
    for number, text, ended in pieces(source, piece_characters):
        digits = "".join(text.split())
        try:
            # Only what is not hex is to be found out here: another digit makes an odd number even.
            unhex(digits + "0" * (len(digits) % 2))
        except HexError as error:
            yield from _decoded(stream.end(), decoder)
            yield _numbered(failure(error, text), number)
        else:
            yield from _decoded(stream.feed(number, digits.lower(), ended=ended), decoder)
    yield from _decoded(stream.end(), decoder)
    for result in decoder.end():
        yield _numbered(result, number)


def _decoded(texts: Iterator[Text], decoder: Decoder) -> Iterator[dict[str, Any]]:
    for number, text in texts:
        try:
            data = unhex(text)
        except HexError as error:
            yield _numbered(failure(error, text), number)
            continue
        for result in decoder.data(data):
            yield _numbered(result, number)


def _numbered(result: dict[str, Any], number: int) -> dict[str, Any]:
    if "error" in result:
        result["error"]["line"] = number
    return result


def tree(result: dict[str, Any]) -> str:
    """An object with its explanation as a table for people: offset, bytes, field, meaning."""
    if "error" in result:
        return f"error {result['error']['code']}: {result['error']['message']}\n\n"
    named = ("message_id", "sub_type", "protocol", "terminal_phone", "serial")
    title = " ".join(f"{name} {result[name]}" for name in named if name in result) or "chunk"
    lines = [title, f"{'offset':>6}  {'bytes':{_BYTES_CHARACTERS}}  {'field':{_FIELD_CHARACTERS}}  meaning"]
    for step in result.get("explain", ()):
        shown = step["bytes"]
        if len(shown) > _BYTES_CHARACTERS:
            shown = shown[: _BYTES_CHARACTERS - 3] + "..."
        *outer, name = step["field"].split(".")
        field = "  " * len(outer) + (f"{outer[-1]}." if outer else "") + name
        columns = f"{step['offset']:6}  {shown:{_BYTES_CHARACTERS}}  {field:{_FIELD_CHARACTERS}}"
        lines.append(f"{columns}  {step['meaning']}".rstrip())
    return "\n".join(lines) + "\n\n"
