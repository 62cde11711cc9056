"""Messages of JT/T 809 as frozen dataclasses in the standard's terms."""

from stream.jt809.messages.base import Message, RawMessage, VehicleMessage
from stream.jt809.messages.registry import MESSAGES, Reading, decode_message, read_message

__all__ = ["MESSAGES", "Message", "RawMessage", "Reading", "VehicleMessage", "decode_message", "read_message"]
