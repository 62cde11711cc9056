"""Sockets of links: bytes to and from a session."""

from __future__ import annotations

import asyncio
from typing import Protocol

from stream.jt809.events import LinkName

HIGH_WATER_BYTES = 512 * 1024
"""What may wait in a socket's buffer before a session is told to wait: half a second of a busy link."""


class WireUser(Protocol):
    """What a wire tells its session."""

    def wire_connected(self, wire: Wire) -> None:
        """It stands."""

    def wire_received(self, wire: Wire, data: bytes) -> None:
        """Bytes came."""

    def wire_lost(self, wire: Wire) -> None:
        """It is gone."""

    def wire_writable(self, wire: Wire, writable: bool) -> None:
        """Whether it takes more to send now."""


class Wire(asyncio.Protocol):
    """One TCP connection of a session's link."""

    def __init__(self, session: WireUser, name: LinkName) -> None:
        self._session = session
        self.name = name
        self.transport: asyncio.Transport | None = None
        self.peer_ip = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.adopt(transport)
        self._session.wire_connected(self)

    def adopt(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection over."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.peer_ip = address_of(transport)
        transport.set_write_buffer_limits(high=HIGH_WATER_BYTES)

    def data_received(self, data: bytes) -> None:
        self._session.wire_received(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._session.wire_lost(self)

    def pause_writing(self) -> None:
        self._session.wire_writable(self, False)

    def resume_writing(self) -> None:
        self._session.wire_writable(self, True)


def address_of(transport: asyncio.BaseTransport) -> str:
    """The IP address of the other end, "" when it is gone."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""
