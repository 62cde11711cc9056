"""The roles as real processes on a real broker and database, for tests that watch them from outside."""

from __future__ import annotations

import contextlib
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
#: What is compared where a test is about something else, a crash for one.
BASIC = frozenset(
    {"speeding", "continuous_driving"}
    | {f"zone_{what}" for what in ("enter", "exit", "stay", "speed", "forbidden")}
)
#: What an alert and a true event must agree in where the event says it: what it is about, ...
ABOUT = ("zone_id", "route_id", "bit", "limit_kmh")
#: ... and what is only known when it has ended.
IN_THE_END = ("max_speed_kmh", "alarms", "attachments")


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


@dataclass(frozen=True)
class Drive:
    """A simulated fleet on its way, and the files in which it keeps what happened."""

    centre: Centre
    truth: Path
    ledger: Path
    duration_s: int

    def finish(self) -> set[tuple[str, int]]:
        """Wait for the end; the acknowledged reports by vehicle and time, of which each is stored once."""
        simulate = self.centre.running.pop("simulate")
        assert simulate.wait(timeout=self.duration_s + 8 * PATIENCE_S) == 0, self.centre.log("simulate")
        acknowledged = {(row["vehicle_id"], row["time_ms"]) for row in json_lines(self.ledger)}
        assert len(acknowledged) > 10_000
        wait_for(
            lambda: self._stored() == len(acknowledged),
            f"{len(acknowledged)} acknowledged reports are stored, once",
            moving=self._stored,
        )
        return acknowledged

    def _stored(self) -> int:
        ((count,),) = self.centre.query("SELECT count(*) FROM tracks")
        return int(count)

    def assert_alerts_are_true(self, *rules: str) -> None:
        """The desk's alerts are the events that happened, and nothing else.

        With `rules`, which must be among them, alerts of every rule are compared; without, those of `BASIC`.
        """
        events = [event for event in json_lines(self.truth) if _is_compared(event.get("rule"), rules)]
        told_of = {(event["rule"], key) for event in events for key in event}
        expected = sorted(_essence(event, told_of) for event in events)
        missing = {"speeding", "continuous_driving", "zone_enter", *rules} - {
            rule for _, rule, *_ in expected
        }
        assert not missing, "the fleet did not do all it was to do"
        # If they never come, it is said below which.
        with contextlib.suppress(AssertionError):
            wait_for(lambda: len(self._told(rules)) >= len(expected), f"{len(expected)} alerts are there")
        found = sorted(_essence(alert | alert["detail"], told_of) for alert in self._told(rules))
        silent, invented = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
        assert not silent, f"{len(silent)} events that happened were not told, first {silent[:3]}"
        assert not invented, f"{len(invented)} were told that did not happen, first {invented[:3]}"
        assert found == expected, "told more than once"

    def _told(self, rules: tuple[str, ...]) -> list[dict[str, Any]]:
        """The desk's alerts, as far as they are compared."""
        return [alert for alert in self.centre.all_alerts() if _is_compared(alert["rule"], rules)]


def _is_compared(rule: str | None, rules: tuple[str, ...]) -> bool:
    return rule is not None and (bool(rules) or rule in BASIC)


def start_drive(
    centre: Centre, *options: str, vehicles: int, seed: int, speedup: int, duration_s: int
) -> Drive:
    """Worker, gateway, desk, and a fleet that drives six hours, or as `options` say, in `duration_s`."""
    import_fleet(centre.dsn, centre.folder, vehicles, seed)
    for role in ("worker", "gateway", "desk"):
        if role not in centre.running:
            centre.start(role)
    wait_for(lambda: "listening" in centre.log("gateway"), "the gateway listens")
    drive = Drive(centre, centre.folder / "truth.jsonl", centre.folder / "ledger.jsonl", duration_s)
    asked = f"--vehicles {vehicles} --seed {seed} --speedup {speedup} --history 6 --duration {duration_s}"
    files = ("--truth", str(drive.truth), "--ledger", str(drive.ledger), "--port", str(centre.gateway_port))
    centre.start("simulate", *asked.split(), *options, *files)
    return drive


def _essence(event: dict[str, Any], told_of: set[tuple[str, str]]) -> tuple[str, ...]:
    """What an alert and a true event must agree in; `told_of`: the fields that events of each rule tell."""
    rule, ended = event["rule"], event["end"] is not None
    fields = [*ABOUT, "level", *(IN_THE_END if ended else ())]
    return (
        event["vehicle_id"],
        rule,
        event["start"],
        event["found"],
        event["end"] if ended else "still going on",
        *(f"{name}={event.get(name)}" for name in fields if (rule, name) in told_of),
    )


def wait_for(
    ready: Callable[[], bool],
    what: str,
    patience_s: float = PATIENCE_S,
    moving: Callable[[], object] = lambda: None,
) -> None:
    """Ask again until it is so; a failure says what never was. Patience begins anew when `moving` changes."""
    deadline_s, seen = time.monotonic() + patience_s, moving()
    while not _holds(ready):
        now = moving()
        if now != seen:
            deadline_s, seen = time.monotonic() + patience_s, now
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {patience_s:.0f} s: {what} (last seen: {seen})")
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
