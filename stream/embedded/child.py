"""A child process that is watched, logged within bounds, and never outlives its parent."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from stream.embedded.account import Account
from stream.embedded.logfile import BoundedLog
from stream.errors import ServiceError

LineHook = Callable[[str, str], None]
"""Called with the child's name and one line of its output, from the child's reader thread."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

TAIL_LINES = 20
"""Lines kept in memory for the one-line report of a death; a Python traceback's last lines fit."""

LINE_BYTES = 8192
"""Longest piece of output handled at once, so that a child without line ends cannot fill the memory."""

POLL_S = 0.05

KILL_WAIT_S = 2.0
"""A process survives SIGKILL only while the kernel holds it in a call; longer than this is reported."""


@dataclass
class Child:
    """One running child process: `name` for messages, `process`, and its last lines of output."""

    name: str
    process: subprocess.Popen[bytes]
    log_path: Path
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))
    reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        return self.process.pid

    def exit_code(self) -> int | None:
        """The exit code, negative for a signal, or None while the child runs."""
        return self.process.poll()

    def last_line(self) -> str:
        """The last line of output that says something, after the reader has seen the end of it."""
        if self.reader is not None and self.exit_code() is not None:
            self.reader.join(timeout=1.0)
        return next((line for line in reversed(list(self.tail)) if line.strip()), "(it printed nothing)")

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to the process itself; does nothing when it has ended."""
        if self.exit_code() is None:
            self.process.send_signal(number)

    def kill(self) -> None:
        """Ends the child and everything it started, at once."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            self.send(signal.SIGKILL)
        self._wait(KILL_WAIT_S)

    def stop(self, number: signal.Signals, grace_s: float) -> bool:
        """Asks the child to end and kills it after `grace_s`; True when it ended by itself."""
        self.send(number)
        if self._wait(grace_s):
            return True
        self.kill()
        return False

    def _wait(self, timeout_s: float) -> bool:
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        if self.reader is not None:
            self.reader.join(timeout=1.0)
        return True


def spawn(
    name: str,
    arguments: Sequence[str | Path],
    log_path: Path,
    *,
    environment: Mapping[str, str] | None = None,
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    on_line: LineHook | None = None,
) -> Child:
    """Starts a child in its own session, its output going to a bounded log.

    The kernel sends it `death_signal` when the calling THREAD ends (PR_SET_PDEATHSIG of prctl(2)), so call
    this from a thread that lives as long as the child should: the main thread.

    Raises:
        ServiceError: the program cannot be started.
    """
    try:
        process = subprocess.Popen(
            [str(argument) for argument in arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=None if environment is None else dict(environment),
            start_new_session=True,
            preexec_fn=_die_with(os.getpid(), death_signal),
            **({} if account is None else account.popen_arguments()),
        )
    except (OSError, subprocess.SubprocessError) as fault:
        raise ServiceError(
            f"{name} cannot be started: {fault}; is {arguments[0]} there and executable?"
        ) from fault
    child = Child(name, process, log_path)
    child.reader = threading.Thread(target=_read, args=(child, on_line), name=f"log of {name}", daemon=True)
    child.reader.start()
    return child


def wait_ready(child: Child, ready: Callable[[], bool], timeout_s: float, check: Callable[[], None]) -> None:
    """Waits until `ready()` is true; `check()` may raise to give up early (a stop was asked for).

    Raises:
        ServiceError: the child ended, or was not ready within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while not ready():
        check()
        code = child.exit_code()
        if code is not None:
            raise ServiceError(
                f"{child.name} ended while starting ({describe_exit(code)}): {child.last_line()}; "
                f"see {child.log_path}"
            )
        if time.monotonic() > deadline:
            raise ServiceError(f"{child.name} was not ready within {timeout_s:.0f} s; see {child.log_path}")
        time.sleep(POLL_S)


def wait_end(child: Child, timeout_s: float, check: Callable[[], None]) -> int:
    """Waits for a child that is to finish; its exit code. `check()` may raise to give up early.

    Raises:
        ServiceError: it did not finish within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    while (code := child.exit_code()) is None:
        check()
        if time.monotonic() > deadline:
            raise ServiceError(f"{child.name} did not finish within {timeout_s:.0f} s; see {child.log_path}")
        time.sleep(POLL_S)
    return code


def describe_exit(code: int) -> str:
    """An exit code of subprocess in words: "exit code 3" or "killed by SIGKILL"."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _die_with(parent_pid: int, number: signal.Signals) -> Callable[[], None] | None:
    """What the child runs before exec. It comes after setuid, which would clear the death signal again."""
    libc = _LIBC
    if libc is None:
        return None

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent_pid:  # the parent died between fork and prctl
            os._exit(1)

    return arrange


def _read(child: Child, on_line: LineHook | None) -> None:
    stream: IO[bytes] | None = child.process.stdout
    assert stream is not None
    with BoundedLog(child.log_path) as log, stream:
        while piece := stream.readline(LINE_BYTES):
            log.write(piece)
            line = piece.decode("utf-8", "replace").rstrip()
            child.tail.append(line)
            if on_line is not None:
                on_line(child.name, line)
