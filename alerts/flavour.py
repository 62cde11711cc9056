"""Which kind of database this is: TimescaleDB with hypertables, or plain PostgreSQL with partitions."""

from __future__ import annotations

from typing import TextIO

import psycopg

from alerts.database_errors import first_line

TIMESCALE = "timescale"
NATIVE = "native"


def choose_flavour(connection: psycopg.Connection, recorded: set[str], stdout: TextIO) -> str:
    """What the tables were made for, or, for an empty database, the best the server offers."""
    server = connection.info.parameter_status("server_version") or "?"
    if recorded:
        flavour = TIMESCALE if TIMESCALE in recorded else NATIVE
    else:
        flavour = TIMESCALE if _create_timescale(connection, stdout) else NATIVE
    if flavour == TIMESCALE:
        print(
            f"found TimescaleDB {_timescale_version(connection)} on PostgreSQL {server}: "
            "tracks are a hypertable",
            file=stdout,
        )
    else:
        print(f"found PostgreSQL {server} without TimescaleDB: tracks are partitioned by day", file=stdout)
        if _timescale_version(connection):
            print("TimescaleDB was added after the tables were made; they stay as they are", file=stdout)
    return flavour


def _timescale_version(connection: psycopg.Connection) -> str | None:
    row = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
    return str(row[0]) if row else None


def _create_timescale(connection: psycopg.Connection, stdout: TextIO) -> bool:
    if _timescale_version(connection):
        return True
    offered = connection.execute(
        "SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'"
    ).fetchone()
    if not offered:
        return False
    try:
        connection.execute("CREATE EXTENSION timescaledb")
    except psycopg.Error as error:
        print(
            f"TimescaleDB is installed but can't be used here ({first_line(error)}); going on without it",
            file=stdout,
        )
        return False
    return True
