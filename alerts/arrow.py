"""What our record schemas have in common: Arrow IPC streams that name their schema and version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa


class RecordError(ValueError):
    """A record value that this program can't read; the text says why."""


def schema_of(topic: str, version: int, fields: Sequence[tuple[str, pa.DataType, bool]]) -> pa.Schema:
    """A schema whose metadata says what it is; a field is (name, type, nullable)."""
    return pa.schema(
        [pa.field(name, kind, nullable=nullable) for name, kind, nullable in fields],
        metadata={"haulwatch.schema": topic, "haulwatch.version": str(version)},
    )


def write_table(schema: pa.Schema, columns: Mapping[str, Sequence[Any]]) -> bytes:
    """One record batch as an IPC stream."""
    arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch(arrays, schema=schema))
    value: bytes = sink.getvalue().to_pybytes()
    return value


def read_table(schema: pa.Schema, topic: str, version: int, value: bytes) -> pa.Table:
    """The table of an IPC stream that says it is `topic` of `version`, its columns those of `schema`.

    Columns that a later writer added under the same version are left out. Raises ``RecordError``.
    """
    try:
        table = pa.ipc.open_stream(value).read_all()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise RecordError(f"not an Arrow IPC stream: {error}") from None
    metadata = table.schema.metadata or {}
    found = (metadata.get(b"haulwatch.schema"), metadata.get(b"haulwatch.version"))
    if found != (topic.encode(), str(version).encode()):
        raise RecordError(f"the record says schema {found[0]!r} version {found[1]!r}, not {topic} {version}")
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise RecordError(f"the columns are not those of {topic} {version}: {error}") from None
