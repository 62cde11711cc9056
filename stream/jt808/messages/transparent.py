"""Data carried through, not read (JT/T 808-2013, 8.42, 8.58-8.60; 2019, 8.33, 8.50-8.52)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack


@dataclass(frozen=True, slots=True)
class TransparentData(Message):
    """Fields shared by 0x0900 and 0x8900. kind: 0x00 GNSS detail, 0x0B transport IC card, 0x41 and 0x42
    serial ports, 0xF0-0xFF custom.
    """

    kind: int
    data: bytes

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        return cls(reader.u8("kind"), reader.rest())

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        return pack(self.kind, 1, "kind") + self.data


@dataclass(frozen=True, slots=True)
class UplinkTransparentData(TransparentData):
    """0x0900."""

    message_id: ClassVar[int] = 0x0900


@dataclass(frozen=True, slots=True)
class DownlinkTransparentData(TransparentData):
    """0x8900."""

    message_id: ClassVar[int] = 0x8900


@dataclass(frozen=True, slots=True)
class CountedData(Message):
    """Fields shared by 0x0701 and 0x0901: data behind their length."""

    data: bytes

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        return cls(reader.take(reader.u32("length"), "data"))

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        return pack(len(self.data), 4, "length") + self.data


@dataclass(frozen=True, slots=True)
class ElectronicWaybill(CountedData):
    """0x0701."""

    message_id: ClassVar[int] = 0x0701


@dataclass(frozen=True, slots=True)
class CompressedData(CountedData):
    """0x0901, GZIP."""

    message_id: ClassVar[int] = 0x0901
