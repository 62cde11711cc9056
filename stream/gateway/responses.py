"""The answer that most messages get."""

from __future__ import annotations

from stream.gateway.session import Session
from stream.jt808.messages import PlatformGeneralResponse, Result
from stream.jt808.session_states import State


def is_over(session: Session) -> bool:
    """Whether nothing more is said to this session."""
    return session.state is State.CLOSED or session.state is State.REPLACED


def respond(session: Session, serial: int, message_id: int, result: Result) -> None:
    """0x8001, unless the session is over."""
    if not is_over(session):
        session.send(PlatformGeneralResponse(serial, message_id, result))
