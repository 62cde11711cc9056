"""`haulwatch up` as an operator meets it: start, look, stop, start again; and what can go wrong."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiokafka import AIOKafkaProducer

from stream.errors import EXIT_FAILED, EXIT_USAGE
from stream.up.console import WARNINGS_A_MINUTE, Console
from tests.services import data_folder, free_port

pytestmark = pytest.mark.stack

PATIENCE_S = 120.0
STOP_PROMISE_S = 10
"""What `haulwatch up` promises for Ctrl-C; the one time that a test may hold against the clock."""

VEHICLES = 5
UP_LINE = "haulwatch is up: http://"


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := condition()):
        assert time.monotonic() < deadline, f"it never came true that {what}"
        time.sleep(0.1)
    return found


@dataclass
class Ports:
    """Ports that nobody holds, as variables of the environment."""

    database: int
    broker: int
    gateway: int
    desk: int
    gateway_metrics: int
    worker_metrics: int
    evidence: int
    evidence_metrics: int

    def environment(self) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("HAULWATCH_")}
        return inherited | {
            "HAULWATCH_DATABASE_DSN": f"postgresql://postgres@127.0.0.1:{self.database}/haulwatch",
            "HAULWATCH_BROKER_BOOTSTRAP_SERVERS": f"127.0.0.1:{self.broker}",
            "HAULWATCH_GATEWAY_HOST": "127.0.0.1",
            "HAULWATCH_GATEWAY_PORT": str(self.gateway),
            "HAULWATCH_GATEWAY_METRICS_PORT": str(self.gateway_metrics),
            "HAULWATCH_WORKER_METRICS_PORT": str(self.worker_metrics),
            "HAULWATCH_EVIDENCE_HOST": "127.0.0.1",
            "HAULWATCH_EVIDENCE_PORT": str(self.evidence),
            "HAULWATCH_EVIDENCE_METRICS_PORT": str(self.evidence_metrics),
            "HAULWATCH_DESK_PORT": str(self.desk),
        }


def free_ports() -> Ports:
    return Ports(*(free_port() for _ in fields(Ports)))


class Up:
    """One running `haulwatch up`."""

    def __init__(self, ports: Ports, data: Path, *arguments: str, through_a_shell: bool = False) -> None:
        self.ports = ports
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this object
        shell = ["/bin/sh", "-c", '"$@"; exit', "sh"] if through_a_shell else []
        self.process = subprocess.Popen(
            [*shell, sys.executable, "-m", "stream.cli", "up", "--data", str(data), *arguments],
            env=ports.environment(),
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def text(self) -> str:
        """What it printed so far, on both of its outputs."""
        return os.pread(self._output.fileno(), 1 << 20, 0).decode()

    def wait_until_up(self) -> None:
        wait_for(lambda: UP_LINE in self.text() or self.process.poll() is not None, "it is up")
        assert UP_LINE in self.text(), self.text()

    def family(self) -> list[psutil.Process]:
        """All processes that it started, by name of what they run."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, role: str) -> psutil.Process:
        return next(one for one in self.family() if one.cmdline()[-1:] == [role])

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports.desk}{path}", timeout=30) as answer:
            return json.load(answer)

    def vehicles_seen(self) -> int:
        return len(self.ask("/api/positions")["positions"])

    def newest_report(self) -> str:
        return max(str(one["time"]) for one in self.ask("/api/positions")["positions"])


@contextmanager
def running(ports: Ports, data: Path, *arguments: str) -> Iterator[Up]:
    up = Up(ports, data, *arguments)
    try:
        up.wait_until_up()
        yield up
    finally:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()


def all_gone(family: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in family)


def test_it_starts_stops_and_finds_yesterday_s_data() -> None:
    with data_folder() as folder:
        ports = free_ports()
        with running(ports, folder / "data", "--vehicles", str(VEHICLES)) as up:
            assert up.ask("/api/health")["ok"]  # what `up` calls ready
            wait_for(lambda: up.vehicles_seen() == VEHICLES, "all vehicles are seen")
            _assert_that_a_second_one_is_refused(free_ports(), folder / "data", up.process.pid)
            family = up.family()
            assert len(family) > 5
            up.process.send_signal(signal.SIGINT)
            assert up.process.wait(STOP_PROMISE_S) == 0, up.text()
            assert all_gone(family)
        with running(ports, folder / "data", "--no-simulate") as up:
            wait_for(lambda: up.vehicles_seen() == VEHICLES, "yesterday's vehicles are seen")
            family = up.family()
            up.child("worker").kill()
            assert up.process.wait(STOP_PROMISE_S) == EXIT_FAILED
            assert "haulwatch up: worker has ended (killed by SIGKILL)" in up.text()
            assert all_gone(family)


def _assert_that_a_second_one_is_refused(ports: Ports, data: Path, holder: int) -> None:
    second = Up(ports, data)
    assert second.process.wait(PATIENCE_S) == EXIT_FAILED
    assert second.text().count("\n") == 1
    assert f"is in use by another haulwatch up (process {holder})" in second.text()


