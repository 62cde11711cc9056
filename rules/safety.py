"""Active-safety alarms of reports as columns: what 苏标 terminals and their sisters send in items 0x64-0x67.

A report carries none or several of them, so they are a table of their own, beside the reports.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

ADAS, DSM, TPMS, BSD = 0x64, 0x65, 0x66, 0x67
FLAG_NONE, FLAG_START, FLAG_END = range(3)

COLUMN_TYPES: dict[str, Any] = {
    "row": np.int64,
    "peripheral": np.uint8,
    "dialect": np.uint8,
    "event": np.uint8,
    "terminal_alarm_id": np.uint32,
    "flag": np.uint8,
    "level": np.uint8,
    "degree": np.uint8,
    "speed_kmh": np.uint8,
    "longitude_deg": np.float64,
    "latitude_deg": np.float64,
    "time_ms": np.int64,
    "identifier": object,
    "attachments": np.uint8,
    "tyre_bits": np.int32,
    "tyres": np.uint32,
}

NO_TIME = int(np.iinfo(np.int64).min)
TYRES_UNTOLD = -1
"""`tyre_bits` of an alarm whose writer did not know of them."""
_LATER = {"tyre_bits": TYRES_UNTOLD, "tyres": 0}


@dataclass(frozen=True, slots=True)
class SafetyAlarms:
    """m alarms in order of their report; every column is a 1-D array of length m.

    `row` is the report's place among the reports; `peripheral` 0x64 ADAS, 0x65 DSM, 0x66 tyres, 0x67 blind
    spot; `dialect` 0 Jiangsu, 1 Guangdong, 2 Heilongjiang, 3 Sichuan, 4 Hunan, 255 unknown; `event` the type
    code (tyres: 0); `flag` 0 none, 1 start, 2 end; `level` as sent, 2 the graver one, 0 none; `degree` of
    fatigue, 0 to 10; `time_ms` the alarm's own time, `NO_TIME` where it is none; `identifier` bytes, the
    alarm's identity; `attachments` how many files the terminal holds for it; `tyre_bits` the events of all
    tyres of 0x66, joined (bit 0 a periodic report), `TYRES_UNTOLD` where not known; `tyres` a bit for each
    tyre that has an event other than a periodic report.
    """

    row: NDArray[np.int64]
    peripheral: NDArray[np.uint8]
    dialect: NDArray[np.uint8]
    event: NDArray[np.uint8]
    terminal_alarm_id: NDArray[np.uint32]
    flag: NDArray[np.uint8]
    level: NDArray[np.uint8]
    degree: NDArray[np.uint8]
    speed_kmh: NDArray[np.uint8]
    longitude_deg: NDArray[np.float64]
    latitude_deg: NDArray[np.float64]
    time_ms: NDArray[np.int64]
    identifier: NDArray[np.object_]
    attachments: NDArray[np.uint8]
    tyre_bits: NDArray[np.int32]
    tyres: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.row)

    def take(self, index: Any, rows: int) -> SafetyAlarms:
        """The alarms of the reports that an index selects from `rows` reports, with their new places.

        The index is a slice, a mask or an array of positions, none of them twice.
        """
        if not len(self.row):
            return self
        position = np.arange(rows)[index]
        place = np.full(rows, -1, np.int64)
        place[position] = np.arange(len(position))
        row = place[self.row]
        kept = (row >= 0).nonzero()[0]
        kept = kept[row[kept].argsort(kind="stable")]
        others = {name: getattr(self, name)[kept] for name in COLUMN_TYPES if name != "row"}
        return SafetyAlarms(row=row[kept], **others)

    @staticmethod
    def concat(parts: Sequence[SafetyAlarms], rows: Sequence[int]) -> SafetyAlarms:
        """All alarms of parts that have so many reports each."""
        if not any(len(part) for part in parts):
            return SafetyAlarms.empty()
        starts = np.cumsum([0, *rows])
        joined = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in COLUMN_TYPES
            if name != "row"
        }
        row = np.concatenate([part.row + start for part, start in zip(parts, starts[:-1], strict=True)])
        return SafetyAlarms(row=row, **joined)

    @staticmethod
    def empty() -> SafetyAlarms:
        """No alarms."""
        return SafetyAlarms(**{name: np.empty(0, dtype) for name, dtype in COLUMN_TYPES.items()})

    @staticmethod
    def build(**columns: Any) -> SafetyAlarms:
        """Alarms from columns that numpy can convert; all but those of tyres are needed. `identifier` is a
        list of bytes."""
        count = len(columns["row"])
        columns = {name: np.full(count, value) for name, value in _LATER.items()} | columns
        identifier = np.empty(count, object)
        identifier[:] = columns.pop("identifier")
        made = {name: np.ascontiguousarray(columns[name], COLUMN_TYPES[name]) for name in columns}
        return SafetyAlarms(identifier=identifier, **made)

    @staticmethod
    def of_rows(rows: Sequence[Sequence[Any]]) -> SafetyAlarms:
        """Alarms given for each report as objects with the fields of this class (`row` apart).

        A `time_ms` of None or below 0 is no time. The fields of tyres may be missing.
        """
        flat = [(at, alarm) for at, alarms in enumerate(rows) for alarm in alarms or ()]
        columns: dict[str, Any] = {
            field.name: [getattr(alarm, field.name) for _, alarm in flat]
            if field.name not in _LATER
            else [getattr(alarm, field.name, _LATER[field.name]) for _, alarm in flat]
            for field in fields(SafetyAlarms)
            if field.name != "row"
        }
        columns["time_ms"] = [NO_TIME if ms is None or ms < 0 else ms for ms in columns["time_ms"]]
        return SafetyAlarms.build(row=[at for at, _ in flat], **columns)


NO_ALARMS = SafetyAlarms.empty()


def content_key(alarms: SafetyAlarms) -> NDArray[np.uint64]:
    """A 64-bit digest of each of m alarms: what tells two reports apart that differ in nothing else."""
    said = (alarms.peripheral, alarms.event, alarms.terminal_alarm_id, alarms.flag, alarms.identifier)
    told = zip(*(column.tolist() for column in said), strict=True)
    keys = [blake2b(b"%d %d %d %d %b" % one, digest_size=8).digest() for one in told]
    return np.frombuffer(b"".join(keys), np.uint64)


# Terminal id bytes by identifier length: Jiangsu 16, Hunan 32, Heilongjiang 38, Sichuan 39, Guangdong 40.
_TERMINAL_ID_BYTES = {16: 7, 32: 7, 38: 30, 39: 30, 40: 30}
_TIME_AND_SEQUENCE_BYTES = 7


def identity_of(identifier: bytes) -> bytes:
    """The part of an alarm's identifier that makes it one: terminal id, time, sequence (T/JSATL 12-2017 table
    4-16). What follows, the number of files and reserved bytes, may differ when it is told again. An
    identifier of unknown length is its own identity.
    """
    terminal_id_bytes = _TERMINAL_ID_BYTES.get(len(identifier))
    if terminal_id_bytes is None:
        return identifier
    return identifier[: terminal_id_bytes + _TIME_AND_SEQUENCE_BYTES]
