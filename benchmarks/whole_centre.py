"""The whole centre as processes: broker, durable database, worker, desk, gateway; for stages that need it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from alerts.registry import import_csv
from benchmarks.load import wait_listening
from benchmarks.surroundings import durable_database
from stream.topics import ALERTS, COMMANDS, TELEMETRY, ensure_topics
from tests.services import data_folder, free_port, running_broker

ROLES = ("worker", "desk", "gateway")
PARTITIONS = 12
PATIENCE_S = 300.0


@dataclass
class WholeCentre:
    """Parts of one run. Roles may be started and stopped again; broker and database stay."""

    dsn: str
    bootstrap_servers: str
    folder: Path
    gateway_port: int = field(default_factory=free_port)
    desk_port: int = field(default_factory=free_port)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def register(self, registry_csv: str) -> dict[str, str]:
        """Import vehicles; their authentication codes by terminal phone."""
        path = self.folder / "registry.csv"
        path.write_text(registry_csv, encoding="utf-8")
        if import_csv(self.dsn, path):
            raise RuntimeError("the registry was not imported")
        with psycopg.connect(self.dsn) as connection:
            return dict(connection.execute("SELECT terminal_phone, auth_code FROM vehicles").fetchall())

    def start(self, also: Mapping[str, str] | None = None) -> None:
        """Start the roles, with other settings in their environment; gateway and desk listen when this
        returns."""
        settings = {
            "HAULWATCH_BROKER_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "HAULWATCH_DATABASE_DSN": self.dsn,
            "HAULWATCH_GATEWAY_HOST": "127.0.0.1",
            "HAULWATCH_GATEWAY_PORT": str(self.gateway_port),
            "HAULWATCH_DESK_PORT": str(self.desk_port),
            "HAULWATCH_GATEWAY_METRICS_PORT": str(free_port()),
            "HAULWATCH_WORKER_METRICS_PORT": str(free_port()),
            **(also or {}),
        }
        for role in ROLES:
            with (self.folder / f"{role}.log").open("ab") as log:
                command = [sys.executable, "-m", "stream.cli", role]
                self.running[role] = subprocess.Popen(
                    command, env=os.environ | settings, stdout=log, stderr=log
                )
        for port in (self.gateway_port, self.desk_port):
            wait_listening(port)

    def stop(self) -> None:
        """End the roles, from where the data comes in."""
        for role in reversed(ROLES):
            if process := self.running.pop(role, None):
                process.terminate()
                process.wait()

    def stored(self) -> int:
        """Rows of tracks."""
        with psycopg.connect(self.dsn) as connection:
            row = connection.execute("SELECT count(*) FROM tracks").fetchone()
        return int(row[0]) if row else 0

    def private_mb(self) -> dict[str, float]:
        """Memory of each role that is its own alone, in MB (Linux: private pages).

        Raises RuntimeError with the last words of a role that has ended.
        """
        for name, process in self.running.items():
            if process.poll() is not None:
                words = (self.folder / f"{name}.log").read_text(encoding="utf-8")[-2_000:]
                raise RuntimeError(f"{name} ended with exit code {process.returncode}: {words}")
        return {name: _private_mb(process.pid) for name, process in self.running.items()}


@contextmanager
def whole_centre() -> Iterator[WholeCentre]:
    """Broker and database, no role yet; all of it ended at the end."""
    with ExitStack() as stack:
        dsn = stack.enter_context(durable_database())
        bootstrap_servers = stack.enter_context(running_broker())
        folder = stack.enter_context(data_folder())
        asyncio.run(ensure_topics(bootstrap_servers, {TELEMETRY: PARTITIONS, ALERTS: 1, COMMANDS: 1}))
        centre = WholeCentre(dsn, bootstrap_servers, folder)
        stack.callback(centre.stop)
        yield centre


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Ask again until it is so. Raises TimeoutError."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not ready():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"not within {PATIENCE_S:.0f} s: {what}")
        time.sleep(0.1)


def _private_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    kb = (int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))
    return sum(kb) / 1024
