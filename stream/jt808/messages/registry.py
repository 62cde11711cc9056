"""Which class reads which message id."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from types import ModuleType

from stream.jt808.errors import EncryptedError, ProtocolError
from stream.jt808.frame import Frame
from stream.jt808.header import Edition, Header
from stream.jt808.messages import (
    area_query,
    areas,
    attachment,
    attributes,
    can,
    control,
    driver,
    media,
    packages,
    parameters,
    position,
    recorder,
    responses,
    session,
    text,
    transparent,
    vehicle_control,
    video,
)
from stream.jt808.messages.base import Message, RawMessage
from stream.jt808.oddities import Oddity
from stream.jt808.reader import Reader

_MODULES = (
    *(responses, session, position, text, packages, parameters, driver, media, transparent, attributes),
    *(control, can, areas, area_query, vehicle_control, recorder, attachment, video),
)
# Bodies of these are as long as they like, or are judged by themselves.
_STANDARD_RESULTS = frozenset(range(5))


def _messages_of(module: ModuleType) -> dict[int, type[Message]]:
    """Message classes of a module by id."""
    found = {}
    for kind in vars(module).values():
        known = isinstance(kind, type) and issubclass(kind, Message) and is_dataclass(kind)
        if known and "message_id" in vars(kind):
            found[kind.message_id] = kind
    return found


MESSAGES: dict[int, type[Message]] = {}
for _module in _MODULES:
    MESSAGES |= _messages_of(_module)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a body: the message, the bytes behind its last field, and bits of `Oddity`."""

    message: Message | RawMessage
    rest: bytes
    oddities: int


def edition_of(header: Header, body: bytes) -> Edition:
    """The edition of a whole message: 2019 by its header; 2011 by the layout of 0x0100, and of a command that
    fits that of 2011 to the byte and no other; 2013 otherwise, for nothing else tells the two apart.
    """
    if header.edition_2019:
        return "2019"
    if header.message_id == session.TerminalRegister.message_id:
        return session.register_edition(body)
    kind = _TOLD_BY_FIT.get(header.message_id)
    if kind and not _fits(kind, body, "2013") and _fits(kind, body, "2011"):
        return "2011"
    return "2013"


def _fits(kind: type[Message], body: bytes, edition: Edition) -> bool:
    """Whether a layout reads the body to its last byte."""
    reader = Reader(body)
    try:
        kind.read(reader, edition)
    except ProtocolError:
        return False
    return not reader.left


# Commands whose layout of 2011 has a number more than that of 2013.
_TOLD_BY_FIT: dict[int, type[Message]] = {
    kind.message_id: kind
    for kind in (
        *(parameters.SetParameters, areas.SetCircles, areas.SetRectangles, areas.SetPolygon, areas.SetRoute),
        media.MediaResponse,
    )
}


def read_body(message_id: int, body: bytes, edition: Edition = "2013") -> Reading:
    """The message of a whole body and what was odd about it. Raises `ProtocolError` only."""
    kind = MESSAGES.get(message_id)
    if kind is None:
        return Reading(RawMessage(message_id, body), b"", Oddity.UNKNOWN_MESSAGE)
    reader = Reader(body)
    message = kind.read(reader, edition)
    rest = reader.rest()
    return Reading(message, rest, reader.oddities | _judge(kind, message, body, rest, edition))


def _judge(kind: type[Message], message: Message, body: bytes, rest: bytes, edition: Edition) -> int:
    """Oddities that only the whole message shows."""
    found = int(Oddity.TRAILING_BYTES) if rest else 0
    if isinstance(message, session.Heartbeat) and body:
        found |= Oddity.HEARTBEAT_BODY
    if isinstance(message, responses.TerminalGeneralResponse) and message.result not in _STANDARD_RESULTS:
        found |= Oddity.UNKNOWN_RESULT
    layout = kind.variant_of(Reader(body), edition)
    if layout in ("2011", "2013", "2019") and layout != edition and kind in _TOLD_BY_LAYOUT:
        found |= Oddity.OTHER_EDITION_BODY
    return found


# Messages whose layout differs by edition and is told by the body.
_TOLD_BY_LAYOUT = frozenset(
    {
        session.TerminalRegister,
        driver.DriverIdentity,
        attributes.TerminalAttributes,
        packages.PlatformResendRequest,
        packages.TerminalResendRequest,
    }
)


def read_message(
    message_id: int, body: bytes, edition: Edition = "2013"
) -> tuple[Message | RawMessage, bytes]:
    """The message and the bytes behind its last field. Raises `ProtocolError` only."""
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
