"""Record schema of topic ``commands``, version 2: what is ordered to a terminal.

One record value is one Arrow IPC stream with one row a command. Every gateway reads all of them; the one that
holds the terminal's link sends it. The row of the same id in table ``commands`` says what became of it.
Records of version 1, which knew texts alone, are read too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from alerts.arrow import RecordError, read_table, schema_of, write_table
from alerts.revision import canonical_json

TOPIC = "commands"
VERSION = 2
_TIME = pa.timestamp("ms", tz="UTC")

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
        ("body", pa.utf8(), False),
        ("operator", pa.utf8(), False),
        ("created", _TIME, False),
        ("expires", _TIME, False),
    ],
)
_SCHEMA_1 = schema_of(
    TOPIC,
    1,
    [
        *(
            (name, pa.utf8(), False)
            for name in ("command_id", "vehicle_id", "terminal_phone", "kind", "text")
        ),
        *(("vehicle_key", pa.int64(), False), ("flags", pa.uint8(), False)),
        *(("created", _TIME, False), ("expires", _TIME, False)),
    ],
)

_FLAGS_1 = {"urgent": 0x01, "display": 0x04, "speak": 0x08}
"""Bits of the flag byte of 0x8300 (2013), which version 1 carried."""

_TIMES = {"created": "created_ms", "expires": "expires_ms"}


@dataclass(frozen=True, slots=True)
class Command:
    """One order to one terminal; times in milliseconds since 1970 UTC. `body`: as `alerts.command_kinds` says
    for the kind."""

    command_id: str
    vehicle_id: str
    vehicle_key: int
    terminal_phone: str
    kind: str
    body: Mapping[str, Any]
    operator: str
    created_ms: int
    expires_ms: int


def encode_commands(commands: Sequence[Command]) -> bytes:
    """One record value holding `commands`."""
    columns = {
        name: [getattr(command, _TIMES.get(name, name)) for command in commands] for name in SCHEMA.names
    }
    columns["body"] = [canonical_json(dict(command.body)) for command in commands]
    return write_table(SCHEMA, columns)


def decode_commands(value: bytes) -> list[Command]:
    """The commands of one record value of version 1 or 2. Raises ``alerts.arrow.RecordError``."""
    try:
        rows = _rows(read_table(SCHEMA, TOPIC, VERSION, value))
    except RecordError as error:
        try:
            rows = _rows(read_table(_SCHEMA_1, TOPIC, 1, value))
        except RecordError:
            raise error from None
        for row in rows:
            row["operator"] = ""
            flags = row.pop("flags")
            switches = {name: bool(flags & bit) for name, bit in _FLAGS_1.items()}
            row["body"] = {"text": row.pop("text"), **switches}
    else:
        for row in rows:
            row["body"] = _object(row["body"])
    return [Command(**row) for row in rows]


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    for name in _TIMES:
        position = table.schema.get_field_index(name)
        table = table.set_column(position, _TIMES[name], table.column(name).cast(pa.int64()))
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _object(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except ValueError as error:
        raise RecordError(f"the body of a command is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise RecordError("the body of a command is not a JSON object")
    return body
