"""Which vehicles are recomputed, in batches of one partition each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import asyncpg

from alerts.times import to_datetime
from rules.identity import partition_of, vehicle_key
from rules.vehicle_class import PASSENGER_CLASSES, class_code
from stream.errors import OperatorError, ServiceError
from stream.topics import TELEMETRY

#: Vehicles of a batch: enough that the cost of asking the database and the engine is shared.
BATCH_VEHICLES = 32


@dataclass(frozen=True, slots=True)
class Batch:
    """Vehicles of one partition that are read and evaluated together."""

    partition: int
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for: some vehicles by id, some partitions, or all; `partitions` is how many
    there are where no worker has said so."""

    from_ms: int
    to_ms: int
    vehicle_ids: Sequence[str]
    numbers: Collection[int]
    partitions: int


async def plan(connection: asyncpg.Connection, wanted: Wanted) -> list[Batch]:
    """The batches by partition. Coaches have batches of their own: their tracks are read for eight days
    before.

    Raises
    ------
    ServiceError
        The database has no schema of this program.
    OperatorError
        There is no such partition.
    """
    if await connection.fetchval("SELECT to_regclass('vehicle_days')") is None:
        raise ServiceError("the database has no haulwatch schema, or an older one; run `haulwatch migrate`")
    partitions = await _partitions(connection) or wanted.partitions
    for number in wanted.numbers:
        if not 0 <= number < partitions:
            raise OperatorError(f"--partition {number}: there are {partitions}, numbered from 0")
    vehicles = await _vehicles(connection, wanted)
    groups: dict[tuple[int, bool], list[int]] = {}
    for key, coach in sorted(vehicles.items()):
        number = partition_of(key, partitions)
        if not wanted.numbers or number in wanted.numbers:
            groups.setdefault((number, coach), []).append(key)
    return [Batch(number, part) for (number, _), keys in sorted(groups.items()) for part in _cut(keys)]


def _cut(keys: Sequence[int]) -> Iterator[tuple[int, ...]]:
    return (tuple(keys[at : at + BATCH_VEHICLES]) for at in range(0, len(keys), BATCH_VEHICLES))


async def _partitions(connection: asyncpg.Connection) -> int:
    """How many partitions workers have claimed; 0 when none ever did."""
    newest: int | None = await connection.fetchval(
        "SELECT max(partition) FROM checkpoints WHERE topic = $1", TELEMETRY
    )
    return 0 if newest is None else newest + 1


async def _vehicles(connection: asyncpg.Connection, wanted: Wanted) -> dict[int, bool]:
    """The vehicles that may have reported in the span, and whether they carry passengers."""
    days = (to_datetime(wanted.from_ms).date(), to_datetime(wanted.to_ms).date())
    rows = await connection.fetch(
        "SELECT vehicle_key, bool_or(vehicle_class = ANY($3::smallint[])) AS coach FROM vehicle_days"
        " WHERE day BETWEEN $1 AND $2 GROUP BY vehicle_key",
        *(*days, list(map(int, PASSENGER_CLASSES))),
    )
    found: dict[int, bool] = {row["vehicle_key"]: row["coach"] for row in rows}
    # Days before the migration are in no table: then every registered vehicle may have reported.
    registered = await connection.fetch(
        "SELECT vehicle_key, vehicle_class FROM vehicles WHERE EXISTS"
        " (SELECT FROM schema_migrations WHERE version = 12 AND applied_at > $1)",
        to_datetime(wanted.from_ms),
    )
    for row in registered:
        found.setdefault(row["vehicle_key"], class_code(row["vehicle_class"]) in PASSENGER_CLASSES)
    if not wanted.vehicle_ids:
        return found
    return {key: found.get(key, False) for key in map(vehicle_key, wanted.vehicle_ids)}
