"""Snapshots: the state of an engine as one Arrow record batch of one row.

Each table of state is one column, a list of structs with one element a row of the table, so that any Arrow
reader can look into a snapshot. The schema's metadata has the version, the rulebook's version and the zones
that the tables refer to. A table or field that a snapshot lacks begins empty: a rule that is new starts
watching; one that is gone is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geo.zones import ZoneSet
from rules.family import Deriving, Setting, Watch
from rules.records import NO_ROW, Records
from rules.saved_state import SnapshotError, decode, encode
from rules.slots import COUNT, Slots

SCHEMA_NAME = "engine-snapshot"
VERSION = 2

ZONE_FIELD = "zone"


@dataclass(frozen=True, slots=True)
class Saved:
    """A snapshot read: its tables as Arrow structs, [id, name, name_en] of the zones it refers to, and the
    text that was kept beside them."""

    tables: dict[str, pa.StructArray]
    zones: dict[int, list[str]]
    editions: str

    def zones_with_former(self, zones: ZoneSet) -> ZoneSet:
        """The zones, and those only the snapshot knows, without area: their open episodes end with the
        vehicle's next position."""
        known = {zone.id for zone in zones.zones}
        gone = [names for names in self.zones.values() if names[0] not in known]
        return zones.with_former(gone) if gone else zones


def dump(setting: Setting, watches: Sequence[Watch], editions: str) -> bytes:
    """The state as bytes; `editions` is a text kept beside it."""
    keys = {"vehicle_key": setting.vehicles.keys}
    columns = {"vehicles": _pack(keys | _fields(setting.vehicles.table))}
    used: set[int] = set()
    for name, table in _tables(watches):
        columns[name] = _pack(_fields(table))
        if ZONE_FIELD in table.layout:
            used.update(np.unique(table.rows[ZONE_FIELD]).tolist())
    every = setting.zones.zones
    zones = {str(one): [every[one].id, every[one].name, every[one].name_en] for one in used if one != NO_ROW}
    about = {
        "rulebook": setting.book.version,
        "zones": json.dumps(zones, ensure_ascii=False),
        "editions": editions,
    }
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    return encode(batch, SCHEMA_NAME, VERSION, about)


def read(data: bytes) -> Saved:
    """Look into a snapshot.

    Raises
    ------
    SnapshotError
    """
    batch, about = decode(data, SCHEMA_NAME, VERSION)
    try:
        zones = {int(index): names for index, names in json.loads(about["zones"]).items()}
        names = batch.schema.names
        tables = {name: batch.column(name).flatten() for name in names}
        return Saved(tables, zones, about["editions"].decode())
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise SnapshotError(f"damaged engine snapshot: {error!r}") from error


def load(saved: Saved, setting: Setting, watches: Sequence[Watch]) -> None:
    """Put a snapshot's state into an engine that is as new.

    Raises
    ------
    SnapshotError
    """
    try:
        vehicles = saved.tables["vehicles"]
        setting.vehicles.rows_of(_column(vehicles, "vehicle_key"))
        _unpack(vehicles, setting.vehicles.table)
        index_of = _translation(saved, setting.zones)
        for name, table in _tables(watches):
            if name not in saved.tables:
                continue
            _unpack(saved.tables[name], table)
            if ZONE_FIELD in table.layout:
                zone = table.rows[ZONE_FIELD]
                table.rows[ZONE_FIELD] = np.where(zone == NO_ROW, NO_ROW, index_of[zone])
        for watch in watches:
            for part in watch.tables.values():
                if isinstance(part, Slots):
                    _chain_free(part)
            if isinstance(watch, Deriving):
                watch.restored()
    except (KeyError, TypeError, ValueError, IndexError, pa.ArrowException) as error:
        raise SnapshotError(f"damaged engine snapshot: {error!r}") from error


def _tables(watches: Sequence[Watch]) -> Iterator[tuple[str, Records]]:
    for watch in watches:
        for name, table in watch.tables.items():
            yield name, table.table if isinstance(table, Slots) else table


def _chain_free(slots: Slots) -> None:
    slots.free[:] = NO_ROW, 0
    free = (slots.rows["owner"] == NO_ROW).nonzero()[0]
    slots.chain(free.astype(np.int32))
    assert slots.free[COUNT] == len(free)


def _translation(saved: Saved, zones: ZoneSet) -> NDArray[np.int32]:
    """The index that each zone of the snapshot has now."""
    place = {zone.id: index for index, zone in enumerate(zones.zones)}
    index_of = np.zeros(max(saved.zones, default=0) + 1, np.int32)
    for old, names in saved.zones.items():
        index_of[old] = place[names[0]]
    return index_of


def _fields(table: Records) -> dict[str, NDArray[Any]]:
    return {name: np.ascontiguousarray(table.rows[name]) for name in table.layout}


def _pack(arrays: dict[str, NDArray[Any]]) -> pa.Array:
    fields = pa.StructArray.from_arrays([pa.array(array) for array in arrays.values()], names=list(arrays))
    return pa.ListArray.from_arrays(pa.array([0, len(fields)], pa.int32()), fields)


def _unpack(fields: pa.StructArray, table: Records) -> None:
    table.grow(len(fields))
    if len(table) != len(fields):
        raise SnapshotError(f"damaged engine snapshot: {len(fields)} rows where {len(table)} are")
    for field in fields.type:
        if field.name in table.layout:
            table.rows[field.name] = _column(fields, field.name)


def _column(fields: pa.StructArray, name: str) -> NDArray[Any]:
    values: NDArray[Any] = fields.field(name).to_numpy(zero_copy_only=False)
    return values
