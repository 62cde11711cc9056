"""What an active-safety alarm is known by (T/JSATL 12-2017, table 4-16, and its sisters of other
provinces)."""

from __future__ import annotations

from hashlib import blake2b

ALARM_NUMBER_CHARACTERS = 32

# Terminal id bytes by identifier length: Jiangsu 16, Hunan 32, Heilongjiang 38, Sichuan 39, Guangdong 40.
_TERMINAL_ID_BYTES = {16: 7, 32: 7, 38: 30, 39: 30, 40: 30}
_TIME_AND_SEQUENCE_BYTES = 7


def alarm_key(identifier: bytes) -> bytes:
    """The part that makes an alarm one: terminal id, time, sequence.

    Behind them come the number of files and reserved bytes, which some terminals fill in differently in
    0x0200 and in 0x1210. An identifier of unknown length is its own key.
    """
    terminal_id_bytes = _TERMINAL_ID_BYTES.get(len(identifier))
    if terminal_id_bytes is None:
        return identifier
    return identifier[: terminal_id_bytes + _TIME_AND_SEQUENCE_BYTES]


def alarm_number(vehicle_key: int, identifier: bytes) -> str:
    """The platform's number of an alarm, as 0x9208 tells it to the terminal: 32 hexadecimal characters.

    It follows from the alarm, so whoever sees the alarm again finds the same number.
    """
    source = vehicle_key.to_bytes(8, signed=True) + identifier
    return blake2b(source, digest_size=ALARM_NUMBER_CHARACTERS // 2).hexdigest()
