"""Holds the children of `haulwatch up`: notices a death, and ends them in order within a bounded time."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType

from stream.embedded.child import Child, describe_exit
from stream.up.console import Console

WATCH_S = 0.2
"""How soon a death or a signal is noticed."""

STOP_S = 9.0
"""For the stop of everything; 10 s are promised. Two are the rule."""

RESERVE_S = 0.4
"""Kept of that for each child whose turn is still to come."""

GRACE_S = {
    "simulate": 2.0,
    "gateway": 3.0,
    "exchange": 3.0,
    "worker": 4.0,
    "evidence": 3.0,
    "desk": 2.0,
    "broker": 0.5,
    "PostgreSQL": 4.0,
}
"""How long each child may take to end within that, in the order in which they are ended."""


class StopRequested(Exception):
    """Ctrl-C, SIGTERM, a closed terminal, or the end of the parent; the text says which."""


class ChildDied(Exception):
    """A child ended that should not have."""


@dataclass(frozen=True)
class Ward:
    """A child with how it is asked to end."""

    child: Child
    stop_signal: signal.Signals
    kill_signal: signal.Signals
    may_end: bool
    before_stop: Callable[[], None] | None


class Supervisor:
    """Children are ended in the order of GRACE_S, whenever they were started.

    All of them together take STOP_S at most. A second signal ends them at once.
    """

    def __init__(self, console: Console, *, with_parent: bool) -> None:
        self._console = console
        self._wards: list[Ward] = []
        self._signals: list[int] = []
        self._parent_pid = os.getppid() if with_parent else None
        self._previous: dict[signal.Signals, object] = {}

    def adopt(
        self,
        child: Child,
        *,
        stop_signal: signal.Signals = signal.SIGTERM,
        kill_signal: signal.Signals = signal.SIGKILL,
        may_end: bool = False,
        before_stop: Callable[[], None] | None = None,
    ) -> Child:
        """Takes over a running child.

        Args:
            may_end: it can finish its work with exit code 0.
            before_stop: called before it is asked to end, if it still runs then.
        """
        self._wards.append(Ward(child, stop_signal, kill_signal, may_end, before_stop))
        self._wards.sort(key=lambda ward: list(GRACE_S).index(ward.child.name))
        return child

    def check(self) -> None:
        """Raises StopRequested or ChildDied when there is a reason to."""
        if self._signals:
            raise StopRequested(signal.Signals(self._signals[0]).name)
        if self._parent_pid is not None and os.getppid() != self._parent_pid:
            raise StopRequested("the process that started this one has ended")
        for ward in list(self._wards):
            code = ward.child.exit_code()
            if code == 0 and ward.may_end:
                self._console.say(f"{ward.child.name} has finished")
                self._wards.remove(ward)
            elif code is not None:
                raise ChildDied(_obituary(ward.child, code))

    def wait_until(self, ready: Callable[[], bool], timeout_s: float, what: str) -> None:
        """Waits for `ready()`; a death, a stop or the end of the patience are exceptions."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise ChildDied(f"{what} was not ready within {timeout_s:.0f} s; look into the logs")
            time.sleep(WATCH_S / 2)

    def stop(self) -> None:
        """Ends all children, within STOP_S."""
        deadline = time.monotonic() + STOP_S
        while self._wards:
            ward = self._wards[0]
            if ward.before_stop is not None and ward.child.exit_code() is None:
                ward.before_stop()
            left_s = deadline - time.monotonic() - RESERVE_S * (len(self._wards) - 1)
            self._end(ward, max(RESERVE_S, min(GRACE_S[ward.child.name], left_s)))
            self._wards.remove(ward)

    def end(self, name: str) -> None:
        """Ends one child, the others go on."""
        ward = next(ward for ward in self._wards if ward.child.name == name)
        self._wards.remove(ward)  # its end is no death
        self._end(ward, GRACE_S[name])

    def _end(self, ward: Ward, grace_s: float) -> None:
        began = time.monotonic()
        if ward.child.stop(ward.stop_signal, grace_s):
            self._console.say(f"{ward.child.name} stopped ({time.monotonic() - began:.1f} s)")
        else:
            self._console.say(f"{ward.child.name} did not end within {grace_s:.1f} s and was killed")

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._previous[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @property
    def stop_requested(self) -> bool:
        return bool(self._signals)

    @property
    def in_a_hurry(self) -> bool:
        """True after a second signal."""
        return len(self._signals) > 1

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        self._signals.append(number)
        if self.in_a_hurry:
            for ward in self._wards:
                ward.child.send(ward.kill_signal)


def _obituary(child: Child, code: int) -> str:
    return f"{child.name} has ended ({describe_exit(code)}): {child.last_line()}; see {child.log_path}"
