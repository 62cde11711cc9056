"""Telling a database that is away from one that says no."""

from __future__ import annotations

import asyncpg

#: The connection broke, the server restarts or has no room, or a transaction lost against another: the same
#: work is tried again. InternalClientError is what asyncpg says when a COPY's connection dies under it.
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
