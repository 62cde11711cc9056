"""Messages as plain objects for JSON, and back: named fields, units in the names, times with +08:00."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.kinds import hex_bytes
from stream.jt808.layout import Record
from stream.jt808.messages import MESSAGES, Message, RawMessage


def describe(message: Record, edition: Edition = "2013") -> dict[str, Any]:
    """The fields of a message or of a part of one, in their order; bytes in hex."""
    if isinstance(message, RawMessage):
        return {"raw": message.body.hex()}
    return message.show(edition)


def from_view(message_id: int, view: Mapping[str, Any], edition: Edition = "2013") -> Message | RawMessage:
    """The message that `describe` shows so; fields with a default may be left out.

    Ids may be numbers or "0x8300"; times ISO 8601, GMT+8 unless they say otherwise; bytes are hex. An object
    with `raw` is the body itself. Raises `EncodeError`, which names the field, for unknown or missing fields
    and impossible values.
    """
    if "raw" in view:
        return RawMessage(message_id, hex_bytes(view["raw"], "raw"))
    kind = MESSAGES.get(message_id)
    if kind is None:
        raise EncodeError(f"message 0x{message_id:04x} is not known here; give its body as raw")
    return kind.parse(dict(view), edition)
