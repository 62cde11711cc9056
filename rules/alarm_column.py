"""Column `alarms` of a telemetry block: the active-safety alarms of each report, as a list of structs.

A block in which no report has any is without the column. Fields may be added behind the others: a reader
passes over those it does not know, and takes those of `_LATER` for untold where they are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from rules.safety import COLUMN_TYPES, NO_TIME, SafetyAlarms

_STAMP = pa.timestamp("ms", tz="UTC")
_FIELDS: dict[str, pa.DataType] = {
    "peripheral": pa.uint8(),
    "dialect": pa.uint8(),
    "event": pa.uint8(),
    "terminal_alarm_id": pa.uint32(),
    "flag": pa.uint8(),
    "level": pa.uint8(),
    "degree": pa.uint8(),
    "speed_kmh": pa.uint8(),
    "longitude_deg": pa.float64(),
    "latitude_deg": pa.float64(),
    "time": _STAMP,
    "identifier": pa.binary(),
    "attachments": pa.uint8(),
    "tyre_bits": pa.int32(),
    "tyres": pa.uint32(),
}
_LATER = ("tyre_bits", "tyres")

STRUCT = pa.struct([pa.field(name, kind, nullable=name == "time") for name, kind in _FIELDS.items()])
FIELD = pa.field("alarms", pa.list_(pa.field("item", STRUCT, nullable=False)), nullable=False)


def is_readable(kind: pa.DataType) -> bool:
    """Whether a column of this type is one of alarms, by an older or newer writer too."""
    if not pa.types.is_list(kind) or not pa.types.is_struct(kind.value_type):
        return False
    struct = kind.value_type
    try:
        names = [field.name for field in struct]
    except UnicodeDecodeError:
        return False
    return all(
        names.count(name) == 1 and struct.field(name).type == wanted
        for name, wanted in _FIELDS.items()
        if name in names or name not in _LATER
    )


def encode(rows: int, alarms: SafetyAlarms) -> pa.Array:
    """The column of a block of so many reports."""
    arrays = [_array(name, kind, alarms) for name, kind in _FIELDS.items()]
    structs = pa.StructArray.from_arrays(arrays, fields=list(STRUCT))
    offsets = np.searchsorted(alarms.row, np.arange(rows + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), structs, type=FIELD.type)


def of_rows(values: Sequence[Sequence[Any]] | SafetyAlarms) -> SafetyAlarms:
    """Alarms as a writer has them: columns, or objects as `SafetyAlarms.of_rows` takes them."""
    return values if isinstance(values, SafetyAlarms) else SafetyAlarms.of_rows(values)


def decode(column: pa.ListArray) -> SafetyAlarms:
    """The alarms of a column that has passed Arrow's validation.

    Raises
    ------
    ValueError
        A field that must be there is null.
    """
    structs = column.flatten()
    if not len(structs):
        return SafetyAlarms.empty()
    columns: dict[str, Any] = {}
    for name in (field.name for field in structs.type if field.name in _FIELDS):
        array = structs.field(name)
        if array.null_count and name != "time":
            raise ValueError(f"alarms.{name} has nulls")
        columns[name] = array
    stamp = columns.pop("time").view(pa.int64()).fill_null(NO_TIME)
    identifier = columns.pop("identifier").to_pylist()
    made = {name: array.to_numpy(zero_copy_only=False) for name, array in columns.items()}
    row = np.repeat(np.arange(len(column)), column.value_lengths().to_numpy(zero_copy_only=False))
    return SafetyAlarms.build(row=row, time_ms=stamp.to_numpy(), identifier=identifier, **made)


def _array(name: str, kind: pa.DataType, alarms: SafetyAlarms) -> pa.Array:
    if name == "time":
        return pa.array(alarms.time_ms, mask=alarms.time_ms == NO_TIME).view(kind)
    if COLUMN_TYPES[name] is object:
        return pa.array(alarms.identifier.tolist(), kind)
    return pa.array(getattr(alarms, name), kind)
