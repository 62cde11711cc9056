"""Brings a database to the newest schema, whoever runs it and however often."""

from __future__ import annotations

import hashlib
import re
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from typing import TextIO

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from alerts.database_errors import describe_dsn, explain_database_error
from alerts.flavour import choose_flavour

MIGRATION_LOCK = 807
LOCK_TIMEOUT_S = 60
"""How long a second migration waits for the first: long enough for any migration of an empty database."""
CONNECT_TIMEOUT_S = 10

DAYS_BACK = 7
"""Terminals empty their blind-area memory within days; older days fall into the default partition."""
DAYS_AHEAD = 14
"""Two weeks in which nobody needs to call ``ensure_partitions`` before rows reach the default partition."""

_FILE_NAME = re.compile(r"(\d{4})_(\w+?)(?:\.(timescale|native))?\.sql")


class MigrationError(Exception):
    """The schema can't be brought up to date; the text is one line for the person at the keyboard."""


@dataclass(frozen=True)
class Migration:
    """One file of ``alerts/migrations``; ``flavour`` is None for every database."""

    version: int
    name: str
    flavour: str | None
    text: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the file's text, recorded when it is applied."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_migrations(flavour: str) -> list[Migration]:
    """The migrations for one flavour of database, by ascending version."""
    found = []
    for entry in files("alerts.migrations").iterdir():
        match = _FILE_NAME.fullmatch(entry.name)
        if match and match[3] in (None, flavour):
            found.append(Migration(int(match[1]), match[2], match[3], entry.read_text(encoding="utf-8")))
    return sorted(found, key=lambda migration: migration.version)


def run(dsn: str, stdout: TextIO | None = None, stderr: TextIO | None = None) -> int:
    """Create the database when it is missing, apply what is new, say what was found.

    Parameters
    ----------
    dsn : str
        libpq connection string or URL of the haulwatch database.
    stdout, stderr : text files, optional
        Where progress and the one line of an error go; the process's own by default.

    Returns
    -------
    int
        0 when the schema is the newest, 1 when it is not (an error line says why).
    """
    stdout, stderr = stdout or sys.stdout, stderr or sys.stderr
    try:
        _migrate(dsn, stdout)
    except MigrationError as error:
        print(f"haulwatch migrate: {error}", file=stderr)
        return 1
    except psycopg.Error as error:
        print(f"haulwatch migrate: {explain_database_error(error, dsn)}", file=stderr)
        return 1
    return 0


def ensure_partitions(
    target: str | psycopg.Connection, days_back: int = DAYS_BACK, days_ahead: int = DAYS_AHEAD
) -> int:
    """Make the daily track partitions around today; a hypertable needs none.

    Call it at start and once a day.  Returns how many were made.  Raises ``psycopg.Error``: a lock that
    can not be had within 3 s (``LockNotAvailable``) may be tried again later; nothing is refused until then.
    """
    if isinstance(target, str):
        with psycopg.connect(target, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            return ensure_partitions(connection, days_back, days_ahead)
    row = target.execute("SELECT tracks_ensure_days(%s, %s)", (days_back, days_ahead)).fetchone()
    return int(row[0]) if row else 0


def _migrate(dsn: str, stdout: TextIO) -> None:
    _create_database_if_missing(dsn, stdout)
    with psycopg.connect(dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
        connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'")
        connection.execute("SET client_min_messages = warning")
        try:
            connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        except psycopg.errors.LockNotAvailable:
            raise MigrationError(
                f"another migration of this database has run for {LOCK_TIMEOUT_S} s; try again when it ends"
            ) from None
        _migrate_locked(connection, stdout)


def _create_database_if_missing(dsn: str, stdout: TextIO) -> None:
    try:
        psycopg.connect(dsn, connect_timeout=CONNECT_TIMEOUT_S).close()
    except psycopg.OperationalError as error:
        if not _create_database(dsn):
            raise error
        print(f"created {describe_dsn(dsn)}", file=stdout)


def _create_database(dsn: str) -> bool:
    """True when the database was missing and is there now.

    The refusal of a connection carries no SQLSTATE and its text is in the server's language, so the
    maintenance database is asked.
    """
    name = conninfo_to_dict(dsn).get("dbname")
    if not name:
        return False
    try:
        connection = psycopg.connect(
            dsn, dbname="postgres", autocommit=True, connect_timeout=CONNECT_TIMEOUT_S
        )
    except psycopg.OperationalError:
        return False
    with connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            return False
        statement = sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0")
        with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            connection.execute(statement.format(sql.Identifier(str(name))))
    return True


def _migrate_locked(connection: psycopg.Connection, stdout: TextIO) -> None:
    connection.execute(
        """CREATE TABLE IF NOT EXISTS schema_migrations (
               version    integer     PRIMARY KEY,
               name       text        NOT NULL,
               flavour    text        NOT NULL,
               checksum   text        NOT NULL,
               applied_at timestamptz NOT NULL DEFAULT now())"""
    )
    applied = {
        version: (flavour, checksum)
        for version, flavour, checksum in connection.execute(
            "SELECT version, flavour, checksum FROM schema_migrations"
        )
    }
    flavour = choose_flavour(connection, {flavour for flavour, _ in applied.values()}, stdout)
    migrations = load_migrations(flavour)
    _refuse_foreign_history(migrations, {version: checksum for version, (_, checksum) in applied.items()})
    fresh = [migration for migration in migrations if migration.version not in applied]
    for migration in fresh:
        _apply(connection, migration, flavour)
        print(f"applied {migration.version:04d} {migration.name}", file=stdout)
    made = ensure_partitions(connection)
    if made:
        print(f"made {made} daily partitions of tracks", file=stdout)
    newest = migrations[-1].version
    print(f"schema is at version {newest}" + ("" if fresh else ", nothing to do"), file=stdout)


def _refuse_foreign_history(migrations: list[Migration], applied: dict[int, str]) -> None:
    known = {migration.version: migration.checksum for migration in migrations}
    newer = sorted(set(applied) - set(known))
    if newer:
        raise MigrationError(
            f"the database is at schema version {newer[-1]}, this program knows {max(known)}: "
            "install a newer haulwatch"
        )
    for version, checksum in applied.items():
        if known[version] != checksum:
            raise MigrationError(
                f"migration {version:04d} was applied with other text than this program has; "
                "use the haulwatch release that made this database"
            )


def _apply(connection: psycopg.Connection, migration: Migration, flavour: str) -> None:
    with connection.transaction():
        connection.execute(migration.text.encode())
        connection.execute(
            "INSERT INTO schema_migrations (version, name, flavour, checksum) VALUES (%s, %s, %s, %s)",
            (migration.version, migration.name, flavour, migration.checksum),
        )
