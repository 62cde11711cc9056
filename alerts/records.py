"""Record schema of topic ``alerts``, version 1: one record value is one Arrow IPC stream of alert revisions.

Readable with ``pyarrow.ipc.open_stream(value).read_all()``; every row is one change of one alert,
``(alert_id, revision)`` tells a repeat, ``seq`` orders all changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa

from alerts.arrow import read_table, schema_of, write_table
from alerts.revision import AlertRevision, canonical_json

TOPIC = "alerts"
VERSION = 1
_TIME = pa.timestamp("ms", tz="UTC")

SCHEMA = schema_of(
    TOPIC,
    VERSION,
    [
        ("seq", pa.int64(), False),
        ("alert_id", pa.utf8(), False),
        ("revision", pa.int32(), False),
        ("kind", pa.utf8(), False),
        ("vehicle_id", pa.utf8(), False),
        ("vehicle_key", pa.int64(), False),
        ("rule", pa.utf8(), False),
        ("level", pa.uint8(), False),
        ("start", _TIME, False),
        ("found", _TIME, False),
        ("end", _TIME, True),
        ("longitude_deg", pa.float64(), False),
        ("latitude_deg", pa.float64(), False),
        ("evidence", pa.utf8(), False),
        ("rulebook_version", pa.utf8(), False),
        ("detail", pa.utf8(), False),
    ],
)

_FIELDS = {"start": "start_ms", "found": "found_ms", "end": "end_ms"}


def encode_alerts(revisions: Sequence[AlertRevision]) -> bytes:
    """One record value holding `revisions` in their order."""
    columns = {
        name: [getattr(revision, _FIELDS.get(name, name)) for revision in revisions] for name in SCHEMA.names
    }
    columns["detail"] = [canonical_json(detail) for detail in columns["detail"]]
    return write_table(SCHEMA, columns)


def decode_alerts(value: bytes) -> list[AlertRevision]:
    """The revisions of one record value. Raises ``RecordError`` when it is none of version 1."""
    table = read_table(SCHEMA, TOPIC, VERSION, value)
    for name in _FIELDS:
        index = table.schema.get_field_index(name)
        table = table.set_column(index, name, table.column(name).cast(pa.int64()))
    revisions = []
    for row in table.to_pylist():
        row["detail"] = json.loads(row["detail"])
        revisions.append(AlertRevision(**{_FIELDS.get(name, name): value for name, value in row.items()}))
    return revisions
