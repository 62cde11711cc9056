"""Messages of JT/T 808 as frozen dataclasses in the standard's terms."""

from stream.jt808.item_list import Item, split_items
from stream.jt808.messages.base import Message, RawMessage
from stream.jt808.messages.position import (
    PositionBatch,
    PositionQueryResponse,
    PositionReport,
    VehicleControlResponse,
    split_batch,
)
from stream.jt808.messages.registry import (
    MESSAGES,
    Reading,
    decode_frame_message,
    decode_message,
    edition_of,
    read_body,
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
    "Reading",
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
    "read_body",
    "read_message",
    "split_batch",
    "split_items",
]
