"""The vehicle state file of an alarm: what the vehicle did around it (T/JSATL 12-2017, table 4-27).

A text file in name, 64-byte blocks in fact, one a moment.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from stream.jt808.errors import ChecksumError, EncodeError, LengthError
from stream.jt808.flags import ALARMS
from stream.jt808.header import Edition
from stream.jt808.kinds import TIME, U8, U16, U32, FixedData, Number, Scaled
from stream.jt808.layout import Record
from stream.jt808.messages.position import LATITUDE, LONGITUDE
from stream.jt808.reader import Reader

BLOCK_BYTES = 64
_CHECKED_BYTES = BLOCK_BYTES - 1
_ACCELERATION, _ANGULAR = Scaled(2, 100, signed=True), Scaled(2, 100, signed=True)
_TENTHS = Scaled(2, 10)


@dataclass(frozen=True, slots=True)
class VehicleState(Record):
    """One moment. total, index: of the blocks of the file. gear: 0 neutral, 1-9, 10 reverse, 11 park.
    wheel_angle_deg: clockwise positive. turn_light: 0 none, 1 left, 2 right.
    """

    total: Annotated[int, U32]
    index: Annotated[int, U32]
    alarm_bits: Annotated[int, Number(4, bits=ALARMS)]
    status_bits: Annotated[int, U32]
    latitude_deg: Annotated[float, LATITUDE]
    longitude_deg: Annotated[float, LONGITUDE]
    altitude_m: Annotated[int, Number(2, signed=True)]
    speed_kmh: Annotated[float, _TENTHS]
    heading_deg: Annotated[int, U16]
    time: Annotated[datetime | None, TIME]
    acceleration_x_g: Annotated[float, _ACCELERATION]
    acceleration_y_g: Annotated[float, _ACCELERATION]
    acceleration_z_g: Annotated[float, _ACCELERATION]
    angular_x_deg_s: Annotated[float, _ANGULAR]
    angular_y_deg_s: Annotated[float, _ANGULAR]
    angular_z_deg_s: Annotated[float, _ANGULAR]
    pulse_speed_kmh: Annotated[float, _TENTHS]
    obd_speed_kmh: Annotated[float, _TENTHS]
    gear: Annotated[int, Number(1, names={0: "neutral", 10: "reverse", 11: "park"})]
    accelerator_percent: Annotated[int, U8]
    brake_percent: Annotated[int, U8]
    brake: Annotated[int, Number(1, names={0: "off", 1: "on"})]
    engine_rpm: Annotated[int, U16]
    wheel_angle_deg: Annotated[int, Number(2, signed=True)]
    turn_light: Annotated[int, Number(1, names={0: "none", 1: "left", 2: "right"})]
    reserved: Annotated[bytes, FixedData(2)] = bytes(2)


def read_vehicle_states(data: bytes) -> list[VehicleState]:
    """All blocks of a file. Raises `LengthError` if it is no number of blocks, `ChecksumError` for one whose
    sum is wrong, and other `ProtocolError` never.
    """
    if len(data) % BLOCK_BYTES:
        raise LengthError(f"{len(data)} bytes are no whole number of blocks of {BLOCK_BYTES}")
    return [_read_block(data[at : at + BLOCK_BYTES], at) for at in range(0, len(data), BLOCK_BYTES)]


def _read_block(block: bytes, at: int) -> VehicleState:
    found = sum(block[:_CHECKED_BYTES]) & 0xFF
    if found != block[_CHECKED_BYTES]:
        raise ChecksumError(
            f"block at {at}: its sum is {block[_CHECKED_BYTES]:02x}, its bytes give {found:02x}"
        )
    return VehicleState.read(Reader(block), "2013")


def write_vehicle_states(states: list[VehicleState], edition: Edition = "2013") -> bytes:
    """The blocks of a file. Raises `EncodeError` for a value that does not fit."""
    blocks = []
    for state in states:
        block = state.encode(edition)
        if len(block) != _CHECKED_BYTES:
            raise EncodeError(f"a block has {len(block)} bytes before its sum, not {_CHECKED_BYTES}")
        blocks.append(block + bytes((sum(block) & 0xFF,)))
    return b"".join(blocks)
