"""The desk's connections to the database; when it is away, callers hear so in the API's words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import psycopg
from psycopg.conninfo import conninfo_to_dict

from alerts.database_errors import DATABASE_AWAY
from alerts.desk.errors import ApiError

CONNECT_TIMEOUT_S = 3.0
"""A request waits no longer for a database that is away than an operator waits for a click."""
COMMAND_TIMEOUT_S = 30.0
POOL_CONNECTIONS = 8
"""Queries of one desk process at once; the rest wait their turn. PostgreSQL has 100 for all by default."""

_SCHEMA_ERRORS = (
    asyncpg.UndefinedTableError,
    asyncpg.UndefinedColumnError,
    asyncpg.UndefinedFunctionError,
    asyncpg.InvalidCatalogNameError,
)
AWAY_ERRORS = (
    *DATABASE_AWAY,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ReadOnlySQLTransactionError,
    *_SCHEMA_ERRORS,
)
"""What asyncpg raises when nothing is wrong with the question but the database can't be asked."""


class DatabaseAway(ApiError):
    """503: the database can't be asked now."""


def database_away(error: Exception) -> DatabaseAway:
    """What an operator is told for one of `AWAY_ERRORS`."""
    if isinstance(error, _SCHEMA_ERRORS):
        return DatabaseAway(
            503,
            "database_not_migrated",
            "the database lacks haulwatch's tables; run `haulwatch migrate`",
            "数据库尚未初始化，请运行 haulwatch migrate",
        )
    return DatabaseAway(
        503,
        "database_unavailable",
        f"the database can't be reached ({type(error).__name__}); try again",
        "数据库暂不可用，请稍后重试",
    )


class Database:
    """A pool that may be opened while the database is away; it connects when it is asked for something."""

    def __init__(self, dsn: str) -> None:
        """Raises ValueError for a DSN that is no ``postgresql://`` address."""
        try:
            conninfo_to_dict(dsn)
            usable = urlsplit(dsn).scheme in ("postgres", "postgresql")
        except (psycopg.Error, ValueError):
            usable = False
        if not usable:
            raise ValueError("the DSN must look like postgresql://user:password@host:port/database")
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Make the pool, without connecting."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=0,
            max_size=POOL_CONNECTIONS,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings={"application_name": "haulwatch desk"},
        )

    async def close(self) -> None:
        """Drop all connections at once; whoever still asks hears that the database is away."""
        if self._pool is not None:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection for a while. Raises ``DatabaseAway``."""
        assert self._pool is not None, "open() first"
        try:
            async with self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                yield connection
        except AWAY_ERRORS as error:
            raise database_away(error) from error

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """All rows of a query. Raises ``DatabaseAway``."""
        async with self.connection() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            return rows

    async def fetchrow(self, query: str, *arguments: object) -> asyncpg.Record | None:
        """The first row of a query. Raises ``DatabaseAway``."""
        async with self.connection() as connection:
            return await connection.fetchrow(query, *arguments)
