"""A second, slow reading of JT/T 808 that shares no code with the product: byte loops, struct, one frame."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any


def split(stream: bytes) -> list[bytes]:
    """Contents between 0x7e flags, one byte at a time."""
    frames, current, started = [], bytearray(), False
    for byte in stream:
        if byte != 0x7E:
            current.append(byte)
            continue
        if started and current:
            frames.append(bytes(current))
        current, started = bytearray(), True
    return frames


def unescape(raw: bytes, lenient: bool) -> bytes | None:
    out, at = bytearray(), 0
    while at < len(raw):
        byte = raw[at]
        if byte != 0x7D:
            out.append(byte)
            at += 1
        elif at + 1 < len(raw) and raw[at + 1] in (1, 2):
            out.append(0x7D if raw[at + 1] == 1 else 0x7E)
            at += 2
        elif lenient and at + 1 == len(raw):
            out.append(byte)
            at += 1
        else:
            return None
    return bytes(out)


def read(raw: bytes, lenient: bool = True) -> dict[str, Any]:
    """{"fault": name} or the header's fields and the body."""
    content = unescape(raw, lenient)
    if content is None:
        return {"fault": "escape"}
    if len(content) < 13:
        return {"fault": "truncated"}
    check = 0
    for byte in content:
        check ^= byte
    if check:
        return {"fault": "checksum"}
    message_id, properties = struct.unpack_from(">HH", content)
    size, packaged, newest = properties % 1024, properties >> 13 & 1, properties >> 14 & 1
    if lenient and content[4] == 1 and len(content) == 17 + 4 * packaged + size + 1:
        newest = 1
    start = (17 if newest else 12) + (4 if packaged else 0)
    if len(content) < start + 1:
        return {"fault": "truncated"}
    if len(content) != start + size + 1:
        return {"fault": "length"}
    phone = content[5:15] if newest else content[4:10]
    serial, total, package = struct.unpack_from(">HHH", content + bytes(6), 15 if newest else 10)
    if not packaged:
        total = package = 0
    elif package == 0 or package > total:
        return {"fault": "package"}
    return {
        "fault": "encrypted" if properties >> 10 & 7 else "ok",
        "message_id": message_id,
        "phone": "".join(f"{byte:02x}" for byte in phone),
        "serial": serial,
        "newest": bool(newest),
        "total": total,
        "package": package,
        "body": content[start : start + size],
    }


def position(body: bytes) -> dict[str, Any] | None:
    """The base and items 01 and 03 of a 0x0200 body; None if it is too short."""
    if len(body) < 28:
        return None
    alarm, status, latitude, longitude, altitude, speed, heading = struct.unpack_from(">IIiihHH", body)
    mileage = recorder = None
    at = 28
    while at + 2 <= len(body) and at + 2 + body[at + 1] <= len(body):
        kind, value = body[at], body[at + 2 : at + 2 + body[at + 1]]
        if kind == 1 and len(value) == 4 and mileage is None:
            mileage = struct.unpack(">I", value)[0] / 10
        if kind == 3 and len(value) == 2 and recorder is None:
            recorder = struct.unpack(">H", value)[0] / 10
        at += 2 + len(value)
    return {
        "alarm_bits": alarm,
        "status_bits": status,
        "latitude_deg": (-abs(latitude) if status & 4 else latitude) / 1e6,
        "longitude_deg": (-abs(longitude) if status & 8 else longitude) / 1e6,
        "altitude_m": altitude,
        "speed_kmh": speed / 10,
        "heading_deg": heading,
        "time_ms": time_ms(body[22:28]),
        "mileage_km": mileage,
        "recorder_speed_kmh": recorder,
    }


def time_ms(digits: bytes) -> int:
    """Ms since 1970 UTC of a BCD time in GMT+8; -1 if it is none."""
    values = []
    for byte in digits:
        if byte >> 4 > 9 or byte & 15 > 9:
            return -1
        values.append((byte >> 4) * 10 + (byte & 15))
    try:
        local = datetime(2000 + values[0], *values[1:], tzinfo=UTC)
    except ValueError:
        return -1
    return int((local - timedelta(hours=8)).timestamp()) * 1000
