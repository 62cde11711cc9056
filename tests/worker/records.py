"""Telemetry records for worker tests: a drive of some vehicles, cut into blocks as a gateway would."""

from __future__ import annotations

from collections.abc import Sequence

from rules.blocks import encode_block
from rules.identity import partition_of, vehicle_key
from stream.worker.round import Record

START_MS = 1_780_000_000_000
#: The tests' log has this many partitions.
PARTITIONS = 2


def row(vehicle: str, second: int, speed_kmh: float, driver: str = "") -> dict[str, object]:
    """One report `second` seconds after the start, driving north. Without a name the driver is one of his
    own: a driver in several vehicles at once makes reports of all of them late."""
    time_ms = START_MS + second * 1000
    return {
        "vehicle_key": vehicle_key(vehicle),
        "vehicle_id": vehicle,
        "vehicle_class": 1,
        "driver_id": driver or f"D-{vehicle}",
        "time": time_ms,
        "received": time_ms + 500,
        "longitude_deg": 118.0,
        "latitude_deg": 32.0 + second * 1e-4,
        "speed_kmh": speed_kmh,
        "heading_deg": 0,
        "altitude_m": 10,
        "alarm_bits": 0,
        "status_bits": 3,
        "mileage_km": 1.0,
        "recorder_speed_kmh": speed_kmh,
        "source": 0,
        "serial": second & 0xFFFF,
        "items": b"",
    }


def drive(vehicle: str, seconds: int = 600, step: int = 10, driver: str = "") -> list[dict[str, object]]:
    """Ten minutes, of which the second to the fourth are over 100 km/h."""
    return [row(vehicle, n, 118.0 if 60 <= n <= 240 else 80.0, driver) for n in range(0, seconds, step)]


def block(rows: Sequence[dict[str, object]]) -> bytes:
    """A record value."""
    return encode_block({name: [one[name] for one in rows] for name in rows[0]})


def log_of(vehicles: Sequence[str], rows_a_block: int = 7, driver: str = "") -> dict[int, list[Record]]:
    """Drives of all vehicles side by side, in their partitions."""
    drives: dict[int, list[dict[str, object]]] = {number: [] for number in range(PARTITIONS)}
    for moment in zip(*(drive(vehicle, driver=driver) for vehicle in vehicles), strict=True):
        for one in moment:
            key = one["vehicle_key"]
            assert isinstance(key, int)
            drives[int(partition_of(key, PARTITIONS))].append(one)
    return {
        number: [
            Record(number, offset, block(rows[first : first + rows_a_block]))
            for offset, first in enumerate(range(0, len(rows), rows_a_block))
        ]
        for number, rows in drives.items()
    }
