"""Active safety items 0x64-0x67 of 0x0200 (T/JSATL 12-2017, 4.5, and its sisters of other provinces).

The provinces differ only in the alarm identifier, 16 bytes in Jiangsu and 32 to 40 elsewhere; the item's
length tells. An item of any other length is another vendor's use of the id and raises `LengthError`.
"""

from __future__ import annotations

from stream.jt808.bcd import decode_time
from stream.jt808.errors import LengthError
from stream.jt808.reader import Reader
from stream.jt808.text import decode_text

# Terminal id bytes by identifier length: Jiangsu 16, Hunan 32, Heilongjiang 38, Sichuan 39, Guangdong 40.
_TERMINAL_ID_BYTES = {16: 7, 32: 7, 38: 30, 39: 30, 40: 30}
_TYRE_BYTES = (9, 10)

_ADAS_EVENTS = {
    0x01: "forward_collision",
    0x02: "lane_departure",
    0x03: "too_close",
    0x04: "pedestrian_collision",
    0x05: "frequent_lane_change",
    0x06: "road_sign_overrun",
    0x07: "obstacle",
    0x10: "road_sign_recognition_event",
    0x11: "active_capture_event",
}
_ADAS_EVENTS_GUANGDONG = {0x12: "solid_line_change", 0x13: "aisle_passenger"}
_DSM_EVENTS = {
    0x01: "fatigue",
    0x02: "phone_call",
    0x03: "smoking",
    0x04: "distracted",
    0x05: "driver_abnormal",
    0x10: "automatic_capture_event",
    0x11: "driver_change_event",
}
_DSM_EVENTS_GUANGDONG = {
    0x06: "lens_covered",
    0x08: "driving_overtime",
    0x0A: "seat_belt",
    0x0B: "infrared_sunglasses",
    0x0C: "both_hands_off",
    0x0D: "playing_with_phone",
}
_BSD_EVENTS = {0x01: "rear_approach", 0x02: "left_rear_approach", 0x03: "right_rear_approach"}
_GUANGDONG_IDENTIFIER_BYTES = 40


def _identifier_bytes(size: int, before: int, name: str) -> int:
    identifier = size - before
    if identifier not in _TERMINAL_ID_BYTES:
        raise LengthError(f"{name}: {size} bytes fit no known alarm identifier")
    return identifier


def _alarm_identifier(data: bytes) -> dict[str, object]:
    name_bytes = _TERMINAL_ID_BYTES[len(data)]
    time = decode_time(data[name_bytes : name_bytes + 6])
    return {
        "terminal_id": decode_text(data[:name_bytes]),
        "time": time.isoformat() if time else None,
        "sequence": data[name_bytes + 6],
        "attachments": data[name_bytes + 7],
        "raw": data.hex(),
    }


def _where(reader: Reader, identifier_bytes: int) -> dict[str, object]:
    """The fields all four items end with. Coordinates have no hemisphere of their own."""
    found: dict[str, object] = {
        "speed_kmh": reader.u8("speed"),
        "altitude_m": reader.u16("altitude"),
        "latitude_deg": reader.u32("latitude") / 1e6,
        "longitude_deg": reader.u32("longitude") / 1e6,
    }
    time = reader.time("time")
    found["time"] = time.isoformat() if time else None
    found["vehicle_status_bits"] = reader.u16("vehicle_status")
    found["alarm_identifier"] = _alarm_identifier(reader.take(identifier_bytes, "alarm_identifier"))
    return found


def _what(reader: Reader, events: dict[int, str]) -> dict[str, object]:
    found: dict[str, object] = {"alarm_id": reader.u32("alarm_id"), "flag": reader.u8("flag")}
    event = reader.u8("event_type")
    return found | {"event_type": event, "event": events.get(event)}


def read_adas(value: bytes) -> dict[str, object]:
    """Item 0x64. Raises `LengthError` if the length fits no province."""
    size = _identifier_bytes(len(value), 31, "adas")
    wider = _ADAS_EVENTS_GUANGDONG if size == _GUANGDONG_IDENTIFIER_BYTES else {}
    reader = Reader(value)
    found = _what(reader, _ADAS_EVENTS | wider)
    found["level"] = reader.u8("level")
    found["front_speed_kmh"] = reader.u8("front_speed")
    found["front_distance_s"] = reader.u8("front_distance") / 10
    found["departure"] = reader.u8("departure")
    found["sign_kind"] = reader.u8("sign_kind")
    found["sign_value"] = reader.u8("sign_value")
    return found | _where(reader, size)


def read_dsm(value: bytes) -> dict[str, object]:
    """Item 0x65. Raises `LengthError` if the length fits no province."""
    size = _identifier_bytes(len(value), 31, "dsm")
    wider = _DSM_EVENTS_GUANGDONG if size == _GUANGDONG_IDENTIFIER_BYTES else {}
    reader = Reader(value)
    found = _what(reader, _DSM_EVENTS | wider)
    found["level"] = reader.u8("level")
    found["fatigue_degree"] = reader.u8("fatigue_degree")
    reader.take(4, "reserved")
    return found | _where(reader, size)


def read_bsd(value: bytes) -> dict[str, object]:
    """Item 0x67. Raises `LengthError` if the length fits no province."""
    size = _identifier_bytes(len(value), 25, "bsd")
    reader = Reader(value)
    return _what(reader, _BSD_EVENTS) | _where(reader, size)


def read_tpms(value: bytes) -> dict[str, object]:
    """Item 0x66. Raises `LengthError` if no identifier and entry of 9 or 10 bytes give the length."""
    size, tyre_bytes = _tpms_layout(value)
    reader = Reader(value)
    found: dict[str, object] = {"alarm_id": reader.u32("alarm_id"), "flag": reader.u8("flag")}
    found |= _where(reader, size)
    count = reader.u8("tyre_count")
    return found | {"tyres": [_tyre(reader, tyre_bytes) for _ in range(count)]}


def _tpms_layout(value: bytes) -> tuple[int, int]:
    for identifier in _TERMINAL_ID_BYTES:
        start = 24 + identifier + 1
        if len(value) < start:
            continue
        count = value[start - 1]
        for tyre_bytes in _TYRE_BYTES:
            if len(value) == start + count * tyre_bytes:
                return identifier, tyre_bytes
    raise LengthError(f"tpms: {len(value)} bytes fit no known layout")


def _tyre(reader: Reader, tyre_bytes: int) -> dict[str, object]:
    return {
        "position": int.from_bytes(reader.take(tyre_bytes - 8, "tyre_position")),
        "event_bits": reader.u16("tyre_event"),
        "pressure_kpa": reader.u16("tyre_pressure"),
        "temperature_c": reader.u16("tyre_temperature"),
        "battery_percent": reader.u16("tyre_battery"),
    }
