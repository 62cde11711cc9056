"""The answers that most messages and pictures get."""

from __future__ import annotations

from stream.gateway.session import Session
from stream.jt808.messages import PlatformGeneralResponse, Result
from stream.jt808.messages.media import MediaResponse
from stream.jt808.session_states import State


def is_over(session: Session) -> bool:
    """Whether nothing more is said to this session."""
    return session.state is State.CLOSED or session.state is State.REPLACED


def respond(session: Session, serial: int, message_id: int, result: Result) -> None:
    """0x8001, unless the session is over."""
    if not is_over(session):
        session.send(PlatformGeneralResponse(serial, message_id, result))


def tell_media(session: Session, serial: int, media_id: int, missing: tuple[int, ...] = ()) -> None:
    """0x8800: the data of a media id are here, or these packages are missing. In 2011 the serial of 0x0801
    stands before it, and the count always."""
    session.send(MediaResponse(media_id, missing, serial))
