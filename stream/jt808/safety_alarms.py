"""Active safety alarms of a report, for the stream: small, flat, and never an error.

`Positions.safety` says which reports of a tick are worth asking.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from stream.jt808.alarm_identifier import DIALECTS, TERMINAL_ID_BYTES, Dialect
from stream.jt808.bcd import decode_time
from stream.jt808.safety_events import ADAS, BSD, DSM, TPMS, event_name, platform_level

# Where the identifier stands in each item; what is before it is fixed.
_BEFORE = {ADAS: 31, DSM: 31, TPMS: 24, BSD: 25}
# Speed, altitude, latitude, longitude, time, vehicle status: the last fields before the identifier.
_WHERE = struct.Struct(">BHii6sH")
_TYRE_BYTES = (9, 10)
_PERIODIC = 1
_LAST_TYRE = 31


@dataclass(frozen=True, slots=True)
class SafetyAlarm:
    """One alarm.

    peripheral: 0x64 ADAS, 0x65 DSM, 0x66 TPMS, 0x67 BSD. event: its code, of TPMS 0. flag: 0 none, 1 start,
    2 end. level: as sent, 2 the graver, 0 without; `platform_level` turns it round. degree: of DSM fatigue.
    time_ms: since 1970 UTC, -1 where it is no time that exists. identifier: as sent, 16 to 40 bytes.
    attachments: files the terminal has of it. Coordinates have no hemisphere of their own. tyre_bits: of TPMS
    the events of all its tyres together (`safety_events.TYRE_EVENTS`; bit 0 alone is a periodic report, no
    alarm), else 0. tyres: a bit for each tyre with an event besides that; bit 31 for all further back.
    """

    peripheral: int
    dialect: Dialect
    event: int
    terminal_alarm_id: int
    flag: int
    level: int
    degree: int
    speed_kmh: int
    longitude_deg: float
    latitude_deg: float
    time_ms: int
    identifier: bytes
    attachments: int
    tyre_bits: int = 0
    tyres: int = 0

    @property
    def platform_level(self) -> int:
        """1 the graver, 2 the other, 0 without level, as events are."""
        return platform_level(self.peripheral, self.event, self.level)

    @property
    def event_name(self) -> str | None:
        """Name of the event; None for a custom code and for TPMS."""
        return event_name(self.peripheral, self.event, self.dialect)


def safety_alarms(items: bytes) -> list[SafetyAlarm]:
    """The alarms among the raw items of a 0x0200, in their order. Never raises: items of another length are
    another vendor's, and what is cut short ends the list.
    """
    found = []
    at = 0
    while at + 2 <= len(items):
        end = at + 2 + items[at + 1]
        if end > len(items):
            break
        if ADAS <= items[at] <= BSD:
            alarm = _alarm(items[at], items[at + 2 : end])
            if alarm is not None:
                found.append(alarm)
        at = end
    return found


def _alarm(peripheral: int, value: bytes) -> SafetyAlarm | None:
    before = _BEFORE[peripheral]
    size = _tpms_identifier(value) if peripheral == TPMS else len(value) - before
    if size not in TERMINAL_ID_BYTES:
        return None
    speed, _, latitude, longitude, digits, _ = _WHERE.unpack_from(value, before - _WHERE.size)
    time = decode_time(digits)
    identifier = value[before : before + size]
    tyre_bits, tyres = _tyre_events(value, before + size) if peripheral == TPMS else (0, 0)
    return SafetyAlarm(
        peripheral=peripheral,
        dialect=DIALECTS[size],
        event=0 if peripheral == TPMS else value[5],
        terminal_alarm_id=int.from_bytes(value[:4]),
        flag=value[4],
        level=value[6] if peripheral in (ADAS, DSM) else 0,
        degree=value[7] if peripheral == DSM else 0,
        speed_kmh=speed,
        longitude_deg=longitude / 1e6,
        latitude_deg=latitude / 1e6,
        time_ms=int(time.timestamp()) * 1000 if time else -1,
        identifier=identifier,
        attachments=identifier[TERMINAL_ID_BYTES[size] + 7],
        tyre_bits=tyre_bits,
        tyres=tyres,
    )


def _tpms_identifier(value: bytes) -> int:
    """Bytes of the identifier of item 0x66, whose tyres follow it; 0 if none fits."""
    for size in TERMINAL_ID_BYTES:
        at = _BEFORE[TPMS] + size
        if len(value) > at and any(len(value) == at + 1 + value[at] * entry for entry in _TYRE_BYTES):
            return size
    return 0


def _tyre_events(value: bytes, at: int) -> tuple[int, int]:
    """Events of the tyres of item 0x66, whose count stands at `at`: all joined, and which tyres have one.

    A tyre is its position, one byte or two, the event's bits, pressure, temperature and battery (two bytes
    each; T/JSATL 12-2017 table 4-19, T/GDRTA 002-2020).
    """
    count, bits, tyres = value[at], 0, 0
    if not count:
        return 0, 0
    entry = (len(value) - at - 1) // count
    for begin in range(at + 1, at + 1 + count * entry, entry):
        position = int.from_bytes(value[begin : begin + entry - 8])
        event = int.from_bytes(value[begin + entry - 8 : begin + entry - 6])
        bits |= event
        if event & ~_PERIODIC:
            tyres |= 1 << min(position, _LAST_TYRE)
    return bits, tyres
