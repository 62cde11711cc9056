"""The roles as real processes on a real broker and database, for tests that watch them from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from simulators import SHIPPED_ZONES, write_registry
from tests.services import free_port

PATIENCE_S = 120.0


@dataclass
class Centre:
    """Processes by name. `start` may be called again for one that was killed."""

    dsn: str
    folder: Path
    settings: dict[str, str]
    desk_port: int
    gateway_port: int
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *arguments: str, role: str = "") -> None:
        """Start a role as a process called `name` (the role's own, where several are wanted)."""
        log = (self.folder / f"{name}.log").open("ab")
        command = [sys.executable, "-m", "stream.cli", role or name, *arguments]
        environment = os.environ | self.settings | {"HAULWATCH_WORKER_METRICS_PORT": str(free_port())}
        self.running[name] = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        """kill -9."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self) -> None:
        """End all, in the order of the data's way; a role that does not end by itself is a failure."""
        for name in ("simulate", "gateway", "worker", "desk"):
            process = self.running.pop(name, None)
            if process is not None:
                process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=20) == 0, self.log(name)

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def get(self, path: str) -> Any:
        """A JSON answer of the desk."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.desk_port}{path}", timeout=20) as answer:
            return json.load(answer)

    def all_alerts(self) -> list[dict[str, Any]]:
        """Every alert, page by page."""
        found: list[dict[str, Any]] = []
        cursor = "0"
        while True:
            page = self.get(f"/api/alerts?after={cursor}&limit=100")
            if not page["alerts"]:
                return found
            found += page["alerts"]
            cursor = page["cursor"]

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Rows of the database."""
        with psycopg.connect(self.dsn) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[arg-type]


def make_centre(dsn: str, bootstrap_servers: str, folder: Path) -> Centre:
    """A centre with free ports, nothing running yet."""
    desk_port, gateway_port = free_port(), free_port()
    settings = {
        "HAULWATCH_BROKER_BOOTSTRAP_SERVERS": bootstrap_servers,
        "HAULWATCH_DATABASE_DSN": dsn,
        "HAULWATCH_GATEWAY_HOST": "127.0.0.1",
        "HAULWATCH_GATEWAY_PORT": str(gateway_port),
        "HAULWATCH_GATEWAY_METRICS_PORT": str(free_port()),
        "HAULWATCH_DESK_PORT": str(desk_port),
        "HAULWATCH_RULES_ZONES": str(SHIPPED_ZONES),
        "HAULWATCH_SIMULATE_PORT": str(gateway_port),
    }
    return Centre(dsn, folder, settings, desk_port, gateway_port)


def import_fleet(dsn: str, folder: Path, vehicles: int, seed: int) -> None:
    """Put the simulator's vehicles into the registry."""
    from alerts.registry import import_csv

    path = folder / "registry.csv"
    write_registry(path, vehicles, seed)
    assert import_csv(dsn, path) == 0


def wait_for(ready: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Ask again until it is so; a failure says what never was."""
    deadline_s = time.monotonic() + patience_s
    while not _holds(ready):
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {patience_s:.0f} s: {what}")
        time.sleep(0.1)


def _holds(ready: Callable[[], bool]) -> bool:
    try:
        return ready()
    except OSError:
        return False


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
