"""Fixtures shared by all tests: the real database and the real broker."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from alerts import migrate
from tests.services import running_broker, running_postgres

# Two test processes share two cores with a broker and a database: how long a draw takes says nothing of it.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """DSN of the maintenance database of a PostgreSQL that lives as long as the session."""
    with running_postgres() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def template_database(postgres_dsn: str) -> str:
    """Name of a migrated database that the tests' own are copied from."""
    name = "haulwatch_template"
    stderr = io.StringIO()
    assert migrate.run(_url(postgres_dsn, name), io.StringIO(), stderr) == 0, stderr.getvalue()
    return name


@pytest.fixture
def empty_database(postgres_dsn: str) -> Iterator[str]:
    """DSN of a fresh database without any table."""
    yield from _database(postgres_dsn, "template0")


@pytest.fixture
def database(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """DSN of a fresh, migrated database for one test."""
    yield from _database(postgres_dsn, template_database)


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """Bootstrap address of a memory-only Kafka-protocol broker that a module has for itself.

    Not longer: a topic keeps the partition count it was first made with, and modules want different ones.
    """
    with running_broker() as bootstrap_servers:
        yield bootstrap_servers


def _database(postgres_dsn: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield _url(postgres_dsn, name)
        finally:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _url(postgres_dsn: str, name: str) -> str:
    return postgres_dsn.rsplit("/", 1)[0] + "/" + name
