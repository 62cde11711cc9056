"""A vehicle's position, the part that many messages hold (JT/T 809-2011, 4.5.8.1; 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self

from stream.jt808.flags import alarm_names, status_names
from stream.jt808.messages import PositionReport
from stream.jt808.reader import Reader, pack
from stream.jt808.view import describe
from stream.jt809.header import Edition
from stream.jt809.kinds import Kind, TimeKind, Unsigned
from stream.jt809.layout import Record
from stream.jt809.records import Inner
from stream.jt809.times import GMT8
from stream.jt809.words import DWord, PlatformId, Word
from stream.protocol_errors import EncodeError, ProtocolError

GNSS_2011_BYTES = 36
#: Behind the 808 body in 2019: platform id and alarm flags of three platforms.
PLATFORM_RECORD_BYTES = 15

_ENCRYPT = {0: "clear", 1: "coordinates encrypted, of no use here"}
#: Lists of names beside the bits in JSON; they follow from the bits and are not read back.
_DERIVED = ("alarms", "status")


class GnssTime(TimeKind):
    """Day, month, year (WORD), hour, minute, second in binary, GMT+8; None for no time that exists."""

    def read(self, reader: Reader, name: str, edition: Edition) -> datetime | None:
        raw = reader.take(7, name)
        try:
            return datetime(raw[2] << 8 | raw[3], raw[1], raw[0], raw[4], raw[5], raw[6], tzinfo=GMT8)
        except ValueError:
            return None

    def write(self, value: datetime | None, name: str, edition: Edition) -> bytes:
        if value is None:
            return bytes(7)
        local = value.astimezone(GMT8)
        day = bytes((local.day, local.month)) + local.year.to_bytes(2)
        return day + bytes((local.hour, local.minute, local.second))


class Degrees(Unsigned):
    """A DWORD of millionths of a degree, without a sign."""

    def read(self, reader: Reader, name: str, edition: Edition) -> float:  # type: ignore[override]
        return reader.u32(name) / 1e6

    def write(self, value: float, name: str, edition: Edition) -> bytes:
        return pack(round(value * 1e6), 4, name)

    def parse(self, shown: Any, name: str) -> float:  # type: ignore[override]
        if isinstance(shown, bool) or not isinstance(shown, int | float) or not abs(shown) < 5000:
            raise EncodeError(f"{name}: {shown!r} is no number of degrees")
        return float(shown)


class AlarmBits(Unsigned):
    """The alarm flags of JT/T 808."""

    def meaning(self, value: int) -> str:
        return ", ".join(alarm_names(value, "2013"))


class StatusBits(Unsigned):
    """The status of JT/T 808."""

    def meaning(self, value: int) -> str:
        return ", ".join(status_names(value, "2013"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gnss(Record):
    """A position as 2011 has it.

    encrypt: 1 if the coordinates are encrypted and so of no use here. Longitude and latitude as sent;
    809-2011 has no signs. Bits are those of JT/T 808-2011.
    """

    encrypt: Annotated[int, Unsigned(1, _ENCRYPT)] = 0
    time: Annotated[datetime | None, GnssTime()]
    longitude_deg: Annotated[float, Degrees(4)]
    latitude_deg: Annotated[float, Degrees(4)]
    speed_kmh: Word
    recorder_speed_kmh: Word = 0
    mileage_km: DWord = 0
    heading_deg: Word = 0
    altitude_m: Word = 0
    status_bits: Annotated[int, StatusBits(4)] = 0
    alarm_bits: Annotated[int, AlarmBits(4)] = 0

    def show(self) -> dict[str, Any]:
        """The fields for JSON, with the names of the bits."""
        return Record.show(self) | {
            "status": status_names(self.status_bits, "2013"),
            "alarms": alarm_names(self.alarm_bits, "2013"),
        }

    @classmethod
    def parse(cls, shown: Mapping[str, Any]) -> Self:
        """The inverse of `show`; the names of the bits are not looked at."""
        return Record.parse.__func__(cls, {k: v for k, v in shown.items() if k not in _DERIVED})  # type: ignore[attr-defined, no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRecord(Record):
    """What one platform says about a position of 2019: its id and the alarms it found (808 alarm bits)."""

    platform_id: PlatformId = ""
    alarm_bits: Annotated[int, AlarmBits(4)] = 0


class ReportKind(Kind):
    """A body of 808 0x0200 behind its length; bytes where it is missing or too short to be one."""

    def read(self, reader: Reader, name: str, edition: Edition) -> PositionReport | bytes:
        data = reader.take(reader.u32(f"{name} length"), name)
        try:
            return PositionReport.decode(data, "2019")
        except ProtocolError:
            return data

    def write(self, value: PositionReport | bytes, name: str, edition: Edition) -> bytes:
        data = value if isinstance(value, bytes) else value.encode("2019")
        return pack(len(data), 4, f"{name} length") + data

    def show(self, value: PositionReport | bytes) -> object:
        return value.hex() if isinstance(value, bytes) else describe(value, "2019")

    def parse(self, shown: Any, name: str) -> PositionReport | bytes:
        if isinstance(shown, str):
            return bytes.fromhex(shown)
        raise EncodeError(f"{name}: give the body of 0x0200 in hex")


_Platform = Annotated[PlatformRecord, Inner(PlatformRecord)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gnss2019(Record):
    """A position as 2019 has it: a body of 808 0x0200 and the records of three platforms."""

    encrypt: Annotated[int, Unsigned(1, _ENCRYPT)] = 0
    report: Annotated[PositionReport | bytes, ReportKind()]
    monitoring_platform: _Platform = PlatformRecord()
    city_platform: _Platform = PlatformRecord()
    provincial_platform: _Platform = PlatformRecord()


class GnssKind(Kind):
    """A position in the form of its edition."""

    def read(self, reader: Reader, name: str, edition: Edition) -> Gnss | Gnss2019:
        return (Gnss if edition == "2011" else Gnss2019).read(reader, edition)

    def write(self, value: Gnss | Gnss2019, name: str, edition: Edition) -> bytes:
        if isinstance(value, Gnss) == (edition == "2011"):
            return value.pack(edition)
        raise EncodeError(f"{name}: {type(value).__name__} cannot be written in {edition}")

    def show(self, value: Gnss | Gnss2019) -> dict[str, Any]:
        return value.show()

    def parse(self, shown: Any, name: str) -> Gnss | Gnss2019:
        if not isinstance(shown, Mapping):
            raise EncodeError(f"{name}: {shown!r} is no object")
        return Gnss2019.parse(shown) if "report" in shown else Gnss.parse(shown)


Position = Annotated[Gnss | Gnss2019, GnssKind()]
