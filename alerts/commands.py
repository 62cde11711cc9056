"""Record schema of topic ``commands``, version 1: what an operator wants said to a terminal.

One record value is one Arrow IPC stream with one row a command. The gateway that holds the terminal's link
sends it (0x8300 for kind ``text``) unless it has expired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from alerts.arrow import read_table, schema_of, write_table

TOPIC = "commands"
VERSION = 1
_TIME = pa.timestamp("ms", tz="UTC")

FLAG_URGENT = 0x01
FLAG_DISPLAY = 0x04
FLAG_SPEAK = 0x08
"""Bits of the flag byte of JT/T 808 0x8300 that an operator's text uses."""

MAX_TEXT_BYTES = 1024
"""JT/T 808-2019, 0x8300: the text is GBK and at most 1,024 bytes long; earlier editions state no bound."""

SCHEMA = schema_of(
    TOPIC,
    VERSION,
    [
        ("command_id", pa.utf8(), False),
        ("vehicle_id", pa.utf8(), False),
        ("vehicle_key", pa.int64(), False),
        ("terminal_phone", pa.utf8(), False),
        ("kind", pa.utf8(), False),
        ("text", pa.utf8(), False),
        ("flags", pa.uint8(), False),
        ("created", _TIME, False),
        ("expires", _TIME, False),
    ],
)

_TIMES = {"created": "created_ms", "expires": "expires_ms"}


@dataclass(frozen=True, slots=True)
class Command:
    """One order to one terminal; times in milliseconds since 1970 UTC."""

    command_id: str
    vehicle_id: str
    vehicle_key: int
    terminal_phone: str
    kind: str
    text: str
    flags: int
    created_ms: int
    expires_ms: int


def encode_commands(commands: Sequence[Command]) -> bytes:
    """One record value holding `commands`."""
    return write_table(
        SCHEMA,
        {name: [getattr(command, _TIMES.get(name, name)) for command in commands] for name in SCHEMA.names},
    )


def decode_commands(value: bytes) -> list[Command]:
    """The commands of one record value. Raises ``alerts.arrow.RecordError`` when it is none of version 1."""
    table = read_table(SCHEMA, TOPIC, VERSION, value)
    columns = [
        table.column(name).cast(pa.int64()).to_pylist() if name in _TIMES else table.column(name).to_pylist()
        for name in SCHEMA.names
    ]
    return [Command(*row) for row in zip(*columns, strict=True)]
