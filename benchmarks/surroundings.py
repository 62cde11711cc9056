"""The real parts a stage needs, started fresh on free ports and ended with it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from alerts import migrate
from stream.embedded import EmbeddedPostgres
from tests.services import data_folder, free_port


@contextmanager
def durable_database() -> Iterator[str]:
    """DSN of a fresh, migrated database with its durability on, as in production."""
    with data_folder() as folder, EmbeddedPostgres(folder, free_port()) as server:
        messages = io.StringIO()
        if migrate.run(server.dsn(), messages, messages):
            raise RuntimeError(messages.getvalue())
        yield server.dsn()
