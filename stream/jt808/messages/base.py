"""What every message has: its id, how it is read and written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.reader import Reader


class Message:
    """Base of the message dataclasses; `edition` selects the layout where the editions differ."""

    __slots__ = ()
    message_id: ClassVar[int]

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Read the fields, leaving what is behind the last one. Raises `ProtocolError` only."""
        raise NotImplementedError

    @classmethod
    def decode(cls, body: bytes, edition: Edition = "2013") -> Self:
        """Read a whole body; bytes behind the last field are let through. Raises `ProtocolError` only."""
        return cls.read(Reader(body), edition)

    def encode(self, edition: Edition = "2013") -> bytes:
        """The body. Raises `EncodeError` for a value that does not fit its field."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message this program does not read; the body as it came."""

    message_id: int
    body: bytes

    def encode(self, edition: Edition = "2013") -> bytes:
        """The body as it came."""
        return self.body
