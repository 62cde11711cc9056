"""The message header (JT/T 808-2013, table 2-3; 2019, table 2-3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from stream.jt808.bcd import encode_digits
from stream.jt808.errors import EncodeError, LengthError, PackageError, TruncatedError

Edition = Literal["2011", "2013", "2019"]
EDITIONS: tuple[Edition, ...] = get_args(Edition)

MAX_BODY_BYTES = 0x3FF
CHECK_BYTES = 1

_PACKAGED = 1 << 13
_VERSIONED = 1 << 14
_RESERVED = 1 << 15


@dataclass(frozen=True, slots=True)
class Header:
    """Fields of one header.

    phone: 12 digits as padded, 20 in 2019; hex nibbles are kept, for some terminals put an id there.
    encryption: property bits 10-12; 0 none, 1 RSA. package, total: from 1; 0 where not sub-packaged.
    version: the protocol version byte of 2019, 0 before. reserved_15: property bit 15, which means nothing.
    """

    message_id: int
    phone: str
    serial: int
    edition_2019: bool = False
    version: int = 0
    encryption: int = 0
    total: int = 0
    package: int = 0
    reserved_15: bool = False

    @property
    def edition(self) -> Edition:
        """ "2019" or "2013"; a header cannot tell 2011 from 2013, see `stream.jt808.messages.edition_of`."""
        return "2019" if self.edition_2019 else "2013"


def parse_header(content: bytes, *, lenient: bool = True) -> tuple[Header, int]:
    """Read the header of an unescaped frame content (header, body, check code); also returns where the body
    starts.

    Raises `TruncatedError`, `LengthError` (the stated body length is not what is there) or `PackageError`.
    """
    if len(content) < 12 + CHECK_BYTES:
        raise TruncatedError(f"{len(content)} bytes; the shortest frame has 13 between its flags")
    properties = int.from_bytes(content[2:4])
    packaged = bool(properties & _PACKAGED)
    body_bytes = properties & MAX_BODY_BYTES
    rest = body_bytes + CHECK_BYTES + 4 * packaged
    edition_2019 = bool(properties & _VERSIONED)
    if lenient and content[4] == 1 and len(content) == 17 + rest:
        edition_2019 = True
    start = (17 if edition_2019 else 12) + 4 * packaged
    if len(content) < start + CHECK_BYTES:
        raise TruncatedError(
            f"{len(content)} bytes; this header and its check code need {start + CHECK_BYTES}"
        )
    if len(content) != start + body_bytes + CHECK_BYTES:
        found = len(content) - start - CHECK_BYTES
        raise LengthError(f"the header states a body of {body_bytes} bytes, {found} are there")
    first, size = (5, 10) if edition_2019 else (4, 6)
    tail = content[first + size : start]
    total, package = (int.from_bytes(tail[2:4]), int.from_bytes(tail[4:6])) if packaged else (0, 0)
    if packaged and not 1 <= package <= total:
        raise PackageError(f"package {package} of {total} is impossible")
    header = Header(
        message_id=int.from_bytes(content[0:2]),
        phone=content[first : first + size].hex(),
        serial=int.from_bytes(tail[0:2]),
        edition_2019=edition_2019,
        version=content[4] if edition_2019 else 0,
        encryption=properties >> 10 & 7,
        total=total,
        package=package,
        reserved_15=bool(properties & _RESERVED),
    )
    return header, start


def pack_header(header: Header, body_bytes: int) -> bytes:
    """The header in front of a body of `body_bytes` bytes.

    Raises `EncodeError` above 1023 (cut the body into packages) and for a phone that does not fit.
    """
    if body_bytes > MAX_BODY_BYTES:
        raise EncodeError(
            f"a body of {body_bytes} bytes does not fit one frame of {MAX_BODY_BYTES}; cut it into packages"
        )
    properties = body_bytes | header.encryption << 10 | _RESERVED * header.reserved_15
    packages = b""
    if header.total:
        properties |= _PACKAGED
        packages = header.total.to_bytes(2) + header.package.to_bytes(2)
    if header.edition_2019:
        properties |= _VERSIONED
        identity = header.version.to_bytes(1) + encode_digits(header.phone, 10)
    else:
        identity = encode_digits(header.phone, 6)
    return (
        header.message_id.to_bytes(2)
        + properties.to_bytes(2)
        + identity
        + (header.serial & 0xFFFF).to_bytes(2)
        + packages
    )
