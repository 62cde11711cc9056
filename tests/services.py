"""The real broker and database that tests run against, on free ports, ended with the session."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stream.embedded import EmbeddedBroker, EmbeddedPostgres

NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}
"""A test's database dies with the test; nothing is to be kept through a power cut."""


def free_port() -> int:
    """A TCP port of the loopback interface that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder that the database's own account can enter, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="haulwatch-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_postgres() -> Iterator[str]:
    """A fresh PostgreSQL without durability; yields the DSN of its database ``postgres``."""
    with (
        data_folder() as folder,
        EmbeddedPostgres(folder, free_port(), server_settings=NOT_DURABLE) as server,
    ):
        yield server.dsn("postgres")


@contextmanager
def running_broker(port: int | None = None) -> Iterator[str]:
    """A fresh memory-only Kafka-protocol broker; yields its bootstrap address."""
    with (
        data_folder() as folder,
        EmbeddedBroker(port or free_port(), log_path=folder / "broker.log") as broker,
    ):
        yield broker.bootstrap_servers
