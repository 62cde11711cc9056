"""Runs one of the page's browser scripts and reads what it says, line by line."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.browser.conftest import CONSOLE

SCRIPT_S = 240.0
"""Software rendering is slow where broker and database run too; the scripts mostly give up before this."""


class Script:
    """A running script; `wait_for` reads on until it says what is awaited."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wait_for(self, happening: str) -> dict[str, Any]:
        """What the script says of a happening. Fails with the script's own words when it ends before."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            if said["happening"] == happening:
                return said
        self._process.wait()
        assert self._process.stderr is not None
        raise AssertionError(f"the page never came to {happening!r}: {self._process.stderr.read()[-2000:]}")


@contextmanager
def script(name: str, *arguments: str) -> Iterator[Script]:
    """Start ``console/e2e/<name>``; it is gone at the end, whatever happened."""
    process = subprocess.Popen(
        ["node", str(CONSOLE / "e2e" / name), *arguments],
        cwd=CONSOLE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(SCRIPT_S, process.kill)
    watchdog.start()
    try:
        yield Script(process)
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()


@contextmanager
def repeated(work: Callable[[int], None], pause_s: float) -> Iterator[None]:
    """Do `work(0)`, `work(1)`, ... in the background, until the end of the block."""
    stop = threading.Event()

    def run() -> None:
        turn = 0
        while not stop.wait(pause_s):
            work(turn)
            turn += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
