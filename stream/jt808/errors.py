"""Faults of a JT/T 808 peer; the names are those of `stream.protocol_errors`, shared with JT/T 809."""

from stream.protocol_errors import (
    ChecksumError,
    EncodeError,
    EncryptedError,
    EscapeError,
    FrameFault,
    LengthError,
    OversizeError,
    PackageError,
    ProtocolError,
    TruncatedError,
)

__all__ = [
    "ChecksumError",
    "EncodeError",
    "EncryptedError",
    "EscapeError",
    "FrameFault",
    "LengthError",
    "OversizeError",
    "PackageError",
    "ProtocolError",
    "TruncatedError",
]
