"""`haulwatch decode`: hex frames on standard input, one JSON object for each on standard output."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import IO, Any

from stream.jt808.assembly import Assembler, first_serial
from stream.jt808.errors import EncryptedError, ProtocolError, TruncatedError
from stream.jt808.frame import Frame, decode_frame
from stream.jt808.framing import FLAG
from stream.jt808.messages import edition_of, read_message
from stream.jt808.view import describe

# Nobody means a longer line; it is read and judged in pieces of this length, so that memory stays bounded.
MAX_LINE_CHARACTERS = 4 << 20
# Packages of unfinished messages, of all terminals of the input together.
MAX_PACKAGE_BYTES = 16 << 20
# What an error object shows of its input: enough to find it again.
SHOWN_CHARACTERS = 80

# Messages of terminals on which the platform acts: if the body of one cannot be read, the frame is an error.
# Any other is shown raw with the reason beside it, for its frame is sound and nothing depends on it.
_ACTED_UPON = frozenset({0x0001, 0x0002, 0x0003, 0x0100, 0x0102, 0x0200, 0x0201, 0x0500, 0x0704})


class HexError(ProtocolError):
    """The text is not pairs of hex digits."""

    code = "hex"


def run(stdin: IO[Any], stdout: IO[str], *, lenient: bool = False) -> int:
    """Decode every frame of `stdin` (text or bytes) into a line with a JSON object, flushed one by one.

    A line of input holds one or several frames in hex with blanks anywhere; blank lines and what follows "#"
    are ignored. A line without any 7e is one frame. What cannot be read gives an object with `error`, and the
    rest goes on. lenient: see `stream.jt808.frame.decode_frame`.

    Returns the exit code: 0, or 1 if there was an error. A reader that closes the pipe early ends it quietly.
    """
    source = getattr(stdin, "buffer", stdin)
    assembler = Assembler(MAX_PACKAGE_BYTES)
    ascii_only = (getattr(stdout, "encoding", None) or "utf-8").lower().replace("-", "") != "utf8"
    failed = False
    number = 0
    try:
        while line := source.readline(MAX_LINE_CHARACTERS):
            number += 1
            for result in decode_line(line, assembler, lenient=lenient):
                if "error" in result:
                    failed = True
                    result["error"]["line"] = number
                stdout.write(json.dumps(result, ensure_ascii=ascii_only, allow_nan=False) + "\n")
                stdout.flush()
    except BrokenPipeError:
        # What is still buffered would raise again when the interpreter closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
    return int(failed)


def decode_line(
    line: str | bytes, assembler: Assembler, *, lenient: bool = False
) -> Iterator[dict[str, Any]]:
    """The objects of one line, none for a blank one; never raises for any input."""
    text = line if isinstance(line, str) else line.decode("utf-8", "backslashreplace")
    text = text.removeprefix("\ufeff").partition("#")[0].strip()
    if not text:
        return
    try:
        data = _unhex(text)
    except HexError as error:
        yield _failure(error, text)
        return
    junk, contents, tail = _split(data)
    for content in contents:
        yield decode_content(content, assembler, lenient=lenient)
    if tail:
        yield _failure(TruncatedError(f"{len(tail)} bytes behind the last flag 7e, no closing flag"), text)
    elif not contents:
        found = f"{len(junk)} bytes before the first flag 7e, none" if junk else "no bytes"
        yield _failure(TruncatedError(f"{found} between flags"), text)


def _unhex(text: str) -> bytes:
    digits = "".join(text.split())
    try:
        return bytes.fromhex(digits)
    except ValueError:
        wrong = next((char for char in digits if char not in "0123456789abcdefABCDEF"), None)
        if wrong is None:
            raise HexError(f"{len(digits)} hex digits, an odd number") from None
        raise HexError(f"{wrong!r} is not a hex digit") from None


def _split(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    """What precedes the first flag, the contents between flags, what follows the last.

    Without any flag all of it is one content.
    """
    if FLAG not in data:
        return b"", [data], b""
    junk, *parts = data.split(FLAG)
    return junk, [part for part in parts[:-1] if part], parts[-1]


def decode_content(content: bytes, assembler: Assembler, *, lenient: bool = False) -> dict[str, Any]:
    """The object of one frame, given what stands between its flags; never raises for any input."""
    try:
        frame = decode_frame(content, lenient=lenient)
    except ProtocolError as error:
        return _failure(error, content.hex())
    result: dict[str, Any] = {
        "message_id": f"0x{frame.header.message_id:04x}",
        "protocol": frame.header.edition,
        "terminal_phone": frame.header.phone,
        "serial": frame.header.serial,
    }
    if frame.header.encryption:
        reason = EncryptedError(f"property bits 10-12 are {frame.header.encryption}")
        return result | {"body": _unread(frame.body, reason)}
    if not frame.header.total:
        return _with_body(result, frame, frame.body)
    return _with_package(result, frame, assembler)


def _with_package(result: dict[str, Any], frame: Frame, assembler: Assembler) -> dict[str, Any]:
    """The package that completes a message carries the fields of the whole, the others their part raw."""
    header = frame.header
    result |= {"package": header.package, "packages": header.total, "first_serial": first_serial(header)}
    whole = assembler.add(header, frame.body)
    if whole is not None:
        return _with_body(result | {"missing": []}, frame, whole)
    return result | {"missing": assembler.missing(header), "body": {"raw": frame.body.hex()}}


def _with_body(result: dict[str, Any], frame: Frame, body: bytes) -> dict[str, Any]:
    edition = edition_of(frame.header, body)
    result["protocol"] = edition
    try:
        message, rest = read_message(frame.header.message_id, body, edition)
    except ProtocolError as error:
        if frame.header.message_id in _ACTED_UPON:
            return _failure(error, body.hex()) | result | {"body": {"raw": body.hex()}}
        return result | {"body": _unread(body, error)}
    result["body"] = describe(message, edition)
    if rest:
        result["body"]["rest"] = rest.hex()
    return result


def _unread(body: bytes, error: ProtocolError) -> dict[str, Any]:
    return {"raw": body.hex(), "unread": {"code": error.code, "message": str(error)}}


def _failure(error: ProtocolError, shown: str) -> dict[str, Any]:
    short = shown if len(shown) <= SHOWN_CHARACTERS else shown[:SHOWN_CHARACTERS] + "..."
    return {"error": {"code": error.code, "message": str(error), "input": short}}
