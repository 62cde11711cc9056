"""Connections of peers nobody knows yet: held until their first frame says who they are.

The link that is up is touched only when the login is right: who merely connects breaks nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Container, Mapping
from typing import TYPE_CHECKING

from stream.exchange import metrics
from stream.exchange.login import (
    BUSY,
    OK,
    OTHER,
    WRONG_ACCESS_CODE,
    WRONG_IP,
    access_code_of,
    judge,
    judge_sub,
    refusal,
    sub_refusal,
)
from stream.exchange.wires import Wire, address_of
from stream.jt809.events import LinkName
from stream.jt809.framing import FrameSplitter
from stream.jt809.header import Edition
from stream.jt809.link_settings import LOGIN_TIMEOUT_S, MAX_LOGIN_FRAME_BYTES
from stream.protocol_errors import ProtocolError

if TYPE_CHECKING:
    from stream.exchange.session import Session

log = logging.getLogger(__name__)

MAX_GREETED = 500
"""Connections of one process that may wait for their first frame; as many as it may have links."""
MAX_RECEIVED_BYTES = 4 * MAX_LOGIN_FRAME_BYTES
"""Before a first frame is whole: the longest login, escaped, with some junk before it."""


class Greeter(asyncio.Protocol):
    """Base. Mutable; one a connection. `waiting` are all that wait."""

    link_name: LinkName = "main"

    def __init__(self, waiting: set[Greeter]) -> None:
        self._waiting = waiting
        self._splitter = FrameSplitter(MAX_LOGIN_FRAME_BYTES)
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._waiting) >= MAX_GREETED:
            metrics.LOGINS.labels("", "too_many").inc()
            transport.abort()
            return
        self._waiting.add(self)
        self._timer = asyncio.get_running_loop().call_later(LOGIN_TIMEOUT_S, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self._transport.is_closing():
            return
        self._received += data
        frames = self._splitter.feed(data)
        if frames:
            self.greet(frames[0], address_of(self._transport))
        elif len(self._received) > MAX_RECEIVED_BYTES:
            self.drop("", "no login came")

    def greet(self, content: bytes, ip: str) -> None:
        """Decide by the first frame (between its flags)."""
        raise NotImplementedError

    def drop(self, link: str, reason: str) -> None:
        """End what is no peer."""
        assert self._transport is not None
        metrics.LOGINS.labels(link, "no_frame").inc()
        log.warning("connection from %s dropped: %s", address_of(self._transport), reason)
        self._transport.abort()

    def refuse(self, frame: bytes) -> None:
        """Answer and end."""
        assert self._transport is not None
        self._transport.write(frame)
        self._transport.close()

    def hand_over(self, session: Session) -> None:
        """The peer is who it says: from here on the connection is the session's."""
        assert self._transport is not None
        self._leave()
        wire = Wire(session, self.link_name)
        self._transport.set_protocol(wire)
        wire.adopt(self._transport)
        session.wire_connected(wire)
        session.wire_received(wire, self._received)

    def _leave(self) -> None:
        self._waiting.discard(self)
        if self._timer:
            self._timer.cancel()


class MainGreeter(Greeter):
    """On a main port, which links of role upper may share: the access code tells whose peer it is."""

    link_name = "main"

    def __init__(self, waiting: set[Greeter], sessions: Mapping[int, Session], known: Container[int]) -> None:
        super().__init__(waiting)
        self._sessions = sessions
        self._known = known

    def greet(self, content: bytes, ip: str) -> None:
        try:
            access_code, edition = access_code_of(content)
        except ProtocolError as error:
            self.drop("", str(error))
            return
        session = self._sessions.get(access_code)
        if session is None:
            result = BUSY if access_code in self._known else WRONG_ACCESS_CODE
            log.warning("login from %s refused: access code %d, result %d", ip, access_code, result)
            metrics.LOGINS.labels("", str(result)).inc()
            self.refuse(refusal(access_code, edition, result))
            return
        self._judge(session, ip, content, edition)

    def _judge(self, session: Session, ip: str, content: bytes, edition: Edition) -> None:
        link = session.link
        reason = ""
        try:
            result = judge(link, ip, content)
        except ProtocolError as error:
            result, reason = OTHER[edition], f": not readable as version {link.version}: {error}"
        metrics.LOGINS.labels(link.name, str(result)).inc()
        if result == OK:
            self.hand_over(session)
            return
        session.last_error = f"login from {ip} refused with result {result}{reason}"
        log.warning("link %s: %s", link.name, session.last_error)
        self.refuse(refusal(link.access_code, edition, result, link.cipher))


class SubGreeter(Greeter):
    """On the sub port of a link of role lower: the verify code shows that it is who answered our login."""

    link_name = "sub"

    def __init__(self, waiting: set[Greeter], session: Session) -> None:
        super().__init__(waiting)
        self._session = session

    def greet(self, content: bytes, ip: str) -> None:
        session = self._session
        try:
            result = judge_sub(session.link, ip, content, session.verify_code)
        except ProtocolError as error:
            self.drop(session.link.name, str(error))
            return
        if result == OK:
            self.hand_over(session)
            return
        metrics.LOGINS.labels(session.link.name, f"sub_{result}").inc()
        why = "address not allowed" if result == WRONG_IP else "wrong verify code"
        session.last_error = f"sub link from {ip} refused: {why}"
        log.warning("link %s: %s", session.link.name, session.last_error)
        self.refuse(sub_refusal(session.link))
