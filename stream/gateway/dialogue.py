"""What the gateway says to a terminal: registration, authentication, and all that carries no position."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable

from stream.gateway import metrics
from stream.gateway.directory import Directory, DirectoryUnavailable
from stream.gateway.hooks import Listener, Nobody, is_answer, reply_serial_of
from stream.gateway.session import Session, State
from stream.jt808.errors import ProtocolError
from stream.jt808.messages import (
    Heartbeat,
    Message,
    PlatformGeneralResponse,
    RawMessage,
    RegisterResponse,
    Result,
    TerminalAuthenticate,
    TerminalGeneralResponse,
    TerminalRegister,
    Unregister,
    decode_message,
)
from stream.jt808.messages.session import register_edition

log = logging.getLogger(__name__)

_NO_SUCH_VEHICLE = 2
_NO_SUCH_TERMINAL = 4
#: Wrong codes a connection may send before it is closed: a terminal does not guess.
_MAX_FAILURES = 3


class Dialogue:
    """Answers for all sessions of a gateway. `joined` is told of a session that has authenticated, `left`
    of one that has unregistered, `answered` that a session's held frames may be looked at again."""

    def __init__(
        self,
        directory: Directory,
        *,
        check_plate: bool,
        joined: Callable[[Session], None],
        left: Callable[[Session], None],
        answered: Callable[[Session], None],
    ) -> None:
        self._directory = directory
        self._check_plate = check_plate
        self._joined = joined
        self._left = left
        self._answered = answered
        self.listener: Listener = Nobody()
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, session: Session, message_id: int, serial: int, body: bytes) -> None:
        """One whole message that is not a position report."""
        try:
            if message_id == TerminalRegister.message_id:
                edition = session.edition if session.edition_2019 else register_edition(body)
                session.edition = edition
                self._ask(session, self._register(session, serial, TerminalRegister.decode(body, edition)))
            elif message_id == TerminalAuthenticate.message_id:
                message = TerminalAuthenticate.decode(body, session.edition)
                self._ask(session, self._authenticate(session, serial, message))
            elif session.state is not State.AUTHENTICATED:
                self.refuse(session, serial, message_id, Result.FAILURE, "not_authenticated")
            else:
                self._converse(session, message_id, serial, body)
        except ProtocolError as error:
            log.info("terminal %s: message 0x%04x: %s", session.phone, message_id, error)
            self.refuse(session, serial, message_id, Result.BAD_MESSAGE, "malformed")

    def refuse(self, session: Session, serial: int, message_id: int, result: Result, reason: str) -> None:
        """Answer with a failure, counted by reason."""
        metrics.REFUSED.labels(reason).inc()
        self._respond(session, serial, message_id, result)

    def _converse(self, session: Session, message_id: int, serial: int, body: bytes) -> None:
        if message_id == Heartbeat.message_id:
            self._respond(session, serial, message_id, Result.OK)
        elif is_answer(message_id):
            self._answer(session, message_id, serial, body)
        elif message_id == Unregister.message_id:
            self._respond(session, serial, message_id, Result.OK)
            session.state = State.NEW
            self._left(session)
        else:
            self.refuse(session, serial, message_id, Result.NOT_SUPPORTED, "unsupported")

    def _answer(self, session: Session, message_id: int, serial: int, body: bytes) -> None:
        """Tell what answers an order; nothing keeps it yet, so it is not confirmed.

        A body that cannot be read is still an answer, and told as it came.
        """
        message: Message | RawMessage
        try:
            message = decode_message(message_id, body, session.edition)
        except ProtocolError:
            metrics.REFUSED.labels("malformed").inc()
            message = RawMessage(message_id, body)
        self.listener.answered(session, message_id, reply_serial_of(message_id, body), message)
        if message_id != TerminalGeneralResponse.message_id:
            self.refuse(session, serial, message_id, Result.NOT_SUPPORTED, "unsupported")

    def _ask(self, session: Session, asking: object) -> None:
        session.state = State.ASKING
        task = asyncio.ensure_future(asking)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _register(self, session: Session, serial: int, message: TerminalRegister) -> None:
        try:
            terminal = await self._directory.lookup(session.phone)
        except DirectoryUnavailable:
            # No answer: by the standard the terminal asks again, and then the registry may be back.
            metrics.REFUSED.labels("registry_away").inc()
            self._resume(session, State.NEW)
            return
        if terminal is None:
            metrics.REFUSED.labels("unknown_terminal").inc()
            answer = RegisterResponse(serial, _NO_SUCH_TERMINAL)
        elif _plates_differ(message.plate, terminal.plate) and self._plate_refused():
            answer = RegisterResponse(serial, _NO_SUCH_VEHICLE)
        else:
            answer = RegisterResponse(serial, Result.OK, terminal.auth_code)
        session.send(answer)
        self._resume(session, State.REGISTERED if answer.result == Result.OK else State.NEW)

    def _plate_refused(self) -> bool:
        metrics.PLATE_MISMATCHES.inc()
        if self._check_plate:
            metrics.REFUSED.labels("plate_mismatch").inc()
        return self._check_plate

    async def _authenticate(self, session: Session, serial: int, message: TerminalAuthenticate) -> None:
        try:
            terminal = await self._directory.lookup(session.phone)
        except DirectoryUnavailable:
            metrics.REFUSED.labels("registry_away").inc()
            self._resume(session, State.NEW)
            return
        code = message.auth_code.encode()
        if terminal is not None and hmac.compare_digest(code, terminal.auth_code.encode()):
            session.terminal = terminal
            self._joined(session)
            self._respond(session, serial, message.message_id, Result.OK)
            self._resume(session, State.AUTHENTICATED)
            self.listener.joined(session)
            return
        reason = "unknown_terminal" if terminal is None else "wrong_code"
        self.refuse(session, serial, message.message_id, Result.FAILURE, reason)
        session.failures += 1
        self._resume(session, State.NEW)
        if session.failures >= _MAX_FAILURES:
            session.link.close("authentication_failed")

    def _resume(self, session: Session, state: State) -> None:
        if session.state is not State.CLOSED:
            session.state = state
            self._answered(session)

    @staticmethod
    def _respond(session: Session, serial: int, message_id: int, result: Result) -> None:
        session.send(PlatformGeneralResponse(serial, message_id, result))


def _plates_differ(told: str, known: str) -> bool:
    """Whether two plates name different vehicles. Spaces, dots and hyphens are written by taste; an empty one
    says nothing."""
    told, known = _plain(told), _plain(known)
    return bool(told and known) and told != known


def _plain(plate: str) -> str:
    return "".join(letter for letter in plate.upper() if letter.isalnum())
