"""A frame field by field: where it stands, its bytes, its name and what it means.

Offsets count from the opening flag of the frame without escapes; an encrypted body is shown decrypted.
"""

from __future__ import annotations

from stream.jt808.reader import Reader, Step
from stream.jt809.frame import Frame, crc
from stream.jt809.header import CRC_BYTES, Edition
from stream.jt809.layout import fitting_variant, read_variant
from stream.jt809.messages.base import PLATE_BYTES, Message, Wrapped, Wrapper
from stream.jt809.messages.registry import open_body, outside_of
from stream.jt809.times import from_seconds
from stream.jt809.words import COLOR_CODE, GENERATION
from stream.protocol_errors import ProtocolError


def explain_frame(content: bytes, frame: Frame) -> list[Step]:
    """The steps of a sound frame; `content` is what stands between its flags, unescaped.

    Never raises: what cannot be read is one step.
    """
    reader = Reader(b"\x5b" + content + b"\x5d", traced=True)
    assert reader.trace is not None
    _explain_header(reader, frame.header.edition)
    start = reader.position
    reader.skip(len(frame.body), "body")
    code = int.from_bytes(reader.take(CRC_BYTES, "crc"))
    reader.explain("right" if code == crc(content[:-CRC_BYTES]) else "wrong")
    reader.take(1, "end flag")
    behind = reader.trace[-2:]
    del reader.trace[-2:]
    reader.adopt(_explain_body(frame), start)
    return [*reader.trace, *behind]


def _explain_header(reader: Reader, edition: Edition) -> None:
    reader.take(1, "begin flag")
    reader.count(4, "length")
    reader.count(4, "sequence")
    reader.explain(f"0x{reader.u16('message_id'):04x}")
    reader.count(4, "gnss_center_id")
    reader.explain(".".join(map(str, reader.take(3, "version"))))
    reader.explain("encrypted" if reader.u8("encrypt_flag") else "clear")
    reader.count(4, "encrypt_key")
    if edition == "2019":
        time = from_seconds(int.from_bytes(reader.take(8, "time")))
        reader.explain(time.isoformat() if time else "not set")


def _explain_body(frame: Frame) -> list[Step]:
    """Steps with offsets from the start of the body."""
    body, edition = frame.body, frame.header.edition
    if not body:
        return []
    if frame.body_ciphered:
        return [Step(0, body, "body", "encrypted; M1, IA1 and IC1 are not known")]
    try:
        kind, wrapped, _ = open_body(frame.header.message_id, body, edition)
        reader = Reader(body, traced=True)
        _explain_wrapper(reader, wrapped)
        if kind is None:
            reader.rest("data")
            reader.explain("not known here")
        else:
            _explain_fields(reader, kind, wrapped, edition)
    except ProtocolError as error:
        return [Step(0, body, "body", f"cannot be read: {error}")]
    return reader.trace or []


def _explain_wrapper(reader: Reader, wrapped: Wrapped) -> None:
    if wrapped.wrapper is Wrapper.NONE:
        return
    if wrapped.wrapper is not Wrapper.PLATFORM:
        reader.explain(reader.text(PLATE_BYTES, "plate"))
        reader.explain(COLOR_CODE.meaning(reader.u8("color"), "2019"))
    reader.explain(f"0x{reader.u16('sub_type'):04x}")
    if wrapped.wrapper is Wrapper.SOURCE:
        reader.explain(f"0x{reader.u16('source_type'):04x}")
        reader.count(4, "source_sequence")
    reader.count(4, "data length")


def _explain_fields(reader: Reader, kind: type[Message], wrapped: Wrapped, edition: Edition) -> None:
    if wrapped.wrapper is Wrapper.SOURCE:
        return
    outside = outside_of(kind, wrapped)
    variant, _, _ = fitting_variant(kind, wrapped.data, edition, outside, lenient=True)
    of: Edition = "2019" if variant[:GENERATION] == "2019" else "2011"
    read_variant(kind, reader, of, variant, outside)
    if reader.left:
        reader.rest("rest")
        reader.explain("behind the last field")
