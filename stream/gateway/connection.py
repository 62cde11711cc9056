"""The socket's side of a terminal: bytes to frames, answers to bytes, and bounds on both."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from stream.gateway import metrics
from stream.gateway.proxy import Network, Opening, ProxyError, is_trusted
from stream.gateway.session import CLOSED, Session
from stream.gateway.tls import TlsLayer
from stream.jt808.session_states import Trigger

if TYPE_CHECKING:
    from stream.gateway.server import Gateway

log = logging.getLogger(__name__)

#: A terminal that does not read its answers is not worth more memory than this (about 800 answers).
_MAX_UNREAD_BYTES = 16 * 1024
#: Reasons for which nothing more is written, not even what is under way.
_AT_ONCE = frozenset({"unread_answers", "proxy_spoofed", "proxy_missing", "proxy_malformed", "tls"})


@dataclass(frozen=True, slots=True)
class Door:
    """How connections of one port begin: whose PROXY headers are believed, and with TLS or without."""

    trusted: tuple[Network, ...] = ()
    tls: ssl.SSLContext | None = None


class Connection(asyncio.Protocol):
    """One TCP connection. Knows nothing of messages. `peer`: the terminal's address, as far as known."""

    __slots__ = ("_door", "_gateway", "_opening", "_split", "_tls", "_transport", "peer", "session")

    def __init__(self, gateway: Gateway, door: Door) -> None:
        self._gateway = gateway
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._opening: Opening | None = None
        self._tls = TlsLayer(door.tls) if door.tls else None
        self.session: Session = gateway.new_session(self, time.monotonic())
        self._split = self.session.split
        self.peer = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_MAX_UNREAD_BYTES)
        self.peer = (transport.get_extra_info("peername") or ("",))[0]
        if self._tls is None:
            self.session.straight = self._transport.write
        self._opening = Opening(bool(self.peer) and is_trusted(self.peer, self._door.trusted))
        self._gateway.opened(self)

    def data_received(self, data: bytes) -> None:
        if self._opening is not None or self._tls is not None:
            data = self._inside(data)
        frames = self._split(data)
        if frames:
            self._gateway.received(self.session, frames)

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
        if self._tls is not None:
            try:
                data = self._tls.send(data)
            except ssl.SSLError as error:
                log.info("connection of %s is ended: %s", self.peer, error)
                self.close("tls")
                return
        if self._transport is not None and data:
            self._transport.write(data)

    def close(self, reason: str) -> None:
        """Close from our side, counted by reason."""
        if self._transport is not None:
            metrics.CLOSED.labels(reason).inc()
            self._end()
            self._transport.abort() if reason in _AT_ONCE else self._transport.close()

    def _inside(self, data: bytes) -> bytes:
        """What a terminal says behind a PROXY header and inside TLS; nothing if the connection is ended."""
        try:
            if self._opening is not None:
                behind = self._opening.feed(data)
                if behind is None:
                    return b""
                self.peer = self._opening.source.address if self._opening.source else self.peer
                self._opening, data = None, behind
            if self._tls is not None:
                data = self._tls.receive(data)
                self.write(b"")
        except (ProxyError, ssl.SSLError) as error:
            log.info("connection of %s is ended: %s", self.peer, error)
            if self._transport is not None and self._tls is not None:
                self._transport.write(self._tls.to_write())  # the alert that says why
            self.close(error.reason if isinstance(error, ProxyError) else "tls")
            return b""
        return data

    def _end(self) -> None:
        if self.session.state is not CLOSED:
            self._gateway.ending(self.session)
            self.session.move(Trigger.CLOSED)
