"""One frame at a time: the readable path, for links, tools and tests; `stream.jt809.bulk` is fast."""

from __future__ import annotations

from binascii import crc_hqx
from dataclasses import dataclass

from stream.jt809.cipher import Cipher
from stream.jt809.framing import BEGIN, END, MAX_FRAME_BYTES, escape, max_content_bytes, unescape
from stream.jt809.header import (
    CRC_BYTES,
    HEADER_BYTES,
    EditionChoice,
    Header,
    edition_of,
    pack_header,
    parse_header,
)
from stream.protocol_errors import ChecksumError, EncryptedError, LengthError, OversizeError, TruncatedError

_MIN_BYTES = HEADER_BYTES["2011"] + CRC_BYTES


@dataclass(frozen=True, slots=True)
class Frame:
    """A header and the body as the sender meant it, unescaped and decrypted.

    escaped_length: the sender counted escaped bytes in its length. body_ciphered: the body could not be
    decrypted for want of a key and is as it came.
    """

    header: Header
    body: bytes
    escaped_length: bool = False
    body_ciphered: bool = False

    def require_clear(self) -> None:
        """Raise `EncryptedError` if the body could not be decrypted."""
        if self.body_ciphered:
            raise EncryptedError(
                f"encrypt flag is {self.header.encrypt_flag}; M1, IA1 and IC1 of this link are not known"
            )


def crc(data: bytes) -> int:
    """CRC16-CCITT over head and body, unescaped: polynomial 0x1021, initial 0xffff (2011, 4.3.4)."""
    return crc_hqx(data, 0xFFFF)


def decode_frame(
    raw: bytes, edition: EditionChoice = "auto", cipher: Cipher | None = None, *, lenient: bool = True
) -> Frame:
    """Decode what stands between the flags, still escaped.

    lenient: accept a length that counts escaped bytes. Raises `ProtocolError` subclasses, nothing else. An
    encrypted body without a `cipher` is returned as it is; see `Frame.require_clear`.
    """
    if len(raw) > MAX_FRAME_BYTES and len(raw) > max_content_bytes(raw):
        raise OversizeError(
            f"{len(raw)} bytes between flags; a frame of this type has at most {max_content_bytes(raw)}"
        )
    content = unescape(raw)
    if len(content) < _MIN_BYTES:
        raise TruncatedError(f"{len(content)} bytes; the shortest frame has {_MIN_BYTES} between its flags")
    expected, found = crc(content[:-CRC_BYTES]), int.from_bytes(content[-CRC_BYTES:])
    if expected != found:
        raise ChecksumError(f"check code is {found:04x}, the bytes before it give {expected:04x}")
    escaped_length = _check_length(content, len(raw), lenient)
    header = parse_header(content, edition_of(content) if edition == "auto" else edition)
    body = content[HEADER_BYTES[header.edition] : -CRC_BYTES]
    if not header.encrypt_flag or not body:
        return Frame(header, body, escaped_length)
    if cipher is None:
        return Frame(header, body, escaped_length, body_ciphered=True)
    return Frame(header, cipher.apply(header.encrypt_key, body), escaped_length)


def _check_length(content: bytes, raw_bytes: int, lenient: bool) -> bool:
    """Whether the stated length is that of the escaped frame. Raises `LengthError` if it is neither."""
    stated = int.from_bytes(content[:4])
    if stated == len(content) + 2:
        return False
    if lenient and stated == raw_bytes + 2:
        return True
    raise LengthError(f"the header states {stated} bytes, the frame has {len(content) + 2}")


def encode_frame(header: Header, body: bytes = b"", cipher: Cipher | None = None) -> bytes:
    """One frame, flags and escapes included; the body is encrypted if `header.encrypt_flag` says so.

    Raises `EncodeError` for a value that does not fit its field, `EncryptedError` for a flag without a
    `cipher`.
    """
    if header.encrypt_flag and body:
        if cipher is None:
            raise EncryptedError("the encrypt flag is set, but M1, IA1 and IC1 of this link are not known")
        body = cipher.apply(header.encrypt_key, body)
    content = pack_header(header, len(body)) + body
    return BEGIN + escape(content + crc(content).to_bytes(CRC_BYTES)) + END
