"""Static data of vehicles (JT/T 809-2011, 4.5.8; 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from stream.jt808.header import Edition as AnyEdition
from stream.jt808.layout import Json, Kind, Scope
from stream.jt808.messages.areas import SetRoute
from stream.jt808.reader import Reader
from stream.jt809.messages.base import VehicleMessage
from stream.jt809.words import LastText, NewDWord, NewTypeId, parse_key_values
from stream.protocol_errors import ProtocolError


class RouteKind(Kind[SetRoute]):
    """A body of 808 0x8606 to the end of the data: that of 2013, or of 2019 if only that fits to the byte."""

    def read(self, reader: Reader, name: str, scope: Scope) -> SetRoute:
        start = reader.position
        data = reader.skip(reader.left, name)
        part, route = self._read(data, traced=reader.trace is not None)
        if part.left:
            part.rest("rest")
        reader.note(part.oddities)
        if part.trace is not None:
            reader.adopt(part.trace, start, name)
        return route

    def _read(self, data: bytes, *, traced: bool) -> tuple[Reader, SetRoute]:
        try:
            newest = Reader(data, traced=traced)
            route = SetRoute.read(newest, "2019")
            if not newest.left:
                old = Reader(data)
                SetRoute.read(old, "2013")
                if old.left:
                    return newest, route
        except ProtocolError:
            pass
        part = Reader(data, traced=traced)
        return part, SetRoute.read(part, "2013")

    def write(self, value: SetRoute, name: str, scope: Scope) -> bytes:
        newest = value.name or any(point.night_max_speed_kmh for point in value.points)
        return value.encode("2019" if newest else "2013")

    def show(self, value: SetRoute, edition: AnyEdition) -> Json:
        return value.show("2019")

    def parse(self, view: Json, name: str, edition: AnyEdition) -> SetRoute:
        return SetRoute.parse(view, "2019", name)

    def meaning(self, value: SetRoute, edition: AnyEdition) -> str:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleData(VehicleMessage):
    """0x1601, answer to 0x9601: what is known of a vehicle, as `VIN:=..;VEHICLE_COLOR:=..;` text."""

    message_id: ClassVar[int] = 0x1600
    sub_type: ClassVar[int] = 0x1601
    source_type: NewTypeId = None
    source_sequence: NewDWord = None
    car_info: LastText

    def values(self) -> dict[str, str]:
        """The text as keys and values."""
        return parse_key_values(self.car_info)


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleRoute(VehicleMessage):
    """0x1602, 2019: the route of a vehicle as 808 0x8606 has it; seen in one implementation only."""

    message_id: ClassVar[int] = 0x1600
    sub_type: ClassVar[int] = 0x1602
    route: Annotated[SetRoute, RouteKind()]


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleDataRequest(VehicleMessage):
    """0x9601."""

    message_id: ClassVar[int] = 0x9600
    sub_type: ClassVar[int] = 0x9601
