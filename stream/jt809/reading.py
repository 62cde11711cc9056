"""From a frame to its message: what links and tools share."""

from __future__ import annotations

from dataclasses import replace

from stream.jt809.cipher import Cipher
from stream.jt809.frame import Frame
from stream.jt809.header import Edition
from stream.jt809.messages import RawMessage, Reading, read_message
from stream.protocol_errors import ProtocolError


def read_frame(frame: Frame, edition: Edition, cipher: Cipher | None = None) -> Reading:
    """The message of a frame and what was odd about it. Raises `ProtocolError` only.

    A body that cannot be read as it came, under a flag that says it is clear, is tried decrypted: platforms
    that forget the flag were seen.
    """
    frame.require_clear()
    header = frame.header
    odd = ("escaped_length",) if frame.escaped_length else ()
    try:
        reading = read_message(header.message_id, frame.body, edition)
    except ProtocolError:
        decrypted = None if header.encrypt_flag else _try_decrypted(frame, edition, cipher)
        if decrypted is None:
            raise
        reading, odd = decrypted, (*odd, "unflagged_encryption")
    return replace(reading, oddities=(*reading.oddities, *odd)) if odd else reading


def _try_decrypted(frame: Frame, edition: Edition, cipher: Cipher | None) -> Reading | None:
    """What the body says decrypted, if that is a message known here to the last byte."""
    if cipher is None:
        return None
    try:
        body = cipher.apply(frame.header.encrypt_key, frame.body)
        reading = read_message(frame.header.message_id, body, edition)
    except ProtocolError:
        return None
    return None if reading.rest or isinstance(reading.message, RawMessage) else reading
