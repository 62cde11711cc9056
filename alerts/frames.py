"""Record schema of topic ``frames``, version 1: raw frames of vehicles under an archive order, with hashes.

One record value is one Arrow IPC stream with one row a frame, in the order in which the gateway saw them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from alerts.arrow import read_table, schema_of, write_table

TOPIC = "frames"
VERSION = 1

UP, DOWN = 0, 1
"""Directions: from the terminal, to the terminal."""

_DIGEST_BYTES = 32

SCHEMA = schema_of(
    TOPIC,
    VERSION,
    [
        ("vehicle_key", pa.int64(), False),
        ("vehicle_id", pa.utf8(), False),
        ("direction", pa.uint8(), False),
        ("received", pa.timestamp("ms", tz="UTC"), False),
        ("message_id", pa.uint16(), False),
        ("serial", pa.uint16(), False),
        ("frame", pa.binary(), False),
        ("sha256", pa.binary(_DIGEST_BYTES), False),
        ("sm3", pa.binary(_DIGEST_BYTES), False),
    ],
)
_TIMES = {"received": "received_ms"}


@dataclass(frozen=True, slots=True)
class ArchivedFrame:
    """One frame as on the wire, flags and escapes included, and its digests (SHA-256; SM3, GB/T 32905).

    message_id and serial are 0 where the header cannot be read. received_ms: when the gateway read or wrote
    it, milliseconds since 1970 UTC.
    """

    vehicle_key: int
    vehicle_id: str
    direction: int
    received_ms: int
    message_id: int
    serial: int
    frame: bytes
    sha256: bytes
    sm3: bytes


def digests(frame: bytes) -> tuple[bytes, bytes]:
    """SHA-256 and SM3 of a frame."""
    return hashlib.sha256(frame).digest(), hashlib.new("sm3", frame).digest()


def encode_frames(frames: Sequence[ArchivedFrame]) -> bytes:
    """One record value holding `frames` in their order."""
    return write_table(
        SCHEMA, {name: [getattr(one, _TIMES.get(name, name)) for one in frames] for name in SCHEMA.names}
    )


def decode_frames(value: bytes) -> list[ArchivedFrame]:
    """The frames of one record value. Raises ``alerts.arrow.RecordError`` when it is none of version 1."""
    table = read_table(SCHEMA, TOPIC, VERSION, value)
    columns = [
        table.column(name).cast(pa.int64()).to_pylist() if name in _TIMES else table.column(name).to_pylist()
        for name in SCHEMA.names
    ]
    return [ArchivedFrame(*row) for row in zip(*columns, strict=True)]
