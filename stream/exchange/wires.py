"""Sockets of links: bytes to and from a session, and the first frame of a peer nobody knows yet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from stream.exchange import metrics
from stream.exchange.login import (
    BUSY,
    OK,
    OTHER,
    WRONG_ACCESS_CODE,
    access_code_of,
    is_allowed,
    judge,
    refusal,
)
from stream.jt809.events import LinkName
from stream.jt809.framing import FrameSplitter
from stream.jt809.header import Edition
from stream.jt809.link_settings import LOGIN_TIMEOUT_S, MAX_LOGIN_FRAME_BYTES
from stream.protocol_errors import ProtocolError

if TYPE_CHECKING:
    from stream.exchange.session import Session

log = logging.getLogger(__name__)

HIGH_WATER_BYTES = 512 * 1024
"""What may wait in a socket's buffer before a session is told to wait: half a second of a busy link."""


class Wire(asyncio.Protocol):
    """One TCP connection of a session's link."""

    def __init__(self, session: Session, name: LinkName) -> None:
        self._session = session
        self.name = name
        self.transport: asyncio.Transport | None = None
        self.peer_ip = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.adopt(transport)
        if self.name == "sub" and not self._session.link.is_upper and not self._allowed():
            log.warning("link %s: sub link from %s refused: not in allowed_ips",
                        self._session.link.name, self.peer_ip)  # fmt: skip
            transport.abort()  # type: ignore[attr-defined]
            return
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

    def _allowed(self) -> bool:
        return is_allowed(self._session.link, self.peer_ip)


class Greeter(asyncio.Protocol):
    """A connection to a main port until its login has told which link it is, and that it may be."""

    def __init__(self, sessions: Mapping[int, Session], known: Mapping[int, Any]) -> None:
        self._sessions = sessions
        self._known = known
        self._splitter = FrameSplitter(MAX_LOGIN_FRAME_BYTES)
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._timer = asyncio.get_running_loop().call_later(LOGIN_TIMEOUT_S, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._received += data
        frames = self._splitter.feed(data)
        if frames:
            self._greet(frames[0])
        elif len(self._received) > 4 * MAX_LOGIN_FRAME_BYTES:
            metrics.LOGINS.labels("", "no_frame").inc()
            self._transport.abort()

    def _greet(self, content: bytes) -> None:
        assert self._transport is not None
        ip = address_of(self._transport)
        try:
            access_code, edition = access_code_of(content)
        except ProtocolError as error:
            log.warning("connection from %s refused: %s", ip, error)
            metrics.LOGINS.labels("", "no_frame").inc()
            self._transport.abort()
            return
        session = self._sessions.get(access_code)
        if session is None:
            result = BUSY if access_code in self._known else WRONG_ACCESS_CODE
            log.warning("login from %s refused: access code %d, result %d", ip, access_code, result)
            metrics.LOGINS.labels("", str(result)).inc()
            self._refuse(refusal(access_code, edition, result))
            return
        self._judge(session, ip, content, edition)

    def _judge(self, session: Session, ip: str, content: bytes, edition: Edition) -> None:
        link = session.link
        try:
            result = judge(link, ip, content)
        except ProtocolError as error:
            log.warning("link %s: login from %s cannot be read as version %s: %s",
                        link.name, ip, link.version, error)  # fmt: skip
            session.last_error = f"login from {ip} cannot be read: {error}"
            result, edition = OTHER[edition], edition
        metrics.LOGINS.labels(link.name, str(result)).inc()
        if result != OK:
            session.last_error = f"login from {ip} refused with result {result}"
            log.warning("link %s: %s", link.name, session.last_error)
            self._refuse(refusal(link.access_code, edition, result, link.cipher))
            return
        self._hand_over(session)

    def _refuse(self, frame: bytes) -> None:
        assert self._transport is not None
        self._transport.write(frame)
        self._transport.close()

    def _hand_over(self, session: Session) -> None:
        assert self._transport is not None
        if self._timer:
            self._timer.cancel()
        wire = Wire(session, "main")
        self._transport.set_protocol(wire)
        wire.adopt(self._transport)
        session.wire_connected(wire)
        session.wire_received(wire, self._received)


def address_of(transport: asyncio.BaseTransport) -> str:
    """The IP address of the other end, "" when it is gone."""
    peer = transport.get_extra_info("peername")
    return str(peer[0]) if peer else ""
