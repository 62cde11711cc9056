"""What others may follow of a gateway's sessions: who joins, who leaves, what terminals answer to orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from stream.jt808.messages.position import BASE_BYTES, PositionQueryResponse

if TYPE_CHECKING:
    from stream.gateway.session import Session
    from stream.jt808.messages import Message, RawMessage

__all__ = ["Listener", "Nobody", "is_answer", "reply_serial_of"]

#: Uplink messages that answer an order and begin with its serial (JT/T 808-2019, 8; JT/T 1078).
_WITH_SERIAL = frozenset({0x0001, 0x0104, 0x0201, 0x0302, 0x0500, 0x0700, 0x0802, 0x0805, 0x1205, 0x1206})
#: Uplink messages that answer an order and do not say which one; the message id alone tells.
_WITHOUT_SERIAL = frozenset({0x0107, 0x0108, 0x0608, 0x0702, 0x0801, 0x0900, 0x0A00, 0x1003})
_SERIAL_BYTES = 2


class Listener(Protocol):
    """Called inside the gateway's loop: be quick, and never raise."""

    def joined(self, session: Session) -> None:
        """A terminal has authenticated; `session.terminal` says which vehicle it is."""

    def left(self, session: Session) -> None:
        """An authenticated session has ended: connection lost, replaced, or unregistered."""

    def answered(
        self, session: Session, message_id: int, reply_serial: int | None, message: Message | RawMessage
    ) -> None:
        """An uplink message that answers an order; `reply_serial` is None for ids that carry none.

        `message` is raw where the body cannot be read.
        """


class Nobody:
    """Follows nothing."""

    def joined(self, session: Session) -> None:
        """Nothing to do."""

    def left(self, session: Session) -> None:
        """Nothing to do."""

    def answered(
        self, session: Session, message_id: int, reply_serial: int | None, message: Message | RawMessage
    ) -> None:
        """Nothing to do."""


def is_answer(message_id: int) -> bool:
    """Whether an uplink message may be the answer to an order."""
    return message_id in _WITH_SERIAL or message_id in _WITHOUT_SERIAL


def reply_serial_of(message_id: int, body: bytes) -> int | None:
    """The serial of the order that an answer names; None where it names none or is cut short.

    A 0x0201 of 28 bytes is a position alone, as terminals of 2011 send it.
    """
    if message_id == PositionQueryResponse.message_id and len(body) == BASE_BYTES:
        return None
    if message_id in _WITH_SERIAL and len(body) >= _SERIAL_BYTES:
        return int.from_bytes(body[:_SERIAL_BYTES])
    return None
