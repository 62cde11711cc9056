"""Bodies of the messages by which a terminal introduces itself, in the layout of its edition."""

import struct
from typing import Final

from simulators.fleet import Vehicle

# Bytes of maker, model and terminal id in 0x0100 (JT/T 808-2011, -2013 and -2019, table of 0x0100).
FIELD_SIZES: Final = {"2011": (5, 8, 7), "2013": (5, 20, 7), "2019": (11, 30, 30)}
JIANGSU, NANJING = 32, 100  # GB/T 2260
MAKER, MODEL, SOFTWARE = b"HWSIM", b"SIM-1", b"haulwatch-sim"
IMEI = b"860000000000000"


def register_body(vehicle: Vehicle) -> bytes:
    """0x0100: who made the terminal, and the plate of its vehicle in GBK."""
    maker, model, terminal = FIELD_SIZES[vehicle.edition]
    return (
        struct.pack(">HH", JIANGSU, NANJING)
        + MAKER.ljust(maker, b"\0")
        + MODEL.ljust(model, b"\0")
        + vehicle.vehicle_id[-7:].encode().ljust(terminal, b"\0")
        + bytes((vehicle.plate_colour,))
        + vehicle.plate.encode("gbk")
    )


def authenticate_body(vehicle: Vehicle, code: bytes) -> bytes:
    """0x0102: the code the platform gave; 2019 adds its length, the IMEI and the software's version."""
    if vehicle.edition != "2019":
        return code
    return bytes((len(code),)) + code + IMEI + SOFTWARE.ljust(20, b"\0")
