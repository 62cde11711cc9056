"""Which vehicles reported on which day, as what class, and who drove them (`vehicle_days`).

The table tells a second look at tracks which vehicles a driver's hours lie in. A vehicle's row of a day is
written with its first report; a fixed table remembers what was written, so that the others cost no query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import asyncpg
import numpy as np
from numpy.typing import NDArray

from rules.change import Disposition
from rules.reports import Reports

_DAY_MS = 86_400_000
_EPOCH = date(1970, 1, 1)
#: Places of the table, 8 MiB: of 50,000 vehicles one in twenty shares its place, and is written anew each
#: time.
_PLACES = 1 << 20
_MIX, _SHIFT = np.uint64(0x9E37_79B9_7F4A_7C15), np.uint64(31)


@dataclass(frozen=True, slots=True)
class VehicleDays:
    """n rows of `vehicle_days`; `day` counts days (UTC) since 1970."""

    vehicle_key: NDArray[np.int64]
    day: NDArray[np.int64]
    driver_key: NDArray[np.int64]
    vehicle_class: NDArray[np.uint8]
    partition: NDArray[np.int64]


_NONE = np.empty(0, np.int64)
NO_DAYS = VehicleDays(_NONE, _NONE, _NONE, _NONE.astype(np.uint8), _NONE)


class KnownDays:
    """What one process has written lately. Forgetting is harmless: the row is then written once more."""

    def __init__(self) -> None:
        self._marks = np.zeros(_PLACES, np.uint64)

    def news(
        self,
        reports: Reports,
        disposition: NDArray[np.uint8],
        partition: NDArray[np.int64] | None = None,
    ) -> VehicleDays:
        """The rows that n reports need and that were not asked for before. `partition` is that of each
        report, None where there is but one."""
        day = reports.time_ms // _DAY_MS
        mark = reports.vehicle_key.astype(np.uint64)
        for column in (reports.driver_key, day, reports.vehicle_class):
            mark = (mark ^ (mark >> _SHIFT)) * _MIX + column.astype(np.uint64)
        mark ^= mark >> _SHIFT
        place = (mark % np.uint64(_PLACES)).astype(np.int64)
        counts = (disposition != Disposition.IMPOSSIBLE) & (disposition != Disposition.DUPLICATE)
        new = ((self._marks[place] != mark) & counts).nonzero()[0]
        if not len(new):
            return NO_DAYS
        self._marks[place[new]] = mark[new]
        new = new[np.unique(mark[new], return_index=True)[1]]
        return VehicleDays(
            reports.vehicle_key[new],
            day[new],
            reports.driver_key[new],
            reports.vehicle_class[new],
            np.zeros(len(new), np.int64) if partition is None else partition[new],
        )


async def write_days(connection: asyncpg.Connection, days: VehicleDays) -> Sequence[asyncpg.Record]:
    """Write rows inside the caller's transaction; those that are there stay. Returns `driver_key`,
    `partition` and `day` of the others, where a driver was named."""
    if not len(days.day):
        return []
    order = np.lexsort((days.day, days.vehicle_key))  # one order of locks for everybody
    written: Sequence[asyncpg.Record] = await connection.fetch(
        "WITH written AS (INSERT INTO vehicle_days (vehicle_key, day, driver_key, vehicle_class, partition)"
        " SELECT * FROM unnest($1::bigint[], $2::date[], $3::bigint[], $4::smallint[], $5::integer[])"
        " ON CONFLICT DO NOTHING RETURNING driver_key, partition, day)"
        " SELECT * FROM written WHERE driver_key <> 0",
        days.vehicle_key[order].tolist(),
        [_EPOCH + timedelta(days=one) for one in days.day[order].tolist()],
        days.driver_key[order].tolist(),
        days.vehicle_class[order].tolist(),
        days.partition[order].tolist(),
    )
    return written
