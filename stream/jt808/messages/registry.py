"""Which class reads which message id."""

from __future__ import annotations

from stream.jt808.errors import EncryptedError
from stream.jt808.frame import Frame
from stream.jt808.header import Edition, Header
from stream.jt808.messages import (
    attributes,
    can,
    control,
    driver,
    media,
    packages,
    parameters,
    position,
    responses,
    session,
    text,
    transparent,
)
from stream.jt808.messages.base import Message, RawMessage
from stream.jt808.reader import Reader

_CLASSES: tuple[type[Message], ...] = (
    responses.TerminalGeneralResponse,
    responses.PlatformGeneralResponse,
    session.Heartbeat,
    session.Unregister,
    session.TerminalRegister,
    session.RegisterResponse,
    session.TerminalAuthenticate,
    position.PositionReport,
    position.PositionBatch,
    position.PositionQueryResponse,
    position.VehicleControlResponse,
    text.TextMessage,
    packages.PlatformResendRequest,
    packages.TerminalResendRequest,
    parameters.SetParameters,
    parameters.ParameterQuery,
    parameters.ParameterResponse,
    driver.DriverIdentity,
    media.MediaEvent,
    media.MediaData,
    media.MediaResponse,
    media.ShootResponse,
    transparent.UplinkTransparentData,
    transparent.DownlinkTransparentData,
    transparent.ElectronicWaybill,
    transparent.CompressedData,
    attributes.TerminalAttributes,
    attributes.UpgradeResult,
    control.TerminalControl,
    control.TemporaryTracking,
    control.AlarmConfirmation,
    control.CallBack,
    control.ServerTime,
    control.ServerTimeQuery,
    control.ParameterQueryAll,
    control.AttributesQuery,
    control.PositionQuery,
    control.LinkCheck,
    can.CanData,
)

MESSAGES: dict[int, type[Message]] = {kind.message_id: kind for kind in _CLASSES}


def edition_of(header: Header, body: bytes) -> Edition:
    """The edition of a whole message: 2019 by its header; 2011 by the layout of 0x0100; 2013 otherwise, for
    nothing else tells the two apart.
    """
    if not header.edition_2019 and header.message_id == session.TerminalRegister.message_id:
        return session.register_edition(body)
    return header.edition


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
