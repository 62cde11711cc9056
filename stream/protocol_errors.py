"""Faults of a peer, as errors and as codes for columns; shared by all protocols.

A `ProtocolError` always means that the bytes are wrong, never that this program is. `code` is stable, for
counters and other programs; the message is for people.
"""

from __future__ import annotations

from enum import IntEnum


class ProtocolError(ValueError):
    """A peer sent bytes that break its protocol. Subclasses set `code`."""

    code = "protocol"


class EncodeError(ValueError):
    """Ours: a value that does not fit the field it is to be written to."""


class EscapeError(ProtocolError):
    """The escape byte is followed by what it may not be followed by (808: 7d; 809: 5a and 5e)."""

    code = "escape"


class TruncatedError(ProtocolError):
    """Fewer bytes than the header, or than the fixed part of a body, needs."""

    code = "truncated"


class ChecksumError(ProtocolError):
    """The check code differs from what the bytes give (808: XOR; 809: CRC16-CCITT)."""

    code = "checksum"


class LengthError(ProtocolError):
    """A stated length differs from what is there."""

    code = "length"


class OversizeError(ProtocolError):
    """More bytes between two flags than any frame can have."""

    code = "oversize"


class PackageError(ProtocolError):
    """Sub-package number 0, or above the total, or a total of 0 (JT/T 808-2013, table 3)."""

    code = "package"


class EncryptedError(ProtocolError):
    """The body is encrypted and there is no key; its header can be read, its fields cannot."""

    code = "encrypted"


class FrameFault(IntEnum):
    """Why a frame of a batch cannot be used, for the `error` column; 0 is a sound frame."""

    OK = 0
    ESCAPE = 1
    TRUNCATED = 2
    CHECKSUM = 3
    LENGTH = 4
    PACKAGE = 5
    ENCRYPTED = 6
    OVERSIZE = 7

    @property
    def code(self) -> str:
        """The `ProtocolError.code` of the same fault, "ok" for a sound frame."""
        return self.name.lower()
