"""One terminal on a real socket: connects, wakes its session in time, and comes back after a break."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from typing import cast

from simulators.clock import DeviceClock
from simulators.session import Session
from simulators.source import Source

# Pauses before connecting again: doubled from the first to the last, jittered lest a fleet march in step.
FIRST_PAUSE_S, LAST_PAUSE_S = 0.5, 15.0
CONNECT_TIMEOUT_S = 10.0
# A terminal with nothing due looks again after this long at the latest.
LONGEST_SLEEP_S = 3_600.0


@dataclass
class Endpoint:
    """The server of all terminals, and what is known of reaching it."""

    host: str
    port: int
    connected: int = 0
    ever_online: int = 0
    failures: int = 0
    last_error: str = ""
    greeting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(200))  # connects under way


class Terminal(asyncio.Protocol):
    """Thin shell around a `Session`: owns the socket and the timer, nothing else."""

    def __init__(
        self, session: Session, source: Source, clock: DeviceClock, endpoint: Endpoint, lag_s: float
    ) -> None:
        self.session, self.source = session, source
        self._clock, self._endpoint, self._lag_s = clock, endpoint, lag_s
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._pause_s = FIRST_PAUSE_S
        self._frozen = self._stopped = self.was_online = False

    # --- what the run tells ------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect, and from then on by itself."""
        self._connecting = self._loop.create_task(self._connect())

    def freeze(self, *, in_a_hurry: bool) -> None:
        """Take no new reports; those taken (in a hurry: those sent) are still to be acknowledged.

        A pause before connecting is cut short for that.
        """
        self._offer()
        self._frozen = True
        if in_a_hurry:
            self.session.withdraw()
        self._pause_s = FIRST_PAUSE_S
        if self.was_online and self._transport is None and self._connecting and self._connecting.done():
            self._come_back()

    async def stop(self) -> None:
        """Close the connection and do nothing more."""
        self._stopped = True
        if self._timer:
            self._timer.cancel()
        if self._connecting:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        if self._transport:
            self._transport.close()

    @property
    def is_drained(self) -> bool:
        """Whether every report taken so far is acknowledged."""
        return self.session.is_drained

    # --- asyncio.Protocol --------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._endpoint.connected += 1
        self._offer()
        self.session.connected(self._loop.time())
        self._flush()

    def data_received(self, data: bytes) -> None:
        self.session.received(data, self._loop.time())
        if self.session.state == "online" and not self.was_online:
            self.was_online = True
            self._endpoint.ever_online += 1
        if self.session.state == "online":
            self._pause_s = FIRST_PAUSE_S
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._endpoint.connected -= 1
        self.session.disconnected()
        self._come_back()

    # --- inside ------------------------------------------------------------------------------------------

    async def _connect(self) -> None:
        endpoint = self._endpoint
        try:
            async with endpoint.greeting, asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._loop.create_connection(lambda: self, endpoint.host, endpoint.port)
        except (OSError, TimeoutError) as error:
            endpoint.failures += 1
            endpoint.last_error = _explain(error)
            if self._transport is None:
                self._come_back()
            else:
                self._transport.abort()  # made in the very moment of giving up; its end brings it back

    def _come_back(self) -> None:
        """Connect again after a pause."""
        if self._stopped:
            return
        pause_s = self._pause_s * random.uniform(0.5, 1.0)
        self._pause_s = min(LAST_PAUSE_S, self._pause_s * 2)
        self._set_timer(pause_s, self.start)

    def _offer(self) -> None:
        if not self._frozen:
            self.session.offer(self.source.due(self._clock.device_s(time.time() - self._lag_s)))

    def _wake(self) -> None:
        self._offer()
        self.session.tick(self._loop.time())
        self._flush()

    def _flush(self) -> None:
        """Write what the session has to say and sleep until something is due."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        output = self.session.take_output()
        if output:
            transport.write(output)
        if self.session.wants_close:
            transport.abort()
            return
        self._set_timer(self._sleep_s(), self._wake)

    def _sleep_s(self) -> float:
        session = self.session
        sleep_s = min(LONGEST_SLEEP_S, session.next_wake_s - self._loop.time())
        if session.wants_reports and not self._frozen and session.due != self.source.end:
            due_s = self._clock.wall_s(self.source.time_s(session.due)) + self._lag_s
            sleep_s = min(sleep_s, due_s - time.time())
        return max(0.001, sleep_s)

    def _set_timer(self, delay_s: float, call) -> None:  # type: ignore[no-untyped-def]
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_later(delay_s, call)


def _explain(error: BaseException) -> str:
    """An operating system's error in words."""
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_TIMEOUT_S:.0f} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
