"""Track rows as PostgreSQL binary COPY, built by numpy without a Python object a row.

Every column of `tracks` is of fixed size and written without NULL, so a row is always the same bytes long and
a whole batch is one structured array in network order (PostgreSQL manual, COPY, "Binary Format").
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.reports import Reports, digest

COLUMNS = (
    "vehicle_key",
    "time",
    "received_at",
    "longitude_deg",
    "latitude_deg",
    "speed_kmh",
    "heading_deg",
    "altitude_m",
    "alarm_bits",
    "status_bits",
    "digest",
    "disposition",
    "driver_key",
    "vehicle_class",
    "recorder_speed_kmh",
)
_WIDTHS = (
    *(">i8", ">i8", ">i8", ">f8", ">f8", ">f4", ">i2", ">i2", ">i8", ">i8", ">i8", ">i2"),
    *(">i8", ">i2", ">f4"),
)

#: 2000-01-01T00:00:00Z, PostgreSQL's epoch, in milliseconds since 1970.
_POSTGRES_EPOCH_MS = 946_684_800_000

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"

_ROW = np.dtype(
    [("fields", ">i2")]
    + [
        field
        for name, width in zip(COLUMNS, _WIDTHS, strict=True)
        for field in ((f"{name}_size", ">i4"), (name, width))
    ]
)


def copy_rows(reports: Reports, disposition: NDArray[np.uint8]) -> memoryview:
    """Encode reports (n rows) and their dispositions (n,) for COPY tracks (COLUMNS) WITH (FORMAT binary)."""
    rows = np.empty(len(reports), _ROW)
    rows["fields"] = len(COLUMNS)
    for name in COLUMNS:
        rows[f"{name}_size"] = rows.dtype[name].itemsize
        rows[name] = _column(name, reports, disposition)
    return memoryview(_HEADER + rows.tobytes() + _TRAILER)


def _column(name: str, reports: Reports, disposition: NDArray[np.uint8]) -> NDArray[Any]:
    if name == "time":
        return _postgres_us(reports.time_ms)
    if name == "received_at":
        return _postgres_us(reports.received_ms)
    if name == "digest":
        return digest(reports)
    if name == "disposition":
        return disposition
    column: NDArray[Any] = getattr(reports, name)
    return column


def _postgres_us(time_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    return (time_ms - _POSTGRES_EPOCH_MS) * 1000
