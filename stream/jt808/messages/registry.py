"""Which class reads which message id."""

from __future__ import annotations

from stream.jt808.errors import EncryptedError
from stream.jt808.frame import Frame
from stream.jt808.header import Edition, Header
from stream.jt808.messages.base import Message, RawMessage
from stream.jt808.messages.position import (
    PositionBatch,
    PositionQueryResponse,
    PositionReport,
    VehicleControlResponse,
)
from stream.jt808.messages.responses import PlatformGeneralResponse, TerminalGeneralResponse
from stream.jt808.messages.session import (
    Heartbeat,
    RegisterResponse,
    TerminalAuthenticate,
    TerminalRegister,
    Unregister,
    register_edition,
)
from stream.jt808.messages.text import TextMessage
from stream.jt808.reader import Reader

_CLASSES: tuple[type[Message], ...] = (
    TerminalGeneralResponse,
    Heartbeat,
    Unregister,
    TerminalRegister,
    TerminalAuthenticate,
    PositionReport,
    PositionQueryResponse,
    VehicleControlResponse,
    PositionBatch,
    PlatformGeneralResponse,
    RegisterResponse,
    TextMessage,
)

MESSAGES: dict[int, type[Message]] = {kind.message_id: kind for kind in _CLASSES}


def edition_of(header: Header, body: bytes) -> Edition:
    """The edition of a whole message: 2019 by its header; 2011 by the layout of 0x0100; 2013 otherwise, for
    nothing else tells the two apart.
    """
    if not header.edition_2019 and header.message_id == TerminalRegister.message_id:
        return register_edition(body)
    return header.edition


def read_message(
    message_id: int, body: bytes, edition: Edition = "2013"
) -> tuple[Message | RawMessage, bytes]:
    """The message and the bytes behind its last field. Raises `ProtocolError` subclasses only."""
    kind = MESSAGES.get(message_id)
    if kind is None:
        return RawMessage(message_id, body), b""
    reader = Reader(body)
    return kind.read(reader, edition), reader.rest()


def decode_message(message_id: int, body: bytes, edition: Edition = "2013") -> Message | RawMessage:
    """The message, a `RawMessage` for an id not known here. Raises `ProtocolError` only."""
    return read_message(message_id, body, edition)[0]


def decode_frame_message(frame: Frame) -> Message | RawMessage:
    """The message of a frame that is not sub-packaged. Raises `EncryptedError` if its body cannot be read."""
    if frame.header.encryption:
        raise EncryptedError(f"encryption {frame.header.encryption} of property bits 10-12")
    return decode_message(frame.header.message_id, frame.body, edition_of(frame.header, frame.body))
