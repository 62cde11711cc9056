"""The registry of vehicles and their terminals: imported from CSV, looked up by phone."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import asyncpg
import psycopg

from alerts.database_errors import explain_database_error
from alerts.registry_rows import RegistryFileError, RegistryRows, Vehicle, normal_phone, read_registry
from rules.identity import vehicle_key
from rules.vehicle_class import class_code

MAX_REPORTED_ROWS = 100
"""Enough to see what is wrong; the wrong file must not scroll a hundred thousand lines past the reader."""

_AUTH_CODE_BYTES = 8
_CONNECT_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Terminal:
    """A known terminal and its vehicle; ``vehicle_class`` is the code of ``rules.vehicle_class``."""

    vehicle_id: str
    vehicle_key: int
    terminal_phone: str
    plate: str
    plate_colour: int
    vehicle_class: int
    driver_id: str
    auth_code: str


async def find_terminals(
    source: asyncpg.Pool | asyncpg.Connection, phones: Sequence[str]
) -> dict[str, Terminal]:
    """The terminals of `phones`, keyed by the phones as given (leading zeros do not matter).

    A phone that is not registered is not in the result. Raises asyncpg's errors when the database is away.
    """
    wanted = {phone: normal_phone(phone) for phone in phones}
    rows = await source.fetch(
        """SELECT vehicle_id, vehicle_key, terminal_phone, plate, plate_colour, vehicle_class, driver_id,
                  auth_code FROM vehicles WHERE terminal_phone = ANY($1)""",
        list(set(wanted.values())),
    )
    found = {}
    for row in rows:
        fields = dict(row)
        fields["vehicle_class"] = class_code(fields["vehicle_class"])
        found[row["terminal_phone"]] = Terminal(**fields)
    return {phone: found[normal] for phone, normal in wanted.items() if normal in found}


async def find_by_plate(
    source: asyncpg.Pool | asyncpg.Connection, plates: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Terminal]:
    """The vehicles of plates with their colours; one that is not registered is not in the result.

    Of two vehicles with one plate and colour, a mistake of the registry, the newest counts. Raises asyncpg's
    errors when the database is away.
    """
    wanted = set(plates)
    rows = await source.fetch(
        """SELECT vehicle_id, vehicle_key, terminal_phone, plate, plate_colour, vehicle_class, driver_id,
                  auth_code FROM vehicles WHERE plate = ANY($1) ORDER BY imported_at""",
        list({plate for plate, _ in wanted if "\0" not in plate}),
    )
    found = {}
    for row in rows:
        place = (row["plate"], row["plate_colour"])
        if place in wanted:
            fields = dict(row)
            fields["vehicle_class"] = class_code(fields["vehicle_class"])
            found[place] = Terminal(**fields)
    return found


def import_csv(dsn: str, path: str | Path, stdout: TextIO | None = None, stderr: TextIO | None = None) -> int:
    """Add and change vehicles from a CSV file (``-`` is standard input).

    A broken row is reported with its line and set aside, the others are imported. A vehicle that is there
    already keeps its authentication code; a new one gets a random one.

    Returns
    -------
    int
        0 all rows imported, 1 some row or the database refused, 2 the file can't be read.
    """
    stdout, stderr = stdout or sys.stdout, stderr or sys.stderr
    try:
        data = sys.stdin.buffer.read() if str(path) == "-" else Path(path).read_bytes()
        rows = read_registry(data)
    except OSError as error:
        print(f"haulwatch registry: can't read {path}: {error.strerror or error}", file=stderr)
        return 2
    except RegistryFileError as error:
        print(f"haulwatch registry: {path}: {error}", file=stderr)
        return 2
    for line in rows.notes:
        print(f"{path}: {line}", file=stderr)
    try:
        with psycopg.connect(dsn, connect_timeout=_CONNECT_TIMEOUT_S) as connection:
            added, changed = _store(connection, rows)
    except psycopg.Error as error:
        print(f"haulwatch registry: nothing imported: {explain_database_error(error, dsn)}", file=stderr)
        return 1
    _report_broken(path, rows, stderr)
    same = len(rows.vehicles) - added - changed
    print(
        f"imported {len(rows.vehicles)} vehicles ({added} new, {changed} changed, {same} unchanged), "
        f"refused {len(rows.broken)} rows",
        file=stdout,
    )
    return 1 if rows.broken else 0


def _report_broken(path: str | Path, rows: RegistryRows, stderr: TextIO) -> None:
    lines = sorted(rows.broken.items())
    for number, reason in lines[:MAX_REPORTED_ROWS]:
        print(f"{path} line {number}: {reason}", file=stderr)
    if len(lines) > MAX_REPORTED_ROWS:
        print(f"{path}: {len(lines) - MAX_REPORTED_ROWS} more rows refused", file=stderr)


def _store(connection: psycopg.Connection, rows: RegistryRows) -> tuple[int, int]:
    """Upsert all vehicles in one transaction; returns how many are new and how many changed."""
    with connection.transaction():
        # Two imports at once would each check phones that the other is about to write.
        connection.execute("LOCK TABLE vehicles IN SHARE ROW EXCLUSIVE MODE")
        connection.execute("CREATE TEMP TABLE incoming (LIKE vehicles, line integer) ON COMMIT DROP")
        _copy(connection, rows.vehicles.items())
        _set_taken_phones_aside(connection, rows)
        # A phone may move from one vehicle of the file to another: free all phones that change first.
        connection.execute(
            """UPDATE vehicles v SET terminal_phone = '~' || v.vehicle_id FROM incoming i
               WHERE v.vehicle_id = i.vehicle_id AND v.terminal_phone <> i.terminal_phone"""
        )
        results = connection.execute(_UPSERT).fetchall()
    return sum(new for (new,) in results), sum(not new for (new,) in results)


_UPSERT = """
INSERT INTO vehicles AS v (vehicle_key, vehicle_id, terminal_phone, plate, plate_colour, vehicle_class,
                           total_mass_kg, enterprise, driver_id, auth_code)
