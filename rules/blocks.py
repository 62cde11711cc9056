"""Blocks: the records of topic `telemetry`, version 1.

A record value is one Arrow IPC stream of one record batch; `pyarrow.ipc.open_stream(value).read_all()` reads
it anywhere. The schema's metadata names the schema and its version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rules import alarm_column
from rules.identity import driver_key
from rules.reports import STATUS_POSITIONED, Reports
from rules.rulebook_record import is_rulebook
from rules.safety import NO_ALARMS, SafetyAlarms

SCHEMA_NAME = "telemetry"
VERSION = 1

_STAMP = pa.timestamp("ms", tz="UTC")
_REQUIRED: list[tuple[str, pa.DataType]] = [
    ("vehicle_key", pa.int64()),
    ("vehicle_id", pa.string()),
    ("vehicle_class", pa.uint8()),
    ("driver_id", pa.string()),
    ("time", _STAMP),
    ("received", _STAMP),
    ("longitude_deg", pa.float64()),
    ("latitude_deg", pa.float64()),
    ("speed_kmh", pa.float64()),
    ("heading_deg", pa.uint16()),
    ("altitude_m", pa.int16()),
    ("alarm_bits", pa.uint32()),
    ("status_bits", pa.uint32()),
]
_TRAILING: list[tuple[str, pa.DataType]] = [
    ("source", pa.uint8()),
    ("serial", pa.uint16()),
    ("items", pa.binary()),
]
_NULLABLE = [("mileage_km", pa.float64()), ("recorder_speed_kmh", pa.float64())]

SCHEMA = pa.schema(
    [pa.field(name, kind, nullable=False) for name, kind in _REQUIRED]
    + [pa.field(name, kind) for name, kind in _NULLABLE]
    + [pa.field(name, kind, nullable=False) for name, kind in _TRAILING],
    metadata={"haulwatch.schema": SCHEMA_NAME, "haulwatch.version": str(VERSION)},
)


SCHEMA_WITH_ALARMS = SCHEMA.append(alarm_column.FIELD)
"""The schema of a block in which any report has active-safety alarms; other blocks are without the column."""

_PLAIN = {
    field.name: np.dtype("i8")
    if pa.types.is_timestamp(field.type)
    else np.dtype(field.type.to_pandas_dtype())
    for field in SCHEMA
    if not (pa.types.is_string(field.type) or pa.types.is_binary(field.type))
}
"""What a column is in memory, where that is what Arrow writes."""

# The messages around the record batch of a stream: the schema before it, the end behind it.
_HEAD, _HEAD_WITH_ALARMS = SCHEMA.serialize().to_pybytes(), SCHEMA_WITH_ALARMS.serialize().to_pybytes()
_END = b"\xff\xff\xff\xff\0\0\0\0"

_NEVER_NULL = [field.name for field in SCHEMA if not field.nullable]


class BlockError(ValueError):
    """A record value that is no readable telemetry block: the fault of whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Block:
    """One decoded block: the reports as columns, and the Arrow table they came from."""

    reports: Reports
    table: pa.Table

    @property
    def rows(self) -> int:
        """Number of reports."""
        return len(self.reports)


def encode_block(columns: Mapping[str, Any]) -> bytes:
    """One record value from columns named as in `SCHEMA`.

    Times are int64 milliseconds since 1970 UTC, or datetime64. NaN in `mileage_km` and `recorder_speed_kmh`
    means not known. These two may be absent. `alarms` may be given too: for each report a sequence of objects
    with the fields of `rules.safety.SafetyAlarms`, or that table itself.

    Raises
    ------
    BlockError
        A column is missing, of another length, or does not fit its type.
    """
    arrays = [_encode_column(field, columns) for field in SCHEMA]
    lengths = {len(array) for array in arrays if array is not None}
    if len(lengths) != 1:
        raise BlockError(f"the columns of a block must be of one length, not {sorted(lengths)}")
    rows = lengths.pop()
    filled = [pa.nulls(rows, field.type) if a is None else a for a, field in zip(arrays, SCHEMA, strict=True)]
    schema = SCHEMA
    alarms = _alarms_to_write(rows, columns.get("alarms"))
    if alarms is not None:
        filled, schema = [*filled, alarms], SCHEMA_WITH_ALARMS
    batch = pa.RecordBatch.from_arrays(filled, schema=schema)
    # The stream that `pa.ipc.new_stream` writes, whose first part is always the same.
    return b"".join((_HEAD if schema is SCHEMA else _HEAD_WITH_ALARMS, batch.serialize(), _END))


def _alarms_to_write(rows: int, values: Any) -> pa.Array | None:
    if values is None:
        return None
    if not isinstance(values, SafetyAlarms) and len(values) != rows:
        raise BlockError(
            f"the columns of a block must be of one length: alarms has {len(values)}, not {rows}"
        )
    try:
        alarms = alarm_column.of_rows(values)
        return alarm_column.encode(rows, alarms) if len(alarms) else None
    except (pa.ArrowException, AttributeError, TypeError, ValueError, OverflowError) as error:
        raise BlockError(f"column alarms of a block does not fit {alarm_column.STRUCT}: {error}") from error


