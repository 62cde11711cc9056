"""One desk a module, with a database and a broker of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from stream.topics import ensure_topics
from tests.conftest import _database
from tests.desk.running import TOPICS, RunningDesk, running_desk, wait_until
from tests.services import running_broker


@pytest.fixture(scope="module")
def desk(postgres_dsn: str, template_database: str) -> Iterator[RunningDesk]:
    databases = _database(postgres_dsn, template_database)
    dsn = next(databases)
    with running_broker() as bootstrap_servers:
        asyncio.run(ensure_topics(bootstrap_servers, TOPICS))
        with running_desk(dsn, bootstrap_servers) as desk:
            wait_until(lambda: desk.get("/api/health").json()["ok"])
            yield desk
    databases.close()
