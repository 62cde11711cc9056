"""Messages of JT/T 808 as frozen dataclasses in the standard's terms."""

from stream.jt808.messages.base import Message, RawMessage
from stream.jt808.messages.position import (
    Item,
    PositionBatch,
    PositionQueryResponse,
    PositionReport,
    VehicleControlResponse,
    split_batch,
    split_items,
)
from stream.jt808.messages.registry import (
    MESSAGES,
    decode_frame_message,
    decode_message,
    edition_of,
    read_message,
)
from stream.jt808.messages.responses import (
    GeneralResponse,
    PlatformGeneralResponse,
    Result,
    TerminalGeneralResponse,
)
from stream.jt808.messages.session import (
    Heartbeat,
    RegisterResponse,
    TerminalAuthenticate,
    TerminalRegister,
    Unregister,
)
from stream.jt808.messages.text import TextMessage

__all__ = [
    "MESSAGES",
    "GeneralResponse",
    "Heartbeat",
    "Item",
    "Message",
    "PlatformGeneralResponse",
    "PositionBatch",
    "PositionQueryResponse",
    "PositionReport",
    "RawMessage",
    "RegisterResponse",
    "Result",
    "TerminalAuthenticate",
    "TerminalGeneralResponse",
    "TerminalRegister",
    "TextMessage",
    "Unregister",
    "VehicleControlResponse",
    "decode_frame_message",
    "decode_message",
    "edition_of",
    "read_message",
    "split_batch",
    "split_items",
]
