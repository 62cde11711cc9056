"""Records of the topic as older releases wrote them."""

from __future__ import annotations

import uuid

import pyarrow as pa

from alerts.times import now_ms
from rules.identity import vehicle_key


def text_of_version_1(vehicle_id: str, phone: str, text: str, flags: int = 12) -> tuple[str, bytes]:
    """A command id and a record of version 1 with one text."""
    command_id, now = str(uuid.uuid4()), now_ms()
    names = ("command_id", "vehicle_id", "terminal_phone", "kind", "text")
    columns = {
        name: pa.array([value])
        for name, value in zip(names, (command_id, vehicle_id, phone, "text", text), strict=True)
    }
    columns |= {"vehicle_key": pa.array([vehicle_key(vehicle_id)]), "flags": pa.array([flags], pa.uint8())}
    for name, time in (("created", now), ("expires", now + 60_000)):
        columns[name] = pa.array([time], pa.timestamp("ms", tz="UTC"))
    metadata = {"haulwatch.schema": "commands", "haulwatch.version": "1"}
    table = pa.table(columns).replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return command_id, sink.getvalue().to_pybytes()
