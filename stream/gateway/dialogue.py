"""What a terminal's session tells, and what is done about it: one function an event."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from stream.gateway import metrics
from stream.gateway.conversation import Conversation
from stream.gateway.directory import Directory, DirectoryUnavailable
from stream.gateway.responses import is_over, respond, tell_media
from stream.gateway.session import AUTHENTICATED, CLOSED, Session
from stream.jt808 import session_events as events
from stream.jt808.messages import (
    RegisterResponse,
    Result,
    TerminalAuthenticate,
)
from stream.jt808.messages.packages import PlatformResendRequest

log = logging.getLogger(__name__)

_NO_SUCH_VEHICLE = 2
_NO_SUCH_TERMINAL = 4
_MEDIA_DATA = 0x0801
_MEDIA_ID_BYTES = 4


class Dialogue:
    """Answers for all sessions of a gateway. `joined` is called when a session is about to be authenticated,
    `left` when it no longer is, `conversation` has the messages in between."""

    def __init__(
        self,
        directory: Directory,
        conversation: Conversation,
        *,
        check_plate: bool,
        joined: Callable[[Session], None],
        authenticated: Callable[[Session], None],
        left: Callable[[Session], None],
    ) -> None:
        self._directory = directory
        self._conversation = conversation
        self._check_plate = check_plate
        self._joined = joined
        self._authenticated = authenticated
        self._left = left
        self._tasks: set[asyncio.Task[None]] = set()
        self._actions: dict[type, Callable[[Session, Any], None]] = {
            events.Received: self._conversation.take,
            events.Registration: lambda s, told: self._ask(s, self._register(s, told)),
            events.Authentication: lambda s, told: self._ask(s, self._authenticate(s, told)),
            events.Refused: self._refused,
            events.PackageKept: lambda s, kept: respond(s, kept.serial, kept.message_id, Result.OK),
            events.Repeated: self._conversation.answer_again,
            events.PackagesMissing: self._ask_again,
            events.GivenUp: lambda s, told: metrics.PACKAGES.labels(f"given_up_{told.reason}").inc(),
            events.ResendAsked: self._send_again,
            events.FrameBroken: lambda s, broken: metrics.FRAME_FAULTS.labels(broken.code).inc(),
            events.Ended: lambda s, ended: s.link.close(ended.reason),
        }

    def pump(self, session: Session) -> None:
        """Do what the session's events ask for, until it wants more data or an answer."""
        while True:
            event = session.next_event()
            if event is events.NEED_DATA or event is events.PAUSED:
                return
            self._actions[type(event)](session, event)

    def _refused(self, session: Session, refused: events.Refused) -> None:
        metrics.REFUSED.labels(refused.reason).inc()
        if refused.result is not None:
            respond(session, refused.serial, refused.message_id, refused.result)

    def _ask_again(self, session: Session, missing: events.PackagesMissing) -> None:
        """0x8003; for media every second time 0x8800, which some terminals know and the other not."""
        metrics.PACKAGES.labels("asked_again").inc(len(missing.packages))
        if missing.message_id == _MEDIA_DATA and missing.asked % 2 and len(missing.first_body) >= 4:
            media_id = int.from_bytes(missing.first_body[:_MEDIA_ID_BYTES])
            tell_media(session, missing.first_serial, media_id, missing.packages)
        else:
            session.send(PlatformResendRequest(missing.first_serial, missing.packages))

    def _send_again(self, session: Session, asked: events.ResendAsked) -> None:
        if asked.data:
            metrics.PACKAGES.labels("sent_again").inc()
            session.write(asked.data)
        else:
            metrics.REFUSED.labels("not_kept").inc()
            respond(session, asked.serial, 0x0005, Result.FAILURE)

    # --- greetings ---------------------------------------------------------------------------------------

    def _ask(self, session: Session, asking: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(self._answer(session, asking))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, session: Session, asking: Coroutine[None, None, None]) -> None:
        try:
            await asking
        except DirectoryUnavailable:
            # No answer: by the standard the terminal asks again, and then the registry may be back.
            metrics.REFUSED.labels("registry_away").inc()
            session.resume()
        if session.state is not CLOSED:
            if session.state is not AUTHENTICATED:
                self._left(session)
            self.pump(session)

    async def _register(self, session: Session, told: events.Registration) -> None:
        terminal = await self._directory.lookup(session.phone)
        if is_over(session):
            return
        if terminal is None:
            metrics.REFUSED.labels("unknown_terminal").inc()
            answer = RegisterResponse(told.serial, _NO_SUCH_TERMINAL)
        elif _plates_differ(told.message.plate, terminal.plate) and self._plate_refused():
            answer = RegisterResponse(told.serial, _NO_SUCH_VEHICLE)
        else:
            answer = RegisterResponse(told.serial, Result.OK, terminal.auth_code)
            self._conversation.learn_edition(session, terminal.vehicle_key)
        session.send(answer)

    def _plate_refused(self) -> bool:
        metrics.PLATE_MISMATCHES.inc()
        if self._check_plate:
            metrics.REFUSED.labels("plate_mismatch").inc()
        return self._check_plate

    async def _authenticate(self, session: Session, told: events.Authentication) -> None:
        terminal = await self._directory.lookup(session.phone)
        if is_over(session):
            return
        code = told.message.auth_code.encode()
        if terminal is not None and hmac.compare_digest(code, terminal.auth_code.encode()):
            session.terminal = terminal
            self._joined(session)
            respond(session, told.serial, TerminalAuthenticate.message_id, Result.OK)
            self._authenticated(session)
            return
        metrics.REFUSED.labels("unknown_terminal" if terminal is None else "wrong_code").inc()
        respond(session, told.serial, TerminalAuthenticate.message_id, Result.FAILURE)


def _plates_differ(told: str, known: str) -> bool:
    """Whether two plates name different vehicles. Spaces, dots and hyphens are written by taste; an empty one
    says nothing."""
    told, known = _plain(told), _plain(known)
    return bool(told and known) and told != known


def _plain(plate: str) -> str:
    return "".join(letter for letter in plate.upper() if letter.isalnum())
