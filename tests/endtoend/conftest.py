"""A whole centre for one test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.endtoend.centre import Centre, make_centre
from tests.services import running_broker


@pytest.fixture
def centre(database: str, tmp_path: Path) -> Iterator[Centre]:
    """Broker and database are up, topics and tables made; no role runs. All that is started is ended."""
    with running_broker() as bootstrap_servers:
        asyncio.run(ensure_topics(bootstrap_servers, {TELEMETRY: 4, ALERTS: 1, COMMANDS: 1}))
        centre = make_centre(database, bootstrap_servers, tmp_path)
        try:
            yield centre
        finally:
            for process in centre.running.values():
                process.kill()
                process.wait()
