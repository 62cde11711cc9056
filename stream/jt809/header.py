"""The message header (JT/T 809-2011, 4.3.2; 2019 adds the time)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from stream.jt809.times import from_seconds, to_seconds
from stream.protocol_errors import EncodeError, TruncatedError

Edition = Literal["2011", "2019"]
EDITIONS: tuple[Edition, ...] = get_args(Edition)
#: What a setting or an option may say; `auto` looks at each frame.
EditionChoice = Literal["2011", "2019", "auto"]

HEADER_BYTES: dict[Edition, int] = {"2011": 22, "2019": 30}
CRC_BYTES = 2
#: Both flags and the CRC, which the length counts.
FRAME_OVERHEAD_BYTES = 4

_LOGIN = 0x1001
_LOGIN_2011_BYTES = 72
# A header of 2019 holds a time of its platform here. 2011 has the body in its place: a plate, a user or a sub
# type, none of which reads as a time of this or the next decades.
_TIME_OFFSET = 22
_FIRST_PLAUSIBLE_S, _LAST_PLAUSIBLE_S = 946_684_800, 4_102_444_800  # 2000 and 2100


@dataclass(frozen=True, slots=True)
class Header:
    """Fields of one header.

    message_id: the business type. gnss_center_id: the access code that the upper platform gave to the lower
    one. version: of the protocol, as in 1.2.15; it does not tell the editions apart. time: 2019 only, None
    where it is not set. edition_2019: which layout the header has.
    """

    message_id: int
    sequence: int
    gnss_center_id: int
    version: tuple[int, int, int] = (1, 2, 15)
    encrypt_flag: int = 0
    encrypt_key: int = 0
    time: datetime | None = None
    edition_2019: bool = False

    @property
    def edition(self) -> Edition:
        """Which layout the header has."""
        return "2019" if self.edition_2019 else "2011"


def edition_of(content: bytes) -> Edition:
    """The edition of an unescaped frame content: 2019 where bytes 22-29 are a plausible time.

    Milliseconds are accepted, some platforms send them.
    """
    if len(content) < HEADER_BYTES["2019"] + CRC_BYTES:
        return "2011"
    if int.from_bytes(content[8:10]) == _LOGIN and len(content) + 2 == _LOGIN_2011_BYTES:
        return "2011"
    value = int.from_bytes(content[_TIME_OFFSET : _TIME_OFFSET + 8])
    plausible = (
        _FIRST_PLAUSIBLE_S <= value < _LAST_PLAUSIBLE_S
        or _FIRST_PLAUSIBLE_S * 1000 <= value < _LAST_PLAUSIBLE_S * 1000
    )
    return "2019" if plausible else "2011"


def parse_header(content: bytes, edition: Edition) -> Header:
    """Read the header of an unescaped frame content. Raises `TruncatedError`."""
    size = HEADER_BYTES[edition]
    if len(content) < size + CRC_BYTES:
        raise TruncatedError(
            f"{len(content)} bytes; a header of {edition} and its check code need {size + CRC_BYTES}"
        )
    newest = edition == "2019"
    return Header(
        message_id=int.from_bytes(content[8:10]),
        sequence=int.from_bytes(content[4:8]),
        gnss_center_id=int.from_bytes(content[10:14]),
        version=(content[14], content[15], content[16]),
        encrypt_flag=content[17],
        encrypt_key=int.from_bytes(content[18:22]),
        time=from_seconds(int.from_bytes(content[22:30])) if newest else None,
        edition_2019=newest,
    )


def pack_header(header: Header, body_bytes: int) -> bytes:
    """The header in front of a body of `body_bytes` bytes. Raises `EncodeError` for what does not fit."""
    size = HEADER_BYTES[header.edition] + body_bytes + FRAME_OVERHEAD_BYTES
    fields = (
        (size, 4, "length"),
        (header.sequence, 4, "sequence"),
        (header.message_id, 2, "message_id"),
        (header.gnss_center_id, 4, "gnss_center_id"),
        *((part, 1, "version") for part in header.version),
        (header.encrypt_flag, 1, "encrypt_flag"),
        (header.encrypt_key, 4, "encrypt_key"),
    )
    for value, width, name in fields:
        if not 0 <= value < 1 << 8 * width:
            raise EncodeError(f"{name}: {value} does not fit {width} bytes")
    packed = b"".join(value.to_bytes(width) for value, width, _ in fields)
    return packed + to_seconds(header.time, "time").to_bytes(8) if header.edition_2019 else packed
