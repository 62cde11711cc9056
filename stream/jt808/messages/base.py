"""What every message has: its id, how it is read and written."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.kinds import REST_DATA, Number
from stream.jt808.layout import Record
from stream.jt808.reader import Reader


class Message(Record):
    """Base of the message dataclasses; the edition selects the layout where the editions differ."""

    __slots__ = ()
    message_id: ClassVar[int]

    @classmethod
    def decode(cls, body: bytes, edition: Edition = "2013") -> Self:
        """Read a whole body; bytes behind the last field are let through. Raises `ProtocolError` only."""
        return cls.read(Reader(body), edition)


@dataclass(frozen=True, slots=True)
class RawMessage(Record):
    """A message this program does not read; the body as it came."""

    message_id: Annotated[int, Number(2)]
    body: Annotated[bytes, REST_DATA]

    def encode(self, edition: Edition = "2013", outer: object = None) -> bytes:
        """The body as it came."""
        return self.body
