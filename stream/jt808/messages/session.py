"""Registration, authentication and keeping alive (JT/T 808-2013, 8.3-8.8; 2019, 8.3-8.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from stream.jt808.header import Edition
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader, pack
from stream.jt808.text import encode_fixed_text, encode_text

# Bytes of manufacturer, terminal model and terminal id.
_WIDTHS: dict[Edition, tuple[int, int, int]] = {"2011": (5, 8, 7), "2013": (5, 20, 7), "2019": (11, 30, 30)}
_IMEI_BYTES, _SOFTWARE_BYTES = 15, 20


def _fixed_bytes(edition: Edition) -> int:
    """Bytes of 0x0100 before the plate: two WORDs, three texts, the colour."""
    return 4 + sum(_WIDTHS[edition]) + 1


@dataclass(frozen=True, slots=True)
class Heartbeat(Message):
    """0x0002. The standard has no body; real terminals put bytes there, which are kept."""

    message_id: ClassVar[int] = 0x0002
    extra: bytes = b""

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Takes any body."""
        return cls(reader.rest())

    def encode(self, edition: Edition = "2013") -> bytes:
        """Normally nothing."""
        return self.extra


@dataclass(frozen=True, slots=True)
class Unregister(Message):
    """0x0003, terminal unregister; no body."""

    message_id: ClassVar[int] = 0x0003

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Takes any body."""
        return cls()

    def encode(self, edition: Edition = "2013") -> bytes:
        """Nothing."""
        return b""


@dataclass(frozen=True, slots=True)
class TerminalRegister(Message):
    """0x0100, terminal register.

    province, city: GB/T 2260 digits. plate_colour: JT/T 415-2006 (1 blue, 2 yellow, 3 black, 4 white,
    9 other), in 2019 JT/T 697.7-2014; 0 = no plate, then `plate` holds the VIN.
    """

    message_id: ClassVar[int] = 0x0100
    province: int
    city: int
    manufacturer: str
    terminal_model: str
    terminal_id: str
    plate_colour: int
    plate: str

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """The layout goes by length as well as by edition: 2013 headers with 2019 bodies exist."""
        maker, model, identity = _WIDTHS[register_layout(reader.left, edition)]
        return cls(
            province=reader.u16("province"),
            city=reader.u16("city"),
            manufacturer=reader.text(maker, "manufacturer"),
            terminal_model=reader.text(model, "terminal_model"),
            terminal_id=reader.text(identity, "terminal_id"),
            plate_colour=reader.u8("plate_colour"),
            plate=reader.rest_text(),
        )

    def encode(self, edition: Edition = "2013") -> bytes:
        """The layout of the edition."""
        maker, model, identity = _WIDTHS[edition]
        return (
            pack(self.province, 2, "province")
            + pack(self.city, 2, "city")
            + encode_fixed_text(self.manufacturer, maker, "manufacturer")
            + encode_fixed_text(self.terminal_model, model, "terminal_model")
            + encode_fixed_text(self.terminal_id, identity, "terminal_id")
            + pack(self.plate_colour, 1, "plate_colour")
            + encode_text(self.plate, "plate")
        )


def register_layout(body_bytes: int, edition: Edition) -> Edition:
    """Which layout a 0x0100 body of this length has, given what its header says.

    A plate is at most a VIN of 17 characters, so 76 bytes and more are 2019 and fewer than 37 are 2011.
    """
    if body_bytes >= _fixed_bytes("2019"):
        return "2019"
    if body_bytes < _fixed_bytes("2013") or edition == "2011":
        return "2011"
    return "2013"


def register_edition(body: bytes) -> Edition:
    """2011 or 2013 of a 0x0100 body under a header without version flag, by its layout.

    Between 37 and 42 bytes both are possible; a 2011 body is then one with "no plate" and a VIN to the end.
    """
    start = _fixed_bytes("2011")
    if len(body) < _fixed_bytes("2013"):
        return "2011"
    vin = body[start:]
    is_vin = len(vin) == 17 and vin.isalnum() and vin.isascii()
    return "2011" if is_vin and body[start - 1] == 0 else "2013"


@dataclass(frozen=True, slots=True)
class RegisterResponse(Message):
    """0x8100. result: 0 ok, 1 vehicle already registered, 2 no such vehicle, 3 terminal already registered,
    4 no such terminal. auth_code only with result 0.
    """

    message_id: ClassVar[int] = 0x8100
    reply_serial: int
    result: int
    auth_code: str = ""

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """Same in all editions."""
        serial, result = reader.u16("reply_serial"), reader.u8("result")
        return cls(serial, result, reader.rest_text() if result == 0 else "")

    def encode(self, edition: Edition = "2013") -> bytes:
        """Same in all editions."""
        head = pack(self.reply_serial, 2, "reply_serial") + pack(self.result, 1, "result")
        return head + encode_text(self.auth_code, "auth_code") if self.result == 0 else head


@dataclass(frozen=True, slots=True)
class TerminalAuthenticate(Message):
    """0x0102. imei and software_version only in 2019."""

    message_id: ClassVar[int] = 0x0102
    auth_code: str
    imei: str = ""
    software_version: str = ""

    @classmethod
    def read(cls, reader: Reader, edition: Edition) -> Self:
        """The 2019 layout (length, code, IMEI[15], version) is told by its length, under either header."""
        body = reader.rest()
        size = body[0] if body else 0
        exact = len(body) == 1 + size + _IMEI_BYTES + _SOFTWARE_BYTES
        if not exact and (edition != "2019" or len(body) < 1 + size + _IMEI_BYTES):
            return cls(Reader(body).rest_text())
        parts = Reader(body)
        code = parts.short_text("auth_code")
        return cls(code, parts.text(_IMEI_BYTES, "imei"), parts.rest_text())

    def encode(self, edition: Edition = "2013") -> bytes:
        """Before 2019 the code alone."""
        code = encode_text(self.auth_code, "auth_code")
        if edition != "2019":
            return code
        return (
            pack(len(code), 1, "auth_code length")
            + code
            + encode_fixed_text(self.imei, _IMEI_BYTES, "imei")
            + encode_fixed_text(self.software_version, _SOFTWARE_BYTES, "software_version")
        )
