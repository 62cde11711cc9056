"""A frame field by field: where it stands, its bytes, its name and what it means.

Offsets count from the opening flag of the frame without escapes.
"""

from __future__ import annotations

import re

from stream.jt808.errors import ProtocolError
from stream.jt808.frame import Frame, check_code, decode_frame
from stream.jt808.framing import unescape
from stream.jt808.header import MAX_BODY_BYTES
from stream.jt808.messages import MESSAGES, edition_of
from stream.jt808.reader import Reader, Step

_ENCRYPTIONS = {0: "not encrypted", 1: "RSA"}
_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


def explain_frame(content: bytes, *, lenient: bool = True) -> list[Step]:
    """The steps of a frame, given what stands between its flags, still escaped, or with its flags.

    Never raises: a frame or a body that cannot be read is one step that says why.
    """
    content = content.strip(b"\x7e")
    try:
        frame = decode_frame(content, lenient=lenient)
    except ProtocolError as error:
        return [Step(0, content, "frame", f"{error.code}: {error}")]
    return explain_decoded(unescape(content, lenient=lenient), frame)


def explain_decoded(content: bytes, frame: Frame) -> list[Step]:
    """The steps of a sound frame; `content` is what stands between its flags, unescaped."""
    reader = Reader(b"\x7e" + content + b"\x7e", traced=True)
    assert reader.trace is not None
    reader.take(1, "begin flag")
    _explain_header(reader, frame)
    start = reader.position
    reader.skip(len(frame.body), "body")
    reader.take(1, "check_code")
    reader.explain("right" if check_code(content) == 0 else "wrong")
    reader.take(1, "end flag")
    behind = reader.trace[-2:]
    del reader.trace[-2:]
    reader.adopt(_explain_body(frame), start)
    return [*reader.trace, *behind]


def message_name(message_id: int) -> str:
    """What a message id stands for, in words; "" for one not known here."""
    kind = MESSAGES.get(message_id)
    return _CAPITAL.sub(" ", kind.__name__).lower() if kind else ""


def _explain_header(reader: Reader, frame: Frame) -> None:
    header = frame.header
    message_id = reader.u16("message_id")
    reader.explain(f"0x{message_id:04x} {message_name(message_id)}".rstrip())
    properties = reader.u16("properties")
    parts = [f"body of {properties & MAX_BODY_BYTES} bytes"]
    parts.append(_ENCRYPTIONS.get(header.encryption, f"encryption {header.encryption}"))
    parts += ["sub-packaged"] if header.total else []
    parts += ["2019"] if header.edition_2019 else ["before 2019"]
    reader.explain(", ".join(parts))
    if header.edition_2019:
        reader.count(1, "protocol_version")
    reader.take(10 if header.edition_2019 else 6, "terminal_phone")
    reader.explain(header.phone)
    reader.count(2, "serial")
    if header.total:
        reader.count(2, "packages")
        reader.count(2, "package")


def _explain_body(frame: Frame) -> list[Step]:
    """Steps with offsets from the start of the body."""
    header, body = frame.header, frame.body
    if not body:
        return []
    if header.encryption:
        return [Step(0, body, "body", "encrypted")]
    if header.total:
        return [Step(0, body, "body", f"package {header.package} of {header.total}")]
    return explain_body(header.message_id, body, edition_of(header, body))


def explain_body(message_id: int, body: bytes, edition: str) -> list[Step]:
    """The steps of a whole body, offsets from its start. Never raises."""
    kind = MESSAGES.get(message_id)
    if kind is None:
        return [Step(0, body, "body", "not known here")]
    reader = Reader(body, traced=True)
    try:
        kind.read(reader, "2019" if edition == "2019" else "2011" if edition == "2011" else "2013")
        if reader.left:
            reader.rest("rest")
            reader.explain("behind the last field")
    except ProtocolError as error:
        return [Step(0, body, "body", f"cannot be read: {error}")]
    return reader.trace or []
