"""The active-safety alarms of stored reports, beside `tracks`: few reports have any."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from alerts.times import to_datetime, to_ms
from rules.change import Disposition
from rules.reports import Reports, digest
from rules.safety import COLUMN_TYPES, SafetyAlarms

_NAMES = [name for name in COLUMN_TYPES if name != "row"]


async def write_alarms(
    connection: asyncpg.Connection, reports: Reports, disposition: NDArray[np.uint8]
) -> None:
    """Keep the alarms of reports, exact copies and impossible ones apart; twice changes nothing."""
    alarms = reports.safety
    if not len(alarms):
        return
    stored = disposition[alarms.row]
    kept = ((stored != Disposition.DUPLICATE) & (stored != Disposition.IMPOSSIBLE)).nonzero()[0]
    of_report: dict[int, list[dict[str, Any]]] = {}
    columns = {name: getattr(alarms, name).tolist() for name in _NAMES}
    for one in kept.tolist():
        said = {name: column[one] for name, column in columns.items()}
        said["identifier"] = said["identifier"].hex()
        of_report.setdefault(int(alarms.row[one]), []).append(said)
    rows = list(of_report)
    digests = digest(reports)[rows].tolist()
    keys, times_ms = reports.vehicle_key[rows].tolist(), reports.time_ms[rows].tolist()
    await connection.executemany(
        "INSERT INTO track_alarms (vehicle_key, time, digest, alarms) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        [
            (key, to_datetime(time_ms), mark, json.dumps(said))
            for key, time_ms, mark, said in zip(keys, times_ms, digests, of_report.values(), strict=True)
        ],
    )


async def with_alarms(
    connection: asyncpg.Connection, reports: Reports, digests: NDArray[np.int64]
) -> Reports:
    """Stored reports, whose digests are given, with their alarms."""
    if not len(reports):
        return reports
    found = await connection.fetch(
        "SELECT vehicle_key, time, digest, alarms FROM track_alarms WHERE vehicle_key = ANY($1::bigint[])"
        " AND time >= $2 AND time <= $3",
        np.unique(reports.vehicle_key).tolist(),
        *(to_datetime(int(bound)) for bound in (reports.time_ms.min(), reports.time_ms.max())),
    )
    if not found:
        return reports
    marks = {(one["vehicle_key"], to_ms(one["time"]), one["digest"]): one["alarms"] for one in found}
    rows = np.isin(digests, [mark for _, _, mark in marks]).nonzero()[0]
    said = [(row, json.loads(marks[name])) for row, name in _names(reports, digests, rows) if name in marks]
    flat = [(row, one) for row, alarms in said for one in alarms]
    return replace(reports, safety=_alarms(flat)) if flat else reports


def _names(
    reports: Reports, digests: NDArray[np.int64], rows: NDArray[np.intp]
) -> Sequence[tuple[int, tuple[int, int, int]]]:
    columns = (reports.vehicle_key[rows], reports.time_ms[rows], digests[rows])
    names = zip(*(column.tolist() for column in columns), strict=True)
    return list(zip(rows.tolist(), names, strict=True))


def _alarms(flat: Sequence[tuple[int, dict[str, Any]]]) -> SafetyAlarms:
    """Alarms of reports; columns that the program which stored them did not know yet are untold."""
    known = [name for name in _NAMES if all(name in one for _, one in flat)]
    columns: dict[str, Any] = {name: [one[name] for _, one in flat] for name in known}
    columns["identifier"] = [bytes.fromhex(one["identifier"]) for _, one in flat]
    return SafetyAlarms.build(row=[row for row, _ in flat], **columns)
