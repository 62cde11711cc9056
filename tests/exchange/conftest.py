"""Two platforms' surroundings: a broker each for all tests of a file, a database each for every test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from stream.topics import ensure_topics
from tests.conftest import _database
from tests.exchange.platforms import TOPICS, Place
from tests.services import running_broker


@pytest.fixture(scope="module")
def broker_below() -> Iterator[str]:
    yield from _broker()


@pytest.fixture(scope="module")
def broker_above() -> Iterator[str]:
    yield from _broker()


def _broker() -> Iterator[str]:
    with running_broker() as bootstrap_servers:
        asyncio.run(ensure_topics(bootstrap_servers, TOPICS))
        yield bootstrap_servers


@pytest.fixture
def below(broker_below: str, postgres_dsn: str, template_database: str) -> Iterator[Place]:
    """Where the lower platform lives."""
    for dsn in _database(postgres_dsn, template_database):
        yield Place(broker_below, dsn)


@pytest.fixture
def above(broker_above: str, postgres_dsn: str, template_database: str) -> Iterator[Place]:
    """Where the upper platform lives."""
    for dsn in _database(postgres_dsn, template_database):
        yield Place(broker_above, dsn)
