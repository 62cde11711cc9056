"""A second JT/T 809 reader, byte by byte and sharing no code with the product, to judge it by."""

from __future__ import annotations

import calendar


def unescape(data: bytes) -> bytes | None:
    """The content without escapes, None where one is bad."""
    out = bytearray()
    place = 0
    while place < len(data):
        byte = data[place]
        if byte in (0x5A, 0x5E):
            if place + 1 >= len(data) or data[place + 1] not in (1, 2):
                return None
            byte = {0x5A01: 0x5B, 0x5A02: 0x5A, 0x5E01: 0x5D, 0x5E02: 0x5E}[byte << 8 | data[place + 1]]
            place += 1
        out.append(byte)
        place += 1
    return bytes(out)


def crc(data: bytes) -> int:
    """CRC16-CCITT bit by bit."""
    value = 0xFFFF
    for byte in data:
        for bit in range(7, -1, -1):
            top = value >> 15 & 1
            value = value << 1 & 0xFFFF
            if top ^ (byte >> bit & 1):
                value ^= 0x1021
    return value


def cipher(key: int, m1: int, ia1: int, ic1: int, data: bytes) -> bytes:
    """The routine of the standard's annex, number by number."""
    out = []
    key = key or 1
    m1 = m1 or 1
    for byte in data:
        key = (ia1 * (key % m1) + ic1) % 2**32
        out.append(byte ^ (key // 2**20 % 256))
    return bytes(out)


def frames(stream: bytes) -> list[bytes]:
    """Contents between a 5b and the next 5d with no 5b between."""
    found = []
    start = -1
    for place, byte in enumerate(stream):
        if byte == 0x5B:
            start = place
        elif byte == 0x5D and start >= 0:
            found.append(stream[start + 1 : place])
            start = -1
    return found


def gnss_time_ms(raw: bytes) -> int:
    """Day, month, year, hour, minute, second in GMT+8; -1 for no time after 1970."""
    day, month, year, hour, minute, second = raw[0], raw[1], raw[2] * 256 + raw[3], raw[4], raw[5], raw[6]
    if not (1970 <= year <= 9999 and 1 <= month <= 12 and hour < 24 and minute < 60 and second < 60):
        return -1
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return -1
    stamp = calendar.timegm((year, month, day, hour, minute, second)) - 8 * 3600
    return stamp * 1000 if stamp > 0 else -1
