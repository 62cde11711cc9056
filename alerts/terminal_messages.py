"""Record schema of topic ``messages``, version 1: what terminals say that is no position.

One record value is one Arrow IPC stream with one row a message: whole, its packages put together, as it came.
A terminal is answered when its message is here. Delivered at least once; a repeat has the same
``vehicle_key``, ``message_id``, ``serial`` and ``body``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from alerts.arrow import read_table, schema_of, write_table

TOPIC = "messages"
VERSION = 1

SCHEMA = schema_of(
    TOPIC,
    VERSION,
    [
        ("vehicle_key", pa.int64(), False),
        ("vehicle_id", pa.utf8(), False),
        ("terminal_phone", pa.utf8(), False),
        ("received", pa.timestamp("ms", tz="UTC"), False),
        ("message_id", pa.uint16(), False),
        ("serial", pa.uint16(), False),
        ("edition", pa.utf8(), False),
        ("body", pa.binary(), False),
    ],
)
_TIMES = {"received": "received_ms"}


@dataclass(frozen=True, slots=True)
class TerminalMessage:
    """One uplink message. serial: of its last package if it came in packages; edition: "2011", "2013" or
    "2019", the layout of `body`; received_ms: milliseconds since 1970 UTC, at the gateway.
    """

    vehicle_key: int
    vehicle_id: str
    terminal_phone: str
    received_ms: int
    message_id: int
    serial: int
    edition: str
    body: bytes


def encode_messages(messages: Sequence[TerminalMessage]) -> bytes:
    """One record value holding `messages` in their order."""
    return write_table(
        SCHEMA, {name: [getattr(one, _TIMES.get(name, name)) for one in messages] for name in SCHEMA.names}
    )


def decode_messages(value: bytes) -> list[TerminalMessage]:
    """The messages of one record value. Raises ``alerts.arrow.RecordError`` when it is none of version 1."""
    table = read_table(SCHEMA, TOPIC, VERSION, value)
    columns = [
        table.column(name).cast(pa.int64()).to_pylist() if name in _TIMES else table.column(name).to_pylist()
        for name in SCHEMA.names
    ]
    return [TerminalMessage(*row) for row in zip(*columns, strict=True)]
