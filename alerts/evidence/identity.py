"""What an active-safety alarm is known by (T/JSATL 12-2017, table 4-16, and its sisters of other
provinces)."""

from __future__ import annotations

from hashlib import blake2b

from rules.safety import identity_of

ALARM_NUMBER_CHARACTERS = 32


def alarm_key(identifier: bytes) -> bytes:
    """The part that makes an alarm one: terminal id, time, sequence.

    Behind them come the number of files and reserved bytes, which some terminals fill in differently in
    0x0200 and in 0x1210. An identifier of unknown length is its own key.
    """
    return identity_of(identifier)


def alarm_number(vehicle_key: int, identifier: bytes) -> str:
    """The platform's number of an alarm, as 0x9208 tells it to the terminal: 32 hexadecimal characters.

    It follows from the alarm, so whoever sees the alarm again finds the same number.
    """
    source = vehicle_key.to_bytes(8, signed=True) + identifier
    return blake2b(source, digest_size=ALARM_NUMBER_CHARACTERS // 2).hexdigest()
