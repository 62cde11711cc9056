"""Terminals over UDP: one datagram is one or more whole frames, an address is a link.

A terminal whose address changes authenticates again, as on a new connection, and replaces itself. Whoever
has not authenticated may be anyone who writes a false sender into a datagram: it is told no more bytes than
it has sent, and strangers push each other out, never the terminals.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, cast

from stream.gateway import metrics
from stream.gateway.session import AUTHENTICATED, CLOSED, Session
from stream.jt808.framing import FLAG, FrameSplitter
from stream.jt808.session_states import Trigger

if TYPE_CHECKING:
    from stream.gateway.server import Gateway

#: Addresses that have not authenticated: as many as a fleet has coming back at once, 2 KB each.
MAX_STRANGERS = 10_000
#: Of all addresses: beyond this nobody new is heard.
MAX_PEERS = 200_000
#: What passes any network in one piece.
_DATAGRAM_BYTES = 1_400

Address = tuple[Any, ...]


class Peer:
    """The link of one address. Mutable."""

    __slots__ = ("_credit_bytes", "_door", "address", "session")

    def __init__(self, door: DatagramDoor, address: Address, session_of: Gateway) -> None:
        self._door = door
        self._credit_bytes = 0
        self.address = address
        self.session: Session = session_of.new_session(self, time.monotonic())

    @property
    def peer(self) -> str:
        """The address's host."""
        return str(self.address[0])

    def heard(self, size: int) -> None:
        """A datagram has come: an answer may be as long, no longer. One that is still owed may come too."""
        self._credit_bytes = size + (self._credit_bytes if self.session.waiting else 0)

    def write(self, data: bytes) -> None:
        """Whole frames, as many a datagram as fit."""
        if self.session.state is not AUTHENTICATED:
            if len(data) > self._credit_bytes:
                metrics.DATAGRAMS.labels("not_answered").inc()
                return
            self._credit_bytes -= len(data)
        if len(data) <= _DATAGRAM_BYTES:
            self._door.send(data, self.address)
            return
        for content in data.split(FLAG):
            if content:
                self._door.send(FLAG + content + FLAG, self.address)

    def close(self, reason: str) -> None:
        """Forget the address, counted by reason."""
        metrics.CLOSED.labels(reason).inc()
        self._door.forget(self)

    def stop_reading(self) -> None:
        """Datagrams cannot be held back; the door drops them while there is no room."""

    def resume_reading(self) -> None:
        """As `stop_reading`."""


class DatagramDoor(asyncio.DatagramProtocol):
    """One UDP port and the addresses that speak to it. Mutable."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._transport: asyncio.DatagramTransport | None = None
        self._strangers: OrderedDict[Address, Peer] = OrderedDict()
        self._known: dict[Address, Peer] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._gateway.overfull:
            metrics.DATAGRAMS.labels("no_room").inc()
            return
        frames = FrameSplitter().feed(data)
        if not frames:
            metrics.DATAGRAMS.labels("no_frame").inc()
            return
        peer = self._peer(addr)
        if peer is None:
            metrics.DATAGRAMS.labels("too_many_peers").inc()
            return
        metrics.DATAGRAMS.labels("taken").inc()
        peer.heard(len(data))
        self._gateway.received(peer.session, frames)
        if peer.session.state is not AUTHENTICATED:
            self._gateway.tick()  # answered before its next datagram, whose length would count

    def error_received(self, exc: Exception) -> None:
        """What the network says of datagrams sent before: their terminals are gone, and send again."""
        metrics.DATAGRAMS.labels("undeliverable").inc()

    def send(self, data: bytes, address: Address) -> None:
        """One datagram."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)

    def forget(self, peer: Peer) -> None:
        """The link of an address is over."""
        self._strangers.pop(peer.address, None)
        self._known.pop(peer.address, None)
        if peer.session.state is not CLOSED:
            self._gateway.ending(peer.session)
            peer.session.move(Trigger.CLOSED)
        self._gateway.closed(peer)

    def close(self) -> None:
        """Hear nothing more; what is under way is still answered until the transport is closed."""
        if self._transport is not None:
            self._transport.close()

    def _peer(self, address: Address) -> Peer | None:
        peer = self._known.get(address)
        if peer is not None:
            return peer
        peer = self._strangers.get(address)
        if peer is not None:
            if peer.session.state is AUTHENTICATED:
                self._known[address] = self._strangers.pop(address)
            else:
                self._strangers.move_to_end(address)
            return peer
        if len(self._known) + len(self._strangers) >= MAX_PEERS:
            return None
        if len(self._strangers) >= MAX_STRANGERS:
            self._push_out()
        peer = self._strangers[address] = Peer(self, address, self._gateway)
        self._gateway.opened(peer)
        return peer

    def _push_out(self) -> None:
        """The stranger that was silent longest goes; one that has authenticated meanwhile is none."""
        address, peer = next(iter(self._strangers.items()))
        if peer.session.state is AUTHENTICATED:
            self._known[address] = self._strangers.pop(address)
        else:
            peer.close("too_many_strangers")