def test_a_second_ctrl_c_ends_it_at_once() -> None:
    with data_folder() as folder, running(free_ports(), folder / "data", "--no-simulate") as up:
        family = up.family()
        up.child("worker").suspend()  # it cannot follow a polite signal
        up.process.send_signal(signal.SIGINT)
        wait_for(lambda: "gateway stopped" in up.text(), "it is stopping")
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(STOP_PROMISE_S) == 0
        assert all_gone(family), up.text()


def test_killed_itself_it_leaves_nothing() -> None:
    with data_folder() as folder, running(free_ports(), folder / "data", "--no-simulate") as up:
        family = up.family()
        up.process.kill()
        up.process.wait()
        wait_for(lambda: all_gone(family), "everything has ended")


def test_it_ends_with_the_process_that_started_it() -> None:
    with data_folder() as folder:
        ports = free_ports()
        up = Up(ports, folder / "data", "--no-simulate", "--with-parent", through_a_shell=True)
        try:
            up.wait_until_up()
            family = up.family()
            assert len(family) > 5
        finally:
            up.process.kill()  # the shell, as when make is killed
            up.process.wait()
        wait_for(lambda: all_gone(family), "everything has ended")
        assert "the process that started this one has ended" in up.text()


async def _fill(address: str, mebibytes: int) -> None:
    """Makes a broker that forgets nothing hold so much."""
    producer = AIOKafkaProducer(bootstrap_servers=address)
    await producer.start()
    for _ in range(mebibytes * 2):
        await producer.send_and_wait("ballast", os.urandom(1 << 19))
    await producer.stop()


def test_a_broker_that_holds_too_much_is_started_anew_and_the_fleet_goes_on() -> None:
    arguments = (
        "--vehicles",
        str(VEHICLES),
        "--set",
        "up.broker_memory_mib=64",
        "--set",
        "simulate.interval_s=1",
    )
    with data_folder() as folder, running(ports := free_ports(), folder / "data", *arguments) as up:
        wait_for(lambda: up.vehicles_seen() == VEHICLES, "all vehicles are seen")
        asyncio.run(_fill(f"127.0.0.1:{ports.broker}", 80))
        wait_for(lambda: up.text().count("gateway is ready") == 2, "the gateway is ready again")
        again = up.newest_report()
        wait_for(lambda: up.newest_report() > again, "vehicles report again")
        said = up.text()
        assert said.index("gateway stopped") < said.index("worker stopped") < said.index("broker stopped")
        assert "lost" not in said
        family = up.family()
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(STOP_PROMISE_S) == 0
        assert all_gone(family)


@pytest.mark.parametrize(
    ("part", "setting"),
    [
        ("database", "database.dsn"),
        ("broker", "broker.bootstrap_servers"),
        ("gateway", "gateway.port"),
        ("desk", "desk.port"),
        ("gateway_metrics", "gateway.metrics_port"),
        ("worker_metrics", "worker.metrics_port"),
    ],
)
def test_a_port_in_use_is_one_line_that_names_its_setting(tmp_path: Path, part: str, setting: str) -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", getattr(ports, part))):
        up = Up(ports, tmp_path / "data")
        assert up.process.wait(PATIENCE_S) == EXIT_FAILED
    said = up.text()
    assert said.count("\n") == 1
    assert said.startswith(f"haulwatch up: port {getattr(ports, part)} for ")
    assert f"--set {setting}=" in said


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("database.dsn=postgresql://u@db.example/haulwatch", "`up` starts its own database"),
        ("broker.bootstrap_servers=kafka.example:9092", "`up` starts its own broker"),
        ("database.dsn=:::", "database.dsn is not a connection string"),
    ],
)
def test_services_elsewhere_are_not_its_business(tmp_path: Path, assignment: str, says: str) -> None:
    up = Up(free_ports(), tmp_path / "data", "--set", assignment)
    assert up.process.wait(PATIENCE_S) == EXIT_USAGE
    assert up.text().count("\n") == 1
    assert says in up.text()


def test_two_parts_with_one_port_are_told_apart(tmp_path: Path) -> None:
    ports = free_ports()
    up = Up(ports, tmp_path / "data", "--set", f"desk.port={ports.gateway}")
    assert up.process.wait(PATIENCE_S) == EXIT_USAGE
    assert f"gateway.port and desk.port both say port {ports.gateway}" in up.text()


def test_a_data_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    up = Up(free_ports(), tmp_path / "file" / "data")
    assert up.process.wait(PATIENCE_S) == EXIT_FAILED
    assert "choose one with --data DIR" in up.text()


def test_the_console_shows_warnings_and_not_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.child_line("a", "2026-01-01 INFO x: fine")
    console.child_line("a", "FATAL:  the database system is starting up")
    assert capsys.readouterr().err == ""
    for number in range(100):
        console.child_line("a", f"2026-01-01 WARNING x: {number}")
    console.child_line("b", "ERROR: other")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "  a: 2026-01-01 WARNING x: 0"
    assert lines[-1] == "  b: ERROR: other"
    assert WARNINGS_A_MINUTE <= len(lines) <= 2 * WARNINGS_A_MINUTE + 3