SELECT vehicle_key, vehicle_id, terminal_phone, plate, plate_colour, vehicle_class,
       total_mass_kg, enterprise, driver_id, auth_code FROM incoming
ON CONFLICT (vehicle_id) DO UPDATE SET
    terminal_phone = excluded.terminal_phone, plate = excluded.plate, plate_colour = excluded.plate_colour,
    vehicle_class = excluded.vehicle_class, total_mass_kg = excluded.total_mass_kg,
    enterprise = excluded.enterprise, driver_id = excluded.driver_id, imported_at = now()
WHERE (v.terminal_phone, v.plate, v.plate_colour, v.vehicle_class, v.total_mass_kg, v.enterprise, v.driver_id)
    IS DISTINCT FROM (excluded.terminal_phone, excluded.plate, excluded.plate_colour, excluded.vehicle_class,
                      excluded.total_mass_kg, excluded.enterprise, excluded.driver_id)
RETURNING (xmax = 0)
"""


def _copy(connection: psycopg.Connection, vehicles: Iterable[tuple[int, Vehicle]]) -> None:
    statement = """COPY incoming (line, vehicle_key, vehicle_id, terminal_phone, plate, plate_colour,
                   vehicle_class, total_mass_kg, enterprise, driver_id, auth_code, imported_at) FROM STDIN"""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line, vehicle in vehicles:
            copy.write_row(
                (
                    *(line, vehicle_key(vehicle.vehicle_id), vehicle.vehicle_id, vehicle.terminal_phone),
                    *(vehicle.plate, vehicle.plate_colour, vehicle.vehicle_class, vehicle.total_mass_kg),
                    *(vehicle.enterprise, vehicle.driver_id, secrets.token_hex(_AUTH_CODE_BYTES), "now"),
                )
            )


def _set_taken_phones_aside(connection: psycopg.Connection, rows: RegistryRows) -> None:
    """Refuse rows whose phone belongs to a vehicle that keeps it."""
    while True:
        taken = connection.execute(
            """DELETE FROM incoming i USING vehicles v
               WHERE v.terminal_phone = i.terminal_phone AND v.vehicle_id <> i.vehicle_id
                 AND NOT EXISTS (SELECT 1 FROM incoming o WHERE o.vehicle_id = v.vehicle_id)
               RETURNING i.line, i.terminal_phone, v.vehicle_id"""
        ).fetchall()
        # A refused row leaves its vehicle with the old phone, which may be the one another row asks for.
        if not taken:
            return
        for line, phone, owner in taken:
            del rows.vehicles[line]
            rows.broken[line] = f"terminal_phone {phone} belongs to vehicle {owner} already"
