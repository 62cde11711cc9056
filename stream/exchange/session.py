"""One link as it runs: its peer's state machine, its sockets, its timer.

Everything happens in one event loop, so nothing here waits: bytes go in, events come out, bytes are written.
What takes time (database, broker, registry) is behind the queues of `Sinks`.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from stream.exchange import metrics
from stream.exchange.link import Link
from stream.exchange.login import is_allowed
from stream.exchange.wires import Wire
from stream.jt809 import events as e
from stream.jt809.events import LinkName
from stream.jt809.link_settings import LinkSettings
from stream.jt809.messages import Message, RawMessage
from stream.jt809.messages.platforms import LowerResendRequest, UpperResendRequest
from stream.jt809.peer import LINKS, Peer, Sent
from stream.jt809.states import LinkState

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 10.0
JITTER_S = 1.0
"""Added to each new attempt: after a peer's restart its hundred neighbours must not come in one moment."""
CLOSE_S = 2.0
LOOK_S = 1.0
"""The longest a timer runs: those of the loop stand still while the machine sleeps."""
_UNKNOWN_HOSTS = frozenset({"", "0.0.0.0", "::", "127.0.0.1"})
"""Addresses in a login that cannot be the peer's own, seen from here."""

Clock = Callable[[], float]


def steady_clock() -> Clock:
    """Seconds since 1970 UTC that never leap."""
    offset_s = time.time() - time.monotonic()
    return lambda: time.monotonic() + offset_s


class LinkDown(Exception):
    """Neither main nor sub link is up: nothing can be sent now."""


class Sinks(Protocol):
    """Where a session puts what comes; `full` when it must not read on."""

    @property
    def full(self) -> bool:
        """Whether more would be too much."""

    def put_message(self, event: e.MessageReceived) -> None:
        """A message that is no position."""

    def put_positions(self, event: e.PositionsReceived) -> None:
        """Positions as columns."""

    def put_fault(self, event: e.FrameRefused) -> None:
        """A frame that could not be used."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A link test under way: when it is answered, the peer has read what was written before it."""

    connection: int
    number: int


