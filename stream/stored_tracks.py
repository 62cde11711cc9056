"""Stored tracks as the rules want them: read by binary COPY, without a Python object a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from alerts.times import to_datetime
from rules.identity import driver_key
from rules.records import chosen
from rules.reports import Reports
from rules.vehicle_class import class_code
from stream.stored_alarms import with_alarms

_POSTGRES_EPOCH_MS = 946_684_800_000  # 2000-01-01T00:00:00Z
_HEADER_BYTES, _TRAILER_BYTES = 19, 2  # PostgreSQL manual, COPY, "Binary Format"; no extension of the header

#: Bounds the search for a vehicle's newest report before what is asked: each day of it may be a probe.
_BEFORE_MS = 8 * 86_400_000

# Name, type on the wire, expression. What rows of before migration 0012 lack has a value of its own, so that
# every row is as long as the others.
_UNTOLD_CLASS = -1
_FIELDS = (
    ("vehicle_key", ">i8", ""),
    ("time", ">i8", ""),
    ("received_at", ">i8", ""),
    ("longitude_deg", ">f8", ""),
    ("latitude_deg", ">f8", ""),
    ("speed_kmh", ">f4", ""),
    ("heading_deg", ">i2", ""),
    ("altitude_m", ">i2", ""),
    ("alarm_bits", ">i8", ""),
    ("status_bits", ">i8", ""),
    ("digest", ">i8", ""),
    ("driver_key", ">i8", "coalesce(driver_key, 0)"),
    ("vehicle_class", ">i2", f"coalesce(vehicle_class, {_UNTOLD_CLASS}::smallint)"),
    ("recorder_speed_kmh", ">f4", "coalesce(recorder_speed_kmh, 'NaN'::real)"),
)
ROW = np.dtype(
    [("fields", ">i2")]
    + [field for name, kind, _ in _FIELDS for field in ((f"{name}_size", ">i4"), (name, kind))]
)
_COLUMNS = ", ".join(f"{expression or name} AS {name}" for name, _, expression in _FIELDS)
_LARGEST = np.iinfo(np.int64).max
_COUNTS = "disposition IN (0, 1, 3)"
_INSIDE = f"""SELECT {_COLUMNS} FROM tracks
    WHERE vehicle_key = ANY($1::bigint[]) AND time >= $2 AND time <= $3 AND {_COUNTS}"""
_NEWEST_BEFORE = f"""SELECT {_COLUMNS} FROM unnest($1::bigint[]) AS wanted (key) CROSS JOIN LATERAL (
    SELECT * FROM tracks WHERE vehicle_key = wanted.key AND time >= $4 AND time < $2 AND {_COUNTS}
    ORDER BY time DESC LIMIT 1) AS newest"""


@dataclass(frozen=True, slots=True)
class Registered:
    """What the registry says of a vehicle now."""

    vehicle_class: int = 0
    driver_key: int = 0


async def read_registered(connection: asyncpg.Connection, keys: Sequence[int]) -> dict[int, Registered]:
    """The registry's words on vehicles; one it does not know is missing."""
    rows = await connection.fetch(
        "SELECT vehicle_key, vehicle_class, driver_id FROM vehicles WHERE vehicle_key = ANY($1::bigint[])",
        list(keys),
    )
    return {
        row["vehicle_key"]: Registered(class_code(row["vehicle_class"]), driver_key(row["driver_id"]))
        for row in rows
    }


async def read_tracks(
    connection: asyncpg.Connection,
    keys: Sequence[int],
    from_ms: int,
    to_ms: int,
    registered: Mapping[int, Registered],
    *,
    and_before: bool = False,
) -> Reports:
    """The stored reports of vehicles from one time to another, both included, by vehicle and time, with their
    active-safety alarms.

    Parameters
    ----------
    registered : mapping of int to Registered
        For rows that do not say their class and driver themselves.
    and_before : bool
        With the newest report of each vehicle before, where there is one within eight days: it tells how long
        a vehicle was silent.
    """
    query, arguments = _INSIDE, [list(keys), to_datetime(from_ms), to_datetime(to_ms)]
    if and_before:
        query = f"{_INSIDE} UNION ALL {_NEWEST_BEFORE}"
        arguments.append(to_datetime(from_ms - _BEFORE_MS))
    data = bytearray()

    async def take(part: bytes) -> None:
        data.extend(part)

    await connection.copy_from_query(query, *arguments, output=take, format="binary")
    rows = np.frombuffer(data, ROW, offset=_HEADER_BYTES, count=_count(data))
    rows = chosen(rows, track_order(rows))
    return await with_alarms(connection, _reports(rows, registered), rows["digest"].astype("i8"))


def track_order(rows: NDArray[np.void]) -> NDArray[np.int64]:
    """The order of n rows by vehicle and time. Reports of one time came in the order of their reception; the
    digest makes the rest definite."""
    vehicles, vehicle = np.unique(rows["vehicle_key"].astype("i8"), return_inverse=True)
    time = rows["time"].astype("i8")
    first, last = (int(time.min()), int(time.max())) if len(time) else (0, 0)
    span = last - first + 1
    if len(vehicles) * span < _LARGEST:
        # One sort of numbers instead of four: nearly always no two reports of a vehicle have one time.
        packed = vehicle * span + (time - first)
        order: NDArray[np.int64] = np.argsort(packed)
        packed = packed[order]
        if (packed[1:] != packed[:-1]).all():
            return order
    received, digest = rows["received_at"].astype("i8"), rows["digest"].astype("i8")
    return np.lexsort((digest, received, time, vehicle))


def _count(data: bytearray) -> int:
    return (len(data) - _HEADER_BYTES - _TRAILER_BYTES) // ROW.itemsize


def _reports(rows: NDArray[np.void], registered: Mapping[int, Registered]) -> Reports:
    columns: dict[str, Any] = {name: rows[name] for name, _, _ in _FIELDS if name != "digest"}
    columns["time_ms"] = rows["time"].astype("i8") // 1000 + _POSTGRES_EPOCH_MS
    columns["received_ms"] = rows["received_at"].astype("i8") // 1000 + _POSTGRES_EPOCH_MS
    for name in ("speed_kmh", "recorder_speed_kmh"):
        # Stored with seven digits: a thousandth is what terminals and platforms say at the finest.
        columns[name] = np.round(rows[name].astype("f8"), 3)
    untold = rows["vehicle_class"] == _UNTOLD_CLASS
    if untold.any():
        said = [registered.get(key, Registered()) for key in rows["vehicle_key"][untold].tolist()]
        columns["vehicle_class"] = rows["vehicle_class"].astype("i2")
        columns["driver_key"] = rows["driver_key"].astype("i8")
        columns["vehicle_class"][untold] = [one.vehicle_class for one in said]
        columns["driver_key"][untold] = [one.driver_key for one in said]
    return Reports.build(**columns)
