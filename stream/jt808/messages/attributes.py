"""What a terminal is, and its firmware (JT/T 808-2013, 8.15-8.17; 2019, 8.14-8.17)."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.errors import LengthError
from stream.jt808.header import Edition
from stream.jt808.kinds import SHORT_TEXT, CountedData, Digits, FixedText, Number
from stream.jt808.layout import IfLeft
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader
from stream.jt808.text import encode_text

_ICCID_BYTES = 10
# Bytes of manufacturer, terminal model and terminal id. The 2019 table prints 5 for the manufacturer, its own
# 0x0100 has 11, and terminals send either; the lengths inside the body tell which.
_LONG = "2019, long manufacturer"
_WIDTHS = {"2013": (5, 20, 7), "2019": (5, 30, 30), _LONG: (11, 30, 30)}
_MANUFACTURER_BYTES, _LONG_MANUFACTURER_BYTES = 5, 11

_TERMINAL_TYPES = {
    **{0: "passenger vehicle", 1: "dangerous goods", 2: "ordinary freight", 3: "taxi", 6: "hard-disk video"},
    **{7: "split type", 8: "trailer"},
}
_GNSS = {0: "gps", 1: "beidou", 2: "glonass", 3: "galileo"}
_COMMUNICATION = {
    **{0: "gprs", 1: "cdma", 2: "td-scdma", 3: "wcdma", 4: "cdma2000", 5: "td-lte", 7: "other"},
}
_UPGRADE_TYPES = {
    **{0: "terminal", 12: "IC card reader", 52: "GNSS module"},
    **{0x64: "adas", 0x65: "dsm", 0x66: "tpms", 0x67: "bsd"},
}
_UPGRADE_RESULTS = {0: "ok", 1: "failure", 2: "cancelled", 0x10: "peripheral ok", 0x11: "peripheral failure"}


@dataclass(frozen=True, slots=True)
class TerminalAttributes(Message):
    """0x0107. iccid: 20 digits."""

    message_id: ClassVar[int] = 0x0107
    terminal_type: Annotated[int, Number(2, bits=_TERMINAL_TYPES)]
    manufacturer: Annotated[str, FixedText(lambda scope: _WIDTHS[scope.variant][0])]
    terminal_model: Annotated[str, FixedText(lambda scope: _WIDTHS[scope.variant][1])]
    terminal_id: Annotated[str, FixedText(lambda scope: _WIDTHS[scope.variant][2])]
    iccid: Annotated[str, Digits(_ICCID_BYTES)]
    hardware_version: Annotated[str, SHORT_TEXT]
    firmware_version: Annotated[str, SHORT_TEXT]
    gnss_attributes: Annotated[int, Number(1, bits=_GNSS), IfLeft()] = 0
    communication_attributes: Annotated[int, Number(1, bits=_COMMUNICATION), IfLeft()] = 0

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """The layout whose inner lengths end exactly at the end of the body, the edition's own first."""
        body = reader.ahead()
        order = ("2019", _LONG, "2013") if edition == "2019" else ("2013", "2019", _LONG)
        for variant in order:
            if _fits(body, _WIDTHS[variant]):
                return variant
        raise LengthError(f"{len(body)} bytes fit no known layout of the terminal attributes")

    def variant_for(self, edition: Edition) -> str:
        """The layout of the edition; in 2019 the longer one if the manufacturer needs it."""
        if edition != "2019":
            return "2013"
        return "2019" if len(encode_text(self.manufacturer, "manufacturer")) <= _MANUFACTURER_BYTES else _LONG


def _fits(body: bytes, widths: tuple[int, int, int]) -> bool:
    """Whether both version texts end within the body and 2 bytes, or none as some send it, are left."""
    at = 2 + sum(widths) + _ICCID_BYTES
    for _ in range(2):
        if at >= len(body):
            return False
        at += 1 + body[at]
    return len(body) - at in (2, 0)


@dataclass(frozen=True, slots=True)
class FirmwarePackage(Message):
    """0x8108. upgrade_type: 0 terminal, 12 IC card reader, 52 GNSS module, 0x64-0x67 active safety."""

    message_id: ClassVar[int] = 0x8108
    upgrade_type: Annotated[int, Number(1, names=_UPGRADE_TYPES)]
    manufacturer: Annotated[
        str,
        FixedText(lambda scope: _LONG_MANUFACTURER_BYTES if scope.variant == _LONG else _MANUFACTURER_BYTES),
    ]
    version: Annotated[str, SHORT_TEXT]
    data: Annotated[bytes, CountedData(4)]

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """A manufacturer of 11 bytes, as in the 0x0100 of 2019, if the lengths inside fit only that."""
        body = reader.ahead()
        fits = {size: _firmware_fits(body, 1 + size) for size in (5, 11)}
        return _LONG if fits[_LONG_MANUFACTURER_BYTES] and not fits[_MANUFACTURER_BYTES] else "2013"

    def variant_for(self, edition: Edition) -> str:
        """The longer manufacturer only where it is needed, in 2019."""
        long = len(encode_text(self.manufacturer, "manufacturer")) > _MANUFACTURER_BYTES
        return _LONG if edition == "2019" and long else "2013"


def _firmware_fits(body: bytes, at: int) -> bool:
    """Whether version and data, read from here, end exactly with the body."""
    if at >= len(body):
        return False
    at += 1 + body[at]
    return at + 4 <= len(body) and at + 4 + int.from_bytes(body[at : at + 4]) == len(body)


@dataclass(frozen=True, slots=True)
class UpgradeResult(Message):
    """0x0108. upgrade_type: 0 terminal, 12 IC card reader, 52 GNSS module, 0x64-0x67 active safety.
    result: 0 ok, 1 failure, 2 cancelled; 0x10-0x13 of active safety peripherals.
    """

    message_id: ClassVar[int] = 0x0108
    upgrade_type: Annotated[int, Number(1, names=_UPGRADE_TYPES)]
    result: Annotated[int, Number(1, names=_UPGRADE_RESULTS)]
