"""Static data of vehicles (JT/T 809-2011, 4.5.8; 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from stream.jt809.messages.base import VehicleMessage
from stream.jt809.words import LastText, NewDWord, NewTypeId, parse_key_values


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
class VehicleDataRequest(VehicleMessage):
    """0x9601."""

    message_id: ClassVar[int] = 0x9600
    sub_type: ClassVar[int] = 0x9601
