"""A real S3-compatible server on this machine, in memory: gofakes3, built once with Go."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import free_port

_MODULE = "github.com/johannesboyne/gofakes3/cmd/gofakes3@v1.2.0"
_TARGET = Path(__file__).parent / "target"
_BUILD_S = 600
_START_S = 60
BUCKET = "evidence"


def missing_tool() -> str | None:
    """What keeps the server from running here, None when all is there."""
    return None if shutil.which("go") or (_TARGET / "gofakes3").exists() else "go"


@contextmanager
def running_s3() -> Iterator[str]:
    """The server's address, with an empty bucket."""
    program = _TARGET / "gofakes3"
    if not program.exists():
        environment = {**os.environ, "GOBIN": str(_TARGET)}
        subprocess.run(["go", "install", _MODULE], env=environment, check=True, timeout=_BUILD_S)
    port = free_port()
    process = subprocess.Popen(
        [program, "-host", f"127.0.0.1:{port}", "-backend", "memory", "-initialbucket", BUCKET],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        assert process.poll() is None, "the S3 server did not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the S3 server does not listen"
            time.sleep(0.05)
