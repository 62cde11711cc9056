"""One frame at a time: the readable path, for downlink, tools and tests; `stream.jt808.bulk` is fast."""

from __future__ import annotations

from dataclasses import dataclass

from stream.jt808.errors import ChecksumError, OversizeError, TruncatedError
from stream.jt808.framing import FLAG, MAX_FRAME_BYTES, escape, unescape
from stream.jt808.header import MAX_BODY_BYTES, Edition, Header, pack_header, parse_header
from stream.jt808.oddities import Oddity

# Bit 14 of the properties, in their first byte.
_VERSION_FLAG = 0x40


@dataclass(frozen=True, slots=True)
class Frame:
    """A header and the unescaped body of this frame (of this package, if sub-packaged). oddities: bits of
    `Oddity` that the frame itself shows.
    """

    header: Header
    body: bytes
    oddities: int = 0


def check_code(data: bytes) -> int:
    """XOR of all bytes (JT/T 808-2013, 4.4.4), folded in halves."""
    folded, size = int.from_bytes(data), len(data)
    while size > 1:
        half = (size + 1) // 2
        folded = (folded >> 8 * half) ^ (folded & ((1 << 8 * half) - 1))
        size = half
    return folded


def decode_frame(raw: bytes, *, lenient: bool = True) -> Frame:
    """Decode the contents between two flags, still escaped.

    lenient: accept a lone 0x7d as the last byte (a check code sent without escape) and the 2019 header layout
    under version flag 0 where the length leaves no doubt. Raises `ProtocolError` subclasses, nothing else.
    An encrypted body is returned as it is; `header.encryption` says so.
    """
    if len(raw) > MAX_FRAME_BYTES:
        raise OversizeError(f"{len(raw)} bytes between two flags; no frame has more than {MAX_FRAME_BYTES}")
    content = unescape(raw, lenient=lenient)
    if len(content) < 13:
        raise TruncatedError(f"{len(content)} bytes; the shortest frame has 13 between its flags")
    if check_code(content):
        expected = check_code(content[:-1])
        raise ChecksumError(f"check code is {content[-1]:02x}, the bytes before it give {expected:02x}")
    header, start = parse_header(content, lenient=lenient)
    return Frame(header, content[start:-1], _oddities(raw, content, header))


def _oddities(raw: bytes, content: bytes, header: Header) -> int:
    found = 0
    if raw.endswith(b"\x7d"):
        found |= int(Oddity.UNESCAPED_CHECK_CODE)
    if header.edition_2019 and not content[2] & _VERSION_FLAG:
        found |= int(Oddity.UNFLAGGED_2019_HEADER)
    if header.reserved_15:
        found |= int(Oddity.RESERVED_PROPERTY)
    if not header.phone.isdecimal():
        found |= int(Oddity.HEX_PHONE)
    return found


def seal(content: bytes) -> bytes:
    """Header and body to the bytes on the wire: check code, escapes, flags."""
    return FLAG + escape(content + bytes((check_code(content),))) + FLAG


def encode_frame(
    message_id: int, phone: str, serial: int, body: bytes = b"", edition: Edition = "2013"
) -> bytes:
    """One frame, flags and escapes included. Raises `EncodeError` for a body above 1023 bytes and for a
    phone that does not fit.
    """
    return seal(pack_header(_header(message_id, phone, serial, edition), len(body)) + body)


def encode_packages(
    message_id: int,
    phone: str,
    serial: int,
    body: bytes,
    edition: Edition = "2013",
    package_bytes: int = MAX_BODY_BYTES,
) -> list[bytes]:
    """The frames of a body of any length: one frame if it fits, else packages with consecutive serials."""
    if len(body) <= package_bytes:
        return [encode_frame(message_id, phone, serial, body, edition)]
    parts = [body[at : at + package_bytes] for at in range(0, len(body), package_bytes)]
    return [
        seal(
            pack_header(_header(message_id, phone, serial + k, edition, len(parts), k + 1), len(part)) + part
        )
        for k, part in enumerate(parts)
    ]


def _header(
    message_id: int, phone: str, serial: int, edition: Edition, total: int = 0, package: int = 0
) -> Header:
    newest = edition == "2019"
    return Header(message_id, phone, serial, newest, int(newest), 0, total, package)
