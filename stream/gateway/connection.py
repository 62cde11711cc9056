"""The socket's side of a terminal: bytes to frames, answers to bytes, and bounds on both."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

from stream.gateway import metrics
from stream.gateway.session import CLOSED, Session
from stream.jt808.session_states import Trigger

if TYPE_CHECKING:
    from stream.gateway.server import Gateway

#: A terminal that does not read its answers is not worth more memory than this (about 800 answers).
_MAX_UNREAD_BYTES = 16 * 1024


class Connection(asyncio.Protocol):
    """One TCP connection. Knows nothing of messages."""

    __slots__ = ("_gateway", "_transport", "session")

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._transport: asyncio.Transport | None = None
        self.session: Session = gateway.new_session(self, time.monotonic())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_MAX_UNREAD_BYTES)
        self._gateway.opened(self)

    def data_received(self, data: bytes) -> None:
        session = self.session
        frames = session.split(data)
        if frames:
            session.heard(time.monotonic())
            self._gateway.received(session, frames)
        if self._gateway.overfull:
            self.stop_reading()
            self._gateway.paused.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()
        self._transport = None
        self._gateway.closed(self)

    def pause_writing(self) -> None:
        self.close("unread_answers")

    def stop_reading(self) -> None:
        """Read nothing more until told to."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Called when the gateway has room again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def close(self, reason: str) -> None:
        """Close from our side, counted by reason."""
        if self._transport is not None:
            metrics.CLOSED.labels(reason).inc()
            self._end()
            self._transport.abort() if reason == "unread_answers" else self._transport.close()

    def _end(self) -> None:
        if self.session.state is not CLOSED:
            self._gateway.ending(self.session)
            self.session.move(Trigger.CLOSED)
