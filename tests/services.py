"""The real broker and database that tests run against, on free ports, ended with the session."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """A TCP port of the loopback interface that nobody holds at this moment, another one at each call."""
    for port in _candidates:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError("no port is free")


def _port_numbers() -> Iterator[int]:
    """Each once, below the range of outgoing connections, which could take a port before its server does.

    Processes that run tests side by side start in different places.
    """
    start = os.getpid() * 613
    return (20_000 + (start + step) % 12_000 for step in range(12_000))


_candidates = _port_numbers()


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
