"""Two platforms' surroundings: a broker and a database each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.conftest import _database
from tests.exchange.platforms import Place, make_topics
from tests.services import running_broker


@pytest.fixture
async def below(postgres_dsn: str, template_database: str) -> AsyncIterator[Place]:
    """Where the lower platform lives."""
    for place in _place(postgres_dsn, template_database):
        await make_topics(place)
        yield place


@pytest.fixture
async def above(postgres_dsn: str, template_database: str) -> AsyncIterator[Place]:
    """Where the upper platform lives."""
    for place in _place(postgres_dsn, template_database):
        await make_topics(place)
        yield place


def _place(postgres_dsn: str, template_database: str) -> Iterator[Place]:
    with running_broker() as bootstrap_servers:
        for dsn in _database(postgres_dsn, template_database):
            yield Place(bootstrap_servers, dsn)
