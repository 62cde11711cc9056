"""Text to the driver (JT/T 808-2013, 8.31; 2019, 8.26)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack
from stream.jt808.text import encode_text

FLAG_URGENT = 1 << 0
FLAG_DISPLAY = 1 << 2
FLAG_SPOKEN = 1 << 3
FLAG_AD_SCREEN = 1 << 4
FLAG_CAN_FAULT_CODE = 1 << 5


@dataclass(frozen=True, slots=True)
class TextMessage(Message):
    """0x8300. flags: bits as the `FLAG_` constants (2019: bits 0-1 are 01 service, 10 urgent, 11 notice).
    text_type: 2019 only, 1 notice, 2 service; 0 before.
    """

    message_id: ClassVar[int] = 0x8300
    flags: int
    text: str
    text_type: int = 0

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2019 has the text type between flags and text."""
        flags = reader.u8("flags")
        text_type = reader.u8("text_type") if edition == "2019" else 0
        return cls(flags, reader.rest_text(), text_type)

    def encode(self, edition: Edition = "2013") -> bytes:
        """In 2019 a text type of 0 is written as 1, notice: the standard has no 0."""
        middle = pack(self.text_type or 1, 1, "text_type") if edition == "2019" else b""
        return pack(self.flags, 1, "flags") + middle + encode_text(self.text, "text")
