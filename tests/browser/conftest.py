"""A desk that serves the built page, and Chromium to look at it."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.topics import ensure_topics
from tests.conftest import _database
from tests.desk.running import TOPICS, RunningDesk, running_desk, wait_until
from tests.services import running_broker

CONSOLE = Path(__file__).parents[2] / "console"


def missing() -> str | None:
    """Why the page can't be looked at here; None when it can."""
    if shutil.which("node") is None:
        return "no node on the PATH"
    if not (CONSOLE / "node_modules" / "playwright-core").is_dir():
        return "the page's packages are not installed: make install"
    if not (CONSOLE / "dist" / "index.html").is_file():
        return "the page is not built: make install"
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        return "no chromium on the PATH (on Debian: apt-get install chromium); CHROMIUM may name another"
    version = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=False)
    return None if version.returncode == 0 else f"{chromium} does not start: {version.stderr.strip()[-200:]}"


@pytest.fixture(scope="module")
def desk(postgres_dsn: str, template_database: str) -> Iterator[RunningDesk]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    databases = _database(postgres_dsn, template_database)
    dsn = next(databases)
    with running_broker() as bootstrap_servers:
        asyncio.run(ensure_topics(bootstrap_servers, TOPICS))
        with running_desk(dsn, bootstrap_servers) as desk:
            wait_until(lambda: desk.get("/api/health").json()["ok"])
            yield desk
    databases.close()