class Session:
    """Mutable. `up` is set while messages can be sent; `breaks` counts losses of links that had been up;
    `changed` is set when there is something to tell."""

    def __init__(self, link: Link, sinks: Sinks, clock: Clock) -> None:
        self.link = link
        self.up = asyncio.Event()
        self.changed = asyncio.Event()
        self.breaks: Counter[LinkName] = Counter()
        self.last_error = ""
        self.since = datetime.now(UTC)
        self.counters: Counter[str] = Counter()
        self.peer = Peer(link.role, settings_of(link))  # type: ignore[arg-type]
        self._sinks = sinks
        self._clock = clock
        self._wires: dict[LinkName, Wire] = {}
        self._writable = {name: asyncio.Event() for name in LINKS}
        self._established: set[LinkName] = set()
        self._connection = 0
        self._attempts = 0
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._held = False
        self.closing = False
        #: What the peer's sub link has to show, as its answer to our login said.
        self.verify_code: int | None = None

    def start(self) -> None:
        """Begin: as lower platform connect, as upper one wait."""
        self.peer.start(self._clock())
        self._pump()

    async def close(self) -> None:
        """Log out in order, for as long as a stop may take."""
        self.closing = True
        self.peer.close(self._clock())
        self._pump()
        deadline_s = time.monotonic() + CLOSE_S
        while self._wires and time.monotonic() < deadline_s:  # noqa: ASYNC110 - sockets end by themselves
            await asyncio.sleep(0.02)
        if self._timer:
            self._timer.cancel()
        for wire in list(self._wires.values()):
            if wire.transport:
                wire.transport.abort()
        for task in self._tasks:
            task.cancel()

    def state_of(self, name: LinkName) -> str:
        """down, connected (no login yet) or up."""
        state = self.peer.link(name).state
        return {LinkState.DOWN: "down", LinkState.ESTABLISHED: "up"}.get(state, "connected")

    @property
    def peer_address(self) -> str:
        """Of the main link, else of the sub link."""
        wire = self._wires.get("main") or self._wires.get("sub")
        return wire.peer_ip if wire else ""

    def send(self, message: Message | RawMessage) -> Sent:
        """Write a message on the link it belongs to, or on the other. Raises LinkDown, EncodeError."""
        return self.send_all([message])[0]

    def send_all(self, messages: Sequence[Message | RawMessage]) -> list[Sent]:
        """Write several at once. Raises LinkDown when not all could be written."""
        now_s, sent = self._clock(), []
        try:
            for message in messages:
                one = self.peer.send(message, now_s)
                if one is None:
                    raise LinkDown(self.link.name)
                sent.append(one)
        finally:
            self._flush()
        return sent

    @property
    def writable(self) -> bool:
        """Whether no socket that is open holds too much."""
        return all(self._writable[name].is_set() for name in self._wires)

    async def drain(self) -> None:
        """Wait while the sockets that are open hold too much."""
        for name in tuple(self._wires):
            await self._writable[name].wait()

    def prove(self) -> Proof | None:
        """Ask the peer, on the main link, to prove that it has read everything before; None while that link
        is down or not ours to test."""
        if self.link.is_upper or not self.peer.main.established:
            return None
        number = self.peer.main.test(self._clock())
        self._flush()
        return Proof(self._connection, number)

    def is_proven(self, proof: Proof) -> bool:
        """Whether a proof has come."""
        return proof.connection == self._connection and self.peer.main.tests_answered >= proof.number

    def hold(self) -> None:
        """Read no more for now."""
        self._held = True
        for wire in self._wires.values():
            if wire.transport and not wire.transport.is_closing():
                wire.transport.pause_reading()

    def go_on(self) -> None:
        """Read again, when there is room."""
        if self._held and not self._sinks.full:
            self._held = False
            for wire in self._wires.values():
                if wire.transport and not wire.transport.is_closing():
                    wire.transport.resume_reading()

    def wire_connected(self, wire: Wire) -> None:
        """A connection is open. One that was there before for the same link is given up."""
        before = self._wires.get(wire.name)
        self._wires[wire.name] = wire
        self._writable[wire.name].set()
        if before and before.transport:
            before.transport.abort()
        if wire.name == "main":
            self._connection += 1
        self.peer.connected(wire.name, self._clock())
        self._pump()

    def wire_received(self, wire: Wire, data: bytes) -> None:
        """Bytes of a connection."""
        if self._wires.get(wire.name) is wire:
            self.counters["bytes_in"] += len(data)
            self.peer.receive_data(wire.name, data, self._clock())
            self._pump()

    def wire_lost(self, wire: Wire) -> None:
        """A connection is gone."""
        if self._wires.get(wire.name) is wire:
            del self._wires[wire.name]
            self._writable[wire.name].set()
            self.peer.disconnected(wire.name, self._clock())
            self._pump()

    def wire_writable(self, wire: Wire, writable: bool) -> None:
        """A socket's buffer is full, or has room again."""
        if self._wires.get(wire.name) is wire:
            (self._writable[wire.name].set if writable else self._writable[wire.name].clear)()

    def pass_time(self) -> None:
        """Do what is due; called by the timer, and by tests that move the clock."""
        self.peer.pass_time(self._clock())
        self._pump()

    def _pump(self) -> None:
        while (event := self.peer.next_event()) is not None:
            self._on_event(event)
        self._flush()
        self._plan()
        if self._sinks.full and not self._held:
            self.hold()

    def _on_event(self, event: e.Event) -> None:
        match event:
            case e.PositionsReceived():
                self._sinks.put_positions(event)
            case e.MessageReceived():
                if isinstance(event.message, UpperResendRequest | LowerResendRequest):
                    self._send_again(event.message)
                self._sinks.put_message(event)
            case e.FrameRefused():
                metrics.FAULTS.labels(self.link.name, event.error.code).inc()
                self.counters["faults"] += 1
                self._sinks.put_fault(event)
            case e.LoginRequested():
                # Judged by the greeter before; again on one connection, the same credentials hold.
                self.peer.accept_login(random.getrandbits(32) or 1, self._clock())
            case e.LoginRefused():
                self.last_error = (
                    f"the peer refused the login of the {event.link} link: result {event.result}"
                )
                metrics.LOGINS.labels(self.link.name, str(event.result)).inc()
                log.warning("link %s: %s", self.link.name, self.last_error)
            case e.ConnectWanted():
                self._task(self._connect(event))
            case e.LinkEstablished():
                self._on_established(event.link)
            case e.LinkLost():
                self._on_lost(event)

    def _send_again(self, asked: UpperResendRequest | LowerResendRequest) -> None:
        """What the peer asks for again, as far as it is kept and its socket takes it: one that asks and does
        not read would fill our memory."""
        if asked.data_type is None or asked.first_sequence is None or asked.last_sequence is None:
            return  # the form with a list, whose meaning no source tells
        self.counters["resend_requests"] += 1
        for frame in self.peer.kept(asked.data_type, asked.first_sequence, asked.last_sequence):
            if not self.writable:
                break
            if self.peer.send_again(frame, self._clock()) is None:
                break
            self.counters["frames_sent_again"] += 1
            self._flush()

    def _on_established(self, name: LinkName) -> None:
        self._established.add(name)
        if name == "main":
            self.verify_code = self.peer.main.verify_code
        self._attempts = 0
        self.since = datetime.now(UTC)
        metrics.LINK_UP.labels(self.link.name, name).set(1)
        self.changed.set()
        log.info("link %s: %s link is up", self.link.name, name)
        self.up.set()

    def _on_lost(self, event: e.LinkLost) -> None:
        if event.link in self._established:
            self._established.discard(event.link)
            self.breaks[event.link] += 1
            self.since = datetime.now(UTC)
            self.last_error = f"{event.link} link lost: {event.reason}"
            self.changed.set()
            metrics.LINK_UP.labels(self.link.name, event.link).set(0)
            log.warning("link %s: %s", self.link.name, self.last_error)
        metrics.BREAKS.labels(self.link.name, event.link, event.reason).inc()
        if not self.peer.established:
            self.up.clear()
        wire = self._wires.pop(event.link, None)
        if wire and wire.transport:
            data = self.peer.data_to_send(event.link)
            if data and not wire.transport.is_closing():
                wire.transport.write(data)
            wire.transport.close()
        self._writable[event.link].set()

    async def _connect(self, wanted: e.ConnectWanted) -> None:
        if self._attempts:
            await asyncio.sleep(random.uniform(0, JITTER_S))
        self._attempts += 1
        host, port = self._address(wanted)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await loop.create_connection(lambda: Wire(self, wanted.link), host, port)
        except (OSError, TimeoutError, ValueError) as error:
            self.last_error = f"{wanted.link} link: {host}:{port} cannot be reached: {error or 'no answer'}"
            log.warning("link %s: %s", self.link.name, self.last_error)
            self.peer.connect_failed(wanted.link, self._clock())
            self._pump()

    def _address(self, wanted: e.ConnectWanted) -> tuple[str, int]:
        """Where to connect: the address the login told, unless it can be nobody's or is not allowed; then the
        one the peer's own connection came from."""
        if not self.link.is_upper:
            return wanted.host, wanted.port
        port = self.link.sub_port or wanted.port
        if self.link.sub_host:
            return self.link.sub_host, port
        told = wanted.host.strip()
        usable = told not in _UNKNOWN_HOSTS and is_allowed(self.link, told)
        return (told if usable else self.peer_address), port

    def _flush(self) -> None:
        for name, wire in self._wires.items():
            data = self.peer.data_to_send(name)
            if data and wire.transport and not wire.transport.is_closing():
                self.counters["bytes_out"] += len(data)
                wire.transport.write(data)

    def _plan(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self.closing:
            return
        deadline_s = self.peer.next_deadline()
        if deadline_s is not None:
            wait_s = min(max(0.0, deadline_s - self._clock()), LOOK_S)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.pass_time)

    def _task(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def settings_of(link: Link) -> LinkSettings:
    """What the codec needs to know of a link."""
    return LinkSettings(
        gnss_center_id=link.access_code,
        edition=link.version,
        cipher=link.cipher,
        encrypt=link.cipher is not None,
        encrypt_key=random.getrandbits(32),
        user_id=link.user,
        password=link.password,
        down_link_ip=link.sub_public_host,
        down_link_port=link.sub_public_port,
        main_host=link.main_host,
        main_port=link.main_port,
        bulk=True,
    )
