"""Registration, authentication and keeping alive (JT/T 808-2013, 8.3-8.8; 2019, 8.3-8.9)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from stream.jt808.errors import EncodeError
from stream.jt808.header import Edition
from stream.jt808.kinds import REST_DATA, REST_TEXT, U16, UTC_TIME, CountedText, FixedText, Number
from stream.jt808.layout import SINCE_2019, IfLeft, Scope, When
from stream.jt808.messages.base import Message
from stream.jt808.reader import Reader

# Bytes of manufacturer, terminal model and terminal id.
_WIDTHS: dict[str, tuple[int, int, int]] = {"2011": (5, 8, 7), "2013": (5, 20, 7), "2019": (11, 30, 30)}
_IMEI_BYTES, _SOFTWARE_BYTES = 15, 20

#: JT/T 415-2006 and, from 5 on, JT/T 697.7-2014.
PLATE_COLOURS = {
    **{0: "no plate", 1: "blue", 2: "yellow", 3: "black", 4: "white", 5: "green", 9: "other"},
    **{91: "farm yellow", 92: "farm green", 93: "yellow and green", 94: "gradient green"},
}
_REGISTER_RESULTS = {
    **{0: "ok", 1: "vehicle already registered", 2: "no such vehicle"},
    **{3: "terminal already registered", 4: "no such terminal"},
}


def _fixed_bytes(layout: str) -> int:
    """Bytes of 0x0100 before the plate: two WORDs, three texts, the colour."""
    return 4 + sum(_WIDTHS[layout]) + 1


@dataclass(frozen=True, slots=True)
class Heartbeat(Message):
    """0x0002. The standard has no body; real terminals put bytes there, which are kept."""

    message_id: ClassVar[int] = 0x0002
    extra: Annotated[bytes, REST_DATA] = b""


@dataclass(frozen=True, slots=True)
class Unregister(Message):
    """0x0003, terminal unregister; no body."""

    message_id: ClassVar[int] = 0x0003


@dataclass(frozen=True, slots=True)
class TerminalRegister(Message):
    """0x0100, terminal register.

    province, city: GB/T 2260 digits. plate_colour: `PLATE_COLOURS`; 0 = no plate, then `plate` holds the VIN.
    """

    message_id: ClassVar[int] = 0x0100
    province: Annotated[int, U16]
    city: Annotated[int, U16]
    manufacturer: Annotated[str, FixedText(lambda scope: _WIDTHS[scope.variant][0])]
    terminal_model: Annotated[str, FixedText(lambda scope: _WIDTHS[scope.variant][1])]
    terminal_id: Annotated[str, FixedText(lambda scope: _WIDTHS[scope.variant][2])]
    plate_colour: Annotated[int, Number(1, names=PLATE_COLOURS)]
    plate: Annotated[str, REST_TEXT]

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """The layout goes by length as well as by edition: 2013 headers with 2019 bodies exist."""
        return register_layout(reader.left, edition)


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
    reply_serial: Annotated[int, U16]
    result: Annotated[int, Number(1, names=_REGISTER_RESULTS)]
    auth_code: Annotated[str, REST_TEXT, When(lambda scope: scope["result"] == 0)] = ""


class _AuthCode(CountedText):
    """The code is the whole body before 2019, and behind its length since."""

    def read(self, reader: Reader, name: str, scope: Scope) -> str:
        if scope.variant == "2019":
            return super().read(reader, name, scope)
        return REST_TEXT.read(reader, name, scope)

    def write(self, value: str, name: str, scope: Scope) -> bytes:
        if scope.variant == "2019":
            return super().write(value, name, scope)
        return REST_TEXT.write(value, name, scope)


@dataclass(frozen=True, slots=True)
class TerminalAuthenticate(Message):
    """0x0102. imei and software_version only in 2019."""

    message_id: ClassVar[int] = 0x0102
    auth_code: Annotated[str, _AuthCode()]
    imei: Annotated[str, FixedText(_IMEI_BYTES), SINCE_2019] = ""
    software_version: Annotated[str, FixedText(_SOFTWARE_BYTES), SINCE_2019, IfLeft()] = ""

    @classmethod
    def variant_of(cls, reader: Reader, edition: Edition) -> str:
        """The 2019 layout (length, code, IMEI[15], version) is told by its length, under either header."""
        body = reader.ahead()
        size = body[0] if body else 0
        exact = len(body) == 1 + size + _IMEI_BYTES + _SOFTWARE_BYTES
        if exact or (edition == "2019" and len(body) == 1 + size + _IMEI_BYTES):
            return "2019"
        return "2013"


@dataclass(frozen=True, slots=True)
class ServerTimeQuery(Message):
    """0x0004, 2019; no body."""

    message_id: ClassVar[int] = 0x0004


@dataclass(frozen=True, slots=True)
class ServerTime(Message):
    """0x8004, answer to 0x0004; 2019. The only time of the protocol that is UTC by the text."""

    message_id: ClassVar[int] = 0x8004
    time: Annotated[datetime | None, UTC_TIME]

    def encode(self, edition: Edition = "2013", outer: Scope | None = None) -> bytes:
        """Raises `EncodeError` without a time: the answer needs one."""
        if self.time is None:
            raise EncodeError("time: the answer to a query for the time needs one")
        return super(ServerTime, self).encode(edition, outer)
