"""A vehicle's position, the part that many messages hold (JT/T 809-2011, 4.5.8.1; 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from stream.jt808.flags import alarm_names, status_names
from stream.jt808.header import Edition as AnyEdition
from stream.jt808.kind_lists import Nested
from stream.jt808.kinds import U16, U32, Number, Scaled
from stream.jt808.kinds import Time as TimeKind
from stream.jt808.layout import Json, Kind, Record, Scope
from stream.jt808.messages import PositionReport
from stream.jt808.reader import Reader, pack
from stream.jt809.times import GMT8
from stream.jt809.words import PlatformId, Word, is_2019
from stream.protocol_errors import EncodeError, ProtocolError

GNSS_2011_BYTES = 36
#: In a variant's name: positions are in the form of 2011 though the message is of 2019.
OLD_POSITION = "old position"

_ENCRYPT = Number(1, names={0: "clear", 1: "coordinates encrypted, of no use here"})


class GnssTime(TimeKind):
    """Day, month, year (WORD), hour, minute, second in binary, GMT+8; None for no time that exists."""

    def read(self, reader: Reader, name: str, scope: Scope) -> datetime | None:
        raw = reader.take(7, name)
        try:
            return datetime(raw[2] << 8 | raw[3], raw[1], raw[0], raw[4], raw[5], raw[6], tzinfo=GMT8)
        except ValueError:
            return None

    def write(self, value: datetime | None, name: str, scope: Scope) -> bytes:
        if value is None:
            return bytes(7)
        local = value.astimezone(GMT8)
        day = bytes((local.day, local.month)) + local.year.to_bytes(2)
        return day + bytes((local.hour, local.minute, local.second))


class AlarmBits(Number):
    """The alarm flags of JT/T 808."""

    def meaning(self, value: int, edition: AnyEdition) -> str:
        return ", ".join([f"0x{value:08x}", *alarm_names(value, edition)])


class StatusBits(Number):
    """The status of JT/T 808."""

    def meaning(self, value: int, edition: AnyEdition) -> str:
        return ", ".join([f"0x{value:08x}", *status_names(value, edition)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Gnss(Record):
    """A position as 2011 has it.

    encrypt: 1 if the coordinates are encrypted and so of no use here. Longitude and latitude as sent;
    809-2011 has no signs. Bits are those of JT/T 808-2011.
    """

    shown_only: ClassVar[frozenset[str]] = frozenset({"status", "alarms"})
    encrypt: Annotated[int, _ENCRYPT] = 0
    time: Annotated[datetime | None, GnssTime()]
    longitude_deg: Annotated[float, Scaled(4, 1_000_000)]
    latitude_deg: Annotated[float, Scaled(4, 1_000_000)]
    speed_kmh: Word
    recorder_speed_kmh: Annotated[int, U16] = 0
    mileage_km: Annotated[int, U32] = 0
    heading_deg: Annotated[int, U16] = 0
    altitude_m: Annotated[int, Number(2, signed=True)] = 0
    status_bits: Annotated[int, StatusBits(4)] = 0
    alarm_bits: Annotated[int, AlarmBits(4)] = 0

    def show(self, edition: AnyEdition) -> dict[str, Json]:
        """The fields for JSON, with the names of the bits."""
        return Record.show(self, edition) | {
            "status": status_names(self.status_bits, "2011"),
            "alarms": alarm_names(self.alarm_bits, "2011"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformRecord(Record):
    """What one platform says about a position of 2019: its id and the alarms it found (808 alarm bits)."""

    platform_id: PlatformId = ""
    alarm_bits: Annotated[int, AlarmBits(4)] = 0


class ReportKind(Kind[PositionReport | bytes]):
    """A body of 808 0x0200 behind its length; bytes where it is missing or too short to be one."""

    def read(self, reader: Reader, name: str, scope: Scope) -> PositionReport | bytes:
        size = reader.count(4, f"{name} length")
        start = reader.position
        data = reader.skip(size, name)
        part = Reader(data, traced=reader.trace is not None)
        try:
            report: PositionReport | bytes = PositionReport.read(part, "2019")
        except ProtocolError:
            report, part = data, Reader(data, traced=reader.trace is not None)
            part.rest("body")
        reader.note(part.oddities)
        if part.trace is not None:
            reader.adopt(part.trace, start, name)
        return report

    def write(self, value: PositionReport | bytes, name: str, scope: Scope) -> bytes:
        data = value if isinstance(value, bytes) else value.encode("2019")
        return pack(len(data), 4, f"{name} length") + data

    def show(self, value: PositionReport | bytes, edition: AnyEdition) -> Json:
        return value.hex() if isinstance(value, bytes) else value.show("2019")

    def parse(self, view: Json, name: str, edition: AnyEdition) -> PositionReport | bytes:
        if not isinstance(view, str):
            return PositionReport.parse(view, "2019", name)
        try:
            return bytes.fromhex(view)
        except ValueError:
            raise EncodeError(f"{name}: {view!r} is no hex") from None

    def meaning(self, value: PositionReport | bytes, edition: AnyEdition) -> str:
        return ""


_PLATFORM = Nested(PlatformRecord)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gnss2019(Record):
    """A position as 2019 has it: a body of 808 0x0200 and the records of three platforms."""

    encrypt: Annotated[int, _ENCRYPT] = 0
    report: Annotated[PositionReport | bytes, ReportKind()]
    monitoring_platform: Annotated[PlatformRecord, _PLATFORM] = PlatformRecord()
    city_platform: Annotated[PlatformRecord, _PLATFORM] = PlatformRecord()
    provincial_platform: Annotated[PlatformRecord, _PLATFORM] = PlatformRecord()


class GnssKind(Kind[Gnss | Gnss2019]):
    """A position in the form of its edition."""

    def read(self, reader: Reader, name: str, scope: Scope) -> Gnss | Gnss2019:
        reader.enter(name)
        value = (Gnss2019 if _is_new(scope) else Gnss).read(reader, scope.edition)
        reader.leave()
        return value

    def write(self, value: Gnss | Gnss2019, name: str, scope: Scope) -> bytes:
        if isinstance(value, Gnss2019 if _is_new(scope) else Gnss):
            return value.encode(scope.edition)
        raise EncodeError(f"{name}: a {type(value).__name__} cannot be written in {scope.variant}")

    def show(self, value: Gnss | Gnss2019, edition: AnyEdition) -> Json:
        return value.show(edition)

    def parse(self, view: Json, name: str, edition: AnyEdition) -> Gnss | Gnss2019:
        newest = isinstance(view, Mapping) and "report" in view
        return (Gnss2019 if newest else Gnss).parse(view, edition, name)

    def meaning(self, value: Gnss | Gnss2019, edition: AnyEdition) -> str:
        return ""


def _is_new(scope: Scope) -> bool:
    return is_2019(scope) and OLD_POSITION not in scope.variant


Position = Annotated[Gnss | Gnss2019, GnssKind()]
