"""What a terminal is, and its firmware (JT/T 808-2013, 8.15-8.17; 2019, 8.14-8.17)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from stream.jt808.bcd import encode_digits
from stream.jt808.errors import LengthError
from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack, pack_short_text
from stream.jt808.text import encode_fixed_text, encode_text

_ICCID_BYTES = 10
# Bytes of manufacturer, terminal model and terminal id. The 2019 table prints 5 for the manufacturer, its own
# 0x0100 has 11, and terminals send either; the lengths inside the body tell which.
_WIDTHS_2013 = (5, 20, 7)
_WIDTHS_2019 = (5, 30, 30)
_WIDTHS_2019_LONG = (11, 30, 30)


@dataclass(frozen=True, slots=True)
class TerminalAttributes(Message):
    """0x0107. iccid: 20 digits."""

    message_id: ClassVar[int] = 0x0107
    terminal_type: int
    manufacturer: str
    terminal_model: str
    terminal_id: str
    iccid: str
    hardware_version: str
    firmware_version: str
    gnss_attributes: int
    communication_attributes: int

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """The layout whose inner lengths end exactly at the end of the body, the edition's own first."""
        body = reader.rest()
        widths_2019 = (_WIDTHS_2019, _WIDTHS_2019_LONG)
        order = (*widths_2019, _WIDTHS_2013) if edition == "2019" else (_WIDTHS_2013, *widths_2019)
        for widths in order:
            if _fits(body, widths):
                return cls._read_as(Reader(body), widths)
        raise LengthError(f"{len(body)} bytes fit no known layout of the terminal attributes")

    @classmethod
    def _read_as(cls, reader: Reader, widths: tuple[int, int, int]) -> Self:
        return cls(
            terminal_type=reader.u16("terminal_type"),
            manufacturer=reader.text(widths[0], "manufacturer"),
            terminal_model=reader.text(widths[1], "terminal_model"),
            terminal_id=reader.text(widths[2], "terminal_id"),
            iccid=reader.take(_ICCID_BYTES, "iccid").hex(),
            hardware_version=reader.short_text("hardware_version"),
            firmware_version=reader.short_text("firmware_version"),
            gnss_attributes=reader.u8("gnss_attributes") if reader.left else 0,
            communication_attributes=reader.u8("communication_attributes") if reader.left else 0,
        )

    def encode(self, edition: Edition = "2013") -> bytes:
        """The layout of the edition; in 2019 the longer one if the manufacturer needs it."""
        maker, model, identity = _WIDTHS_2013
        if edition == "2019":
            short = len(encode_text(self.manufacturer, "manufacturer")) <= _WIDTHS_2019[0]
            maker, model, identity = _WIDTHS_2019 if short else _WIDTHS_2019_LONG
        return (
            pack(self.terminal_type, 2, "terminal_type")
            + encode_fixed_text(self.manufacturer, maker, "manufacturer")
            + encode_fixed_text(self.terminal_model, model, "terminal_model")
            + encode_fixed_text(self.terminal_id, identity, "terminal_id")
            + encode_digits(self.iccid, _ICCID_BYTES)
            + pack_short_text(self.hardware_version, "hardware_version")
            + pack_short_text(self.firmware_version, "firmware_version")
            + pack(self.gnss_attributes, 1, "gnss_attributes")
            + pack(self.communication_attributes, 1, "communication_attributes")
        )


def _fits(body: bytes, widths: tuple[int, int, int]) -> bool:
    """Whether both version texts end within the body and 2 bytes, or none as some send it, are left."""
    at = 2 + sum(widths) + _ICCID_BYTES
    for _ in range(2):
        if at >= len(body):
            return False
        at += 1 + body[at]
    return len(body) - at in (2, 0)


@dataclass(frozen=True, slots=True)
class UpgradeResult(Message):
    """0x0108. upgrade_type: 0 terminal, 12 IC card reader, 52 GNSS module, 0x64-0x67 active safety.
    result: 0 ok, 1 failure, 2 cancelled.
    """

    message_id: ClassVar[int] = 0x0108
    upgrade_type: int
    result: int

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """2013 and 2019."""
        return cls(reader.u8("upgrade_type"), reader.u8("result"))

    def encode(self, edition: Edition = "2013") -> bytes:
        """2013 and 2019."""
        return pack(self.upgrade_type, 1, "upgrade_type") + pack(self.result, 1, "result")