def _encode_column(field: pa.Field, columns: Mapping[str, Any]) -> pa.Array | None:
    if field.name not in columns:
        if field.nullable:
            return None
        raise BlockError(f"a block needs the column {field.name}")
    values = columns[field.name]
    try:
        if isinstance(values, pa.Array):
            return values.cast(field.type)
        if isinstance(values, np.ndarray) and values.dtype == _PLAIN.get(field.name):
            return _view(field, values)
        if pa.types.is_timestamp(field.type):
            stamps = np.asarray(values)
            if stamps.dtype.kind == "M":
                stamps = stamps.astype("datetime64[ms]")
            # A view: casting int64 to a time stamp costs five times as much, and there are two in each block.
            return pa.array(stamps.astype(np.int64), pa.int64()).view(field.type)
        return pa.array(values, field.type, from_pandas=field.nullable)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise BlockError(f"column {field.name} of a block does not fit {field.type}: {error}") from error


def _view(field: pa.Field, values: NDArray[Any]) -> pa.Array:
    """A column of the very type as Arrow, without a copy; NaN is null where the column has nulls."""
    missing = np.isnan(values) if field.nullable else None
    present = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little"))
    return pa.Array.from_buffers(
        field.type, len(values), [present, pa.py_buffer(np.ascontiguousarray(values))]
    )


def decode_block(value: bytes | memoryview) -> Block:
    """Read one record value.

    A record that hands over a rulebook (`rules.rulebook_record`) is a block without reports.

    Raises
    ------
    BlockError
        The value is no Arrow stream, another schema, a newer version, or lacks a column.
    """
    if is_rulebook(value):
        return Block(Reports.empty(), SCHEMA.empty_table())
    try:
        table = pa.ipc.open_stream(value).read_all()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BlockError(f"not an Arrow stream: {str(error)[:200]}") from error
    _check_schema(table.schema)
    _check_data(table)
    names = SCHEMA_WITH_ALARMS.names if alarm_column.FIELD.name in table.schema.names else SCHEMA.names
    table = table.select(names) if table.schema.names != names else table
    return Block(_reports(_one_batch(table)), table)


def _check_schema(schema: pa.Schema) -> None:
    if schema.equals(SCHEMA, check_metadata=True) or schema.equals(SCHEMA_WITH_ALARMS, check_metadata=True):
        return
    metadata = schema.metadata or {}
    name = metadata.get(b"haulwatch.schema", b"").decode(errors="replace")
    if name != SCHEMA_NAME:
        raise BlockError(f"schema {name!r} is not {SCHEMA_NAME!r}")
    version = metadata.get(b"haulwatch.version", b"").decode(errors="replace")
    if version != str(VERSION):
        raise BlockError(
            f"telemetry version {version!r} is not readable here; this program reads version {VERSION}"
        )
    try:
        with_alarms = alarm_column.FIELD.name in schema.names
    except UnicodeDecodeError as error:
        raise BlockError("a column's name is not UTF-8 text") from error
    for field in SCHEMA_WITH_ALARMS if with_alarms else SCHEMA:
        index = schema.get_field_index(field.name)
        if index < 0:
            raise BlockError(f"column {field.name} is missing or there twice")
        kind = schema.field(index).type
        readable = kind == field.type
        if field.name == alarm_column.FIELD.name:
            readable = alarm_column.is_readable(kind)
        if not readable:
            raise BlockError(f"column {field.name} is {kind}, not {field.type}")


def _check_data(table: pa.Table) -> None:
    try:
        table.validate(full=True)
    except pa.ArrowException as error:
        raise BlockError(f"damaged Arrow data: {str(error)[:200]}") from error
    for name in _NEVER_NULL:
        if table.column(name).null_count:
            raise BlockError(f"column {name} has nulls")
    name = alarm_column.FIELD.name
    if name in table.column_names and table.column(name).null_count:
        raise BlockError(f"column {name} has nulls")


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    """The whole table as one batch, as it came or joined. Reading columns of a batch costs half."""
    batches = table.to_batches()
    if len(batches) != 1:
        batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], SCHEMA)]
    return batches[0]


def _reports(batch: pa.RecordBatch) -> Reports:
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))

    def column(name: str) -> NDArray[Any]:
        values: NDArray[Any] = columns[name].to_numpy()
        return values

    status_bits = column("status_bits")
    return Reports(
        vehicle_key=column("vehicle_key"),
        time_ms=columns["time"].view(pa.int64()).to_numpy(),
        received_ms=columns["received"].view(pa.int64()).to_numpy(),
        longitude_deg=column("longitude_deg"),
        latitude_deg=column("latitude_deg"),
        speed_kmh=column("speed_kmh"),
        heading_deg=column("heading_deg"),
        altitude_m=column("altitude_m"),
        alarm_bits=column("alarm_bits"),
        status_bits=status_bits,
        limit_kmh=np.full(batch.num_rows, np.nan),
        driver_key=_driver_keys(columns["driver_id"]),
        vehicle_class=column("vehicle_class"),
        positioned=(status_bits & STATUS_POSITIONED) != 0,
        recorder_speed_kmh=columns["recorder_speed_kmh"].to_numpy(zero_copy_only=False),
        mileage_km=columns["mileage_km"].to_numpy(zero_copy_only=False),
        safety=_alarms(columns.get(alarm_column.FIELD.name)),
    )


def _alarms(column: pa.ListArray | None) -> SafetyAlarms:
    if column is None:
        return NO_ALARMS
    try:
        return alarm_column.decode(column)
    except ValueError as error:
        raise BlockError(str(error)) from error


def _driver_keys(column: pa.StringArray) -> NDArray[np.int64]:
    return np.fromiter(map(driver_key, column.to_pylist()), np.int64, len(column))
