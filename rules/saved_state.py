"""State as bytes: an Arrow record batch that names its schema and version, for any Arrow reader to open."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa


class SnapshotError(ValueError):
    """Data that is no snapshot this program can read; the log can rebuild the state without it."""


def encode(batch: pa.RecordBatch, schema: str, version: int, about: Mapping[str, bytes | str]) -> bytes:
    """A batch with its schema's name, version and what else is to be known of it, compressed."""
    own = {"haulwatch.schema": schema, "haulwatch.version": str(version)}
    batch = batch.replace_schema_metadata(own | {f"haulwatch.{name}": text for name, text in about.items()})
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def decode(data: bytes, schema: str, version: int) -> tuple[pa.RecordBatch, dict[str, bytes]]:
    """What `encode` was given: the batch, and what else is known of it.

    Raises
    ------
    SnapshotError
        The data is no such batch, or of a version this program does not read.
    """
    try:
        batch = pa.ipc.open_stream(data).read_next_batch()
        batch.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, StopIteration) as error:
        raise SnapshotError(f"not a snapshot: {str(error)[:200]}") from error
    about = {
        name.decode(errors="replace").removeprefix("haulwatch."): text
        for name, text in (batch.schema.metadata or {}).items()
    }
    found = (
        about.get("schema", b"").decode(errors="replace"),
        about.get("version", b"").decode(errors="replace"),
    )
    if found != (schema, str(version)):
        raise SnapshotError(
            f"snapshot {found[0]!r} of version {found[1]!r} is not readable here, only {schema!r} {version}"
        )
    return batch, about
