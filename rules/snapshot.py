"""Snapshots: the state of an engine as one Arrow record batch of one row.

Each table of state is one column, a list of structs with one element a row of the table, so that any Arrow
reader can look into a snapshot. The schema's metadata has the version, the rulebook's version and the zones
that the tables refer to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.zones import ZoneSet
from rules import presence, run_table
from rules.columns import Columns
from rules.vehicles import Vehicles
from rules.zone_plan import WHATS

VERSION = 1


class SnapshotError(ValueError):
    """Data that is no snapshot this program can read; the log can rebuild the state without it."""


@dataclass(slots=True)
class State:
    """All that an engine remembers, and the zones whose indices it uses."""

    vehicles: Vehicles
    speeding: Columns
    presence: Columns
    zone_speed: Columns
    zones: ZoneSet


def new_state(zones: ZoneSet) -> State:
    """The state before the first report."""
    run_layout = run_table.LAYOUT
    return State(Vehicles(), Columns(run_layout), Columns(presence.LAYOUT), Columns(run_layout), zones)


def dump(state: State, rulebook_version: str) -> bytes:
    """The state as bytes."""
    keys = {"vehicle_key": state.vehicles.keys}
    columns = {
        "vehicles": _pack({**keys, **_arrays(state.vehicles.columns)}),
        "speeding": _pack(_arrays(state.speeding)),
        "presence": _pack(_arrays(state.presence)),
        "zone_speed": _pack(_arrays(state.zone_speed)),
    }
    used = np.union1d(state.presence["subject"] // WHATS, state.zone_speed["subject"])
    zones = {}
    for index in used.tolist():
        zone = state.zones.zones[index]
        zones[str(index)] = [zone.id, zone.name, zone.name_en]
    metadata = {
        "haulwatch.schema": "engine-snapshot",
        "haulwatch.version": str(VERSION),
        "haulwatch.rulebook": rulebook_version,
        "haulwatch.zones": json.dumps(zones, ensure_ascii=False),
    }
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    batch = batch.replace_schema_metadata(metadata)
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def load(zones: ZoneSet, data: bytes) -> State:
    """The state from bytes, its zone indices translated to those of `zones`.

    A zone that is no longer there is kept as a zone without area, so that its open episodes end with their
    vehicle's next position.

    Raises
    ------
    SnapshotError
    """
    try:
        batch = pa.ipc.open_stream(data).read_next_batch()
        batch.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, StopIteration) as error:
        raise SnapshotError(f"not an engine snapshot: {str(error)[:200]}") from error
    metadata = batch.schema.metadata or {}
    if metadata.get(b"haulwatch.schema") != b"engine-snapshot":
        raise SnapshotError("not an engine snapshot: the data has another schema")
    version = metadata.get(b"haulwatch.version", b"").decode(errors="replace")
    if version != str(VERSION):
        raise SnapshotError(f"snapshot version {version!r} is not readable here, only version {VERSION}")
    try:
        return _state(zones, batch, json.loads(metadata[b"haulwatch.zones"]))
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise SnapshotError(f"damaged engine snapshot: {error!r}") from error


def _state(zones: ZoneSet, batch: pa.RecordBatch, known: dict[str, list[str]]) -> State:
    state = new_state(zones)
    vehicles = _unpack(batch.column("vehicles"))
    state.vehicles.rows_of(vehicles.pop("vehicle_key"))
    for name, array in vehicles.items():
        state.vehicles.columns[name][:] = array
    for name in ("speeding", "presence", "zone_speed"):
        table: Columns = getattr(state, name)
        arrays = _unpack(batch.column(name))
        table.add(len(arrays["row"]))
        for column in table.layout:
            table[column][:] = arrays[column]
    state.zones, index_of = _translate(zones, known)
    what = state.presence["subject"] % WHATS
    state.presence["subject"][:] = index_of[state.presence["subject"] // WHATS] * WHATS + what
    state.zone_speed["subject"][:] = index_of[state.zone_speed["subject"]]
    return state


def _translate(zones: ZoneSet, known: dict[str, list[str]]) -> tuple[ZoneSet, NDArray[np.int64]]:
    """The zones with those added that only the snapshot knows, and the new index of each old one."""
    place = {zone.id: index for index, zone in enumerate(zones.zones)}
    gone = [names for names in known.values() if names[0] not in place]
    if gone:
        zones = zones.with_former(gone)
        place = {zone.id: index for index, zone in enumerate(zones.zones)}
    index_of = np.zeros(max((int(old) for old in known), default=-1) + 1, np.int64)
    for old, names in known.items():
        index_of[int(old)] = place[names[0]]
    return zones, index_of


def _arrays(table: Columns) -> dict[str, NDArray[Any]]:
    return {name: table[name] for name in table.layout}


def _pack(arrays: dict[str, NDArray[Any]]) -> pa.Array:
    fields = pa.StructArray.from_arrays([pa.array(array) for array in arrays.values()], names=list(arrays))
    return pa.ListArray.from_arrays(pa.array([0, len(fields)], pa.int32()), fields)


def _unpack(column: pa.Array) -> dict[str, NDArray[Any]]:
    fields = column.flatten()
    return {
        field.name: fields.field(index).to_numpy(zero_copy_only=False)
        for index, field in enumerate(fields.type)
    }
