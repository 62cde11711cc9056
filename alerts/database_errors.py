"""What database drivers raise: which of it means that the database is away, and one line for a person."""

from __future__ import annotations

import asyncpg
from psycopg.conninfo import conninfo_to_dict

DATABASE_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
"""The connection broke, the server restarts or has no room, or a transaction lost against another: the same
work is tried again. InternalClientError is what asyncpg says when a connection dies under its work."""


def explain_database_error(error: BaseException, dsn: str) -> str:
    """What happened, to which database, and what to do; never the password.

    Works for psycopg and asyncpg alike: both carry ``sqlstate`` when the server answered.
    """
    where = describe_dsn(dsn)
    first = first_line(error)
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is None and "FATAL:" in first:
        return f"{where} refused the connection: {first.partition('FATAL:')[2].strip()}; check the DSN"
    if sqlstate in ("42501",):
        return f"{where}: the user lacks a right ({first}); grant it or use the owner of the database"
    if sqlstate in ("28P01", "28000"):
        return f"{where}: the server refused the user or password; check the DSN"
    if sqlstate == "3D000":
        return f"{where}: the database does not exist; run `haulwatch migrate`"
    if sqlstate in ("42P01", "42703", "42883"):
        return f"{where}: the schema is missing or old ({first}); run `haulwatch migrate`"
    if sqlstate is None:
        return f"{where} is away: {first}; check that it runs and that the DSN is right"
    return f"{where}: {first}"


def describe_dsn(dsn: str) -> str:
    """``database NAME at HOST:PORT``, without user and password."""
    try:
        parts = conninfo_to_dict(dsn)
    except Exception:
        return "the database"
    host, port = parts.get("host") or "localhost", parts.get("port") or 5432
    return f"database {parts.get('dbname') or '(default)'} at {host}:{port}"


def first_line(error: BaseException) -> str:
    """The first line of an error's text that says something, without drivers' prefixes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    for noise in ("connection failed: ", "connection is bad: "):
        text = text.removeprefix(noise)
    return text.rstrip(".;")
