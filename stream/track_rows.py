"""Recorded tracks from CSV: every line judged by itself, the broken ones set aside with the reason."""

from __future__ import annotations

import csv
import math
import re
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from geo.passed_over import columns_passed_over, nearest_name
from rules.identity import driver_key, vehicle_key
from rules.reports import STATUS_POSITIONED, Reports
from rules.safety import SafetyAlarms
from rules.vehicle_class import class_code
from stream.jt808.safety_alarms import SafetyAlarm, safety_alarms

REQUIRED = ("vehicle_id", "time", "longitude_deg", "latitude_deg", "speed_kmh")
OPTIONAL = (
    "heading_deg",
    "altitude_m",
    "alarm_bits",
    "status_bits",
    "limit_kmh",
    "driver_id",
    "vehicle_class",
    "recorder_speed_kmh",
    "mileage_km",
    "received",
    "items",
)

COLUMNS = (*REQUIRED, *OPTIONAL)

MAX_TEXT_CHARACTERS = 200  # longer than any id; more is a lost quote or another file
MAX_ITEMS_BYTES = 1023 - 28  # of a 0x0200: what a JT/T 808 message holds, without the fixed fields

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_COUNT = re.compile(r"\d{9,19}(\.\d*)?")  # seconds since 1970 to nanoseconds


class TrackFileError(ValueError):
    """The file as a whole cannot be read as tracks."""


class RowError(ValueError):
    """One row is broken; the text says what is wrong with which value."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a registry knows of a vehicle, used where the file itself does not say."""

    vehicle_class: int = 0
    driver_id: str = ""


@dataclass(slots=True)
class Tracks:
    """The reports of a file in its order, the ids behind their keys, and why which line is none.

    `notes` tell of columns that nobody reads.
    """

    reports: Reports
    vehicle_ids: dict[int, str]
    broken: dict[int, str] = field(default_factory=dict)
    rows: int = 0
    notes: tuple[str, ...] = ()


def read_tracks(lines: Iterator[bytes], registry: Mapping[str, Known]) -> Tracks:
    """Read the lines of a UTF-8 CSV file, the first that is not blank being the header.

    Columns may come in any order; unknown ones are passed over and told. A quoted value must end on its line.

    Raises
    ------
    TrackFileError
        The file has no header or lacks a column.
    """
    number, header = _header(lines)
    columns = _Columns(header, registry)
    tracks = Tracks(Reports.empty(), columns.vehicle_ids, notes=columns_passed_over(header, COLUMNS))
    for number, raw in enumerate(lines, number + 1):  # noqa: B020 - the header's line is where the count starts
        if not raw.strip(b" \t\r\n,;"):
            continue
        tracks.rows += 1
        try:
            columns.add(_values(raw, len(header)))
        except RowError as error:
            tracks.broken[number] = str(error)
    tracks.reports = columns.reports()
    return tracks


def _header(lines: Iterator[bytes]) -> tuple[int, list[str]]:
    for number, raw in enumerate(lines, 1):
        try:
            text = raw.decode("utf-8-sig").rstrip("\r\n")
        except UnicodeDecodeError:
            raise TrackFileError(f"the first line is not UTF-8 text; {_remedy(raw)}") from None
        if not text.strip():
            continue
        names = [name.strip().lower() for name in next(csv.reader([text]))]
        missing = [name for name in REQUIRED if name not in names]
        if missing:
            wanted = f"column{'s' * (len(missing) > 1)} {', '.join(missing)}"
            hint = _separator(text) or _renamed(missing, names)
            raise TrackFileError(
                f"the first line lacks the {wanted}; it must name {','.join(REQUIRED)}{hint}"
            )
        twice = [name for name in COLUMNS if names.count(name) > 1]
        if twice:
            raise TrackFileError(f"the first line names {', '.join(twice)} twice")
        return number, names
    raise TrackFileError(f"the file is empty; its first line must name the columns {','.join(REQUIRED)}")


def _remedy(raw: bytes) -> str:
    """What to do about a file that is no text."""
    if raw.startswith(b"\x1f\x8b"):
        return "it is compressed: unpack it, as by gzip -dc FILE | haulwatch replay -"
    return "save the file as UTF-8"


def _separator(text: str) -> str:
    """What to do about columns that something else than a comma separates."""
    for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if {one.strip().lower() for one in text.split(mark)} >= set(REQUIRED):
            return f"; the columns are separated by {name}: save the file with commas"
    return ""


def _renamed(missing: list[str], names: list[str]) -> str:
    """Which columns of the file may be the missing ones under other names."""
    near = {name: nearest_name(name, missing) for name in names if name not in COLUMNS}
    pairs = [f"{name} to {meant}" for name, meant in near.items() if meant]
    return f"; perhaps rename {', '.join(pairs)}" if pairs else ""


def _values(raw: bytes, count: int) -> list[str]:
    try:
        text = raw.decode().rstrip("\r\n").lstrip("\ufeff")
    except UnicodeDecodeError:
        raise RowError("is not UTF-8 text (save the file as UTF-8)") from None
    if '"' in text:
        try:
            values = next(csv.reader([text], strict=True))
        except (csv.Error, StopIteration) as error:
            raise RowError(f"is no CSV row ({error})") from None
    else:
        values = text.split(",")
    while len(values) > count and not values[-1].strip():
        values.pop()
    if len(values) != count:
        raise RowError(f"has {len(values)} columns, the first line has {count}")
    return values


class _Columns:
    """The columns being filled, and where in a row each value stands."""

    def __init__(self, header: list[str], registry: Mapping[str, Known]) -> None:
        self.vehicle_ids: dict[int, str] = {}
        self._registry = registry
        self._place = {name: header.index(name) for name in COLUMNS if name in header}
        self._keys: dict[str, int] = {}
        self._drivers: dict[str, int] = {}
        self._int = {name: array("q") for name in ("vehicle_key", "time_ms", "driver_key", "vehicle_class")}
        self._float = {name: array("d") for name in ("longitude_deg", "latitude_deg", "speed_kmh")}
        self._limit = array("d")
        self._measured = {name: array("d") for name in _MEASURED if name in self._place}
        self._received = array("q")
        self._alarms: list[list[SafetyAlarm]] = []
        self._extra = {name: array("q") for name in _EXTRAS if name in self._place}

    def add(self, values: list[str]) -> None:
        """Add one row, or nothing of it: `RowError`."""
        place = self._place
        vehicle_id = _name("vehicle_id", values[place["vehicle_id"]])
        if not vehicle_id:
            raise RowError("vehicle_id is missing")
        time_ms = _time_ms(values[place["time"]])
        numbers = [_number(name, values[place[name]]) for name in self._float]
        extras = [_EXTRAS[name](name, values[place[name]]) for name in self._extra]
        limit_kmh = _limit_kmh(values[place["limit_kmh"]]) if "limit_kmh" in place else math.nan
        measured = [_measured(name, values[place[name]]) for name in self._measured]
        said = values[place["received"]] if "received" in place else ""
        received_ms = time_ms if _absent(said) else _time_ms(said)
        alarms = _alarms(values[place["items"]]) if "items" in place else []
        known = self._registry.get(vehicle_id, _UNKNOWN)
        code = _class(values[place["vehicle_class"]]) if "vehicle_class" in place else 0
        driver = _name("driver_id", values[place["driver_id"]]) if "driver_id" in place else ""
        identity = (self._key(vehicle_id), time_ms, self._driver(driver or known.driver_id))
        for column, value in zip(self._int.values(), (*identity, code or known.vehicle_class), strict=True):
            column.append(value)
        for numeric, number in zip(self._float.values(), numbers, strict=True):
            numeric.append(number)
        for column, value in zip(self._extra.values(), extras, strict=True):
            column.append(value)
        for numeric, number in zip(self._measured.values(), measured, strict=True):
            numeric.append(number)
        self._limit.append(limit_kmh)
        self._received.append(received_ms)
        self._alarms.append(alarms)

    def reports(self) -> Reports:
        """All rows added."""
        filled = self._int | self._float | self._extra | self._measured
        columns = {name: np.array(column) for name, column in filled.items()}
        return Reports.build(
            **columns,
            limit_kmh=np.array(self._limit),
            received_ms=np.array(self._received),
            safety=SafetyAlarms.of_rows(self._alarms),
        )

    def _key(self, vehicle_id: str) -> int:
        key = self._keys.get(vehicle_id)
        if key is None:
            key = self._keys[vehicle_id] = vehicle_key(vehicle_id)
            self.vehicle_ids[key] = vehicle_id
        return key

    def _driver(self, driver_id: str) -> int:
        key = self._drivers.get(driver_id)
        if key is None:
            key = self._drivers[driver_id] = driver_key(driver_id)
        return key


_UNKNOWN = Known()


def _name(column: str, text: str) -> str:
    name = text.strip()
    if len(name) > MAX_TEXT_CHARACTERS:
        raise RowError(f"{column} has {len(name)} characters, more than {MAX_TEXT_CHARACTERS}")
    if not name.isprintable():
        raise RowError(f"{column} {name!r} holds control characters")
    return name


def _time_ms(text: str) -> int:
    if not text.strip():
        raise RowError("time is missing")
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        hint = "; a count since 1970 must be converted" if _COUNT.fullmatch(text.strip()) else ""
        raise RowError(f"time {text.strip()!r} is not ISO 8601 (2026-06-01T08:00:00+08:00){hint}") from None
    if time.tzinfo is None:
        raise RowError(f"time {text.strip()!r} has no offset from UTC (+08:00)")
    return (time - _EPOCH) // _MILLISECOND


def _number(column: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or "_" in text:
        shown = text.strip()
        raise RowError(f"{column} {shown!r} is not a number" if shown else f"{column} is missing")
    return number


def _absent(text: str) -> bool:
    return text.strip().lower() in ("", "nan", "null", "none")


def _limit_kmh(text: str) -> float:
    """A posted limit; absent or 0 is none, which exports write for "not known"."""
    if _absent(text):
        return math.nan
    limit_kmh = _number("limit_kmh", text)
    if limit_kmh < 0:
        raise RowError(f"limit_kmh {text.strip()!r} is below 0")
    return limit_kmh or math.nan


def _measured(column: str, text: str) -> float:
    """A value that not every terminal tells; absent is NaN."""
    if _absent(text):
        return math.nan
    number = _number(column, text)
    if number < 0:
        raise RowError(f"{column} {text.strip()!r} is below 0")
    return number


def _alarms(text: str) -> list[SafetyAlarm]:
    """The active-safety alarms among the additional items of a 0x0200, given in hex."""
    if _absent(text):
        return []
    try:
        items = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        raise RowError("items are not hex digits") from None
    if len(items) > MAX_ITEMS_BYTES:
        raise RowError(f"items have {len(items)} bytes, more than the {MAX_ITEMS_BYTES} of a report")
    return safety_alarms(items)


def _class(text: str) -> int:
    try:
        return 0 if _absent(text) else class_code(text)
    except ValueError as error:
        raise RowError(str(error)) from None


def _whole(low: int, high: int, absent: int) -> Callable[[str, str], int]:
    def read(column: str, text: str) -> int:
        if _absent(text):
            return absent
        folded = text.strip().lower()
        try:
            number = int(folded, 16) if folded.startswith("0x") else round(_number(column, text))
        except ValueError as error:
            raise RowError(str(error) if isinstance(error, RowError) else f"{column} {folded!r}") from None
        if not low <= number <= high:
            raise RowError(f"{column} {folded!r} is not within {low} to {high}")
        return number

    return read


_MEASURED = ("recorder_speed_kmh", "mileage_km")
_BITS = 0xFFFF_FFFF
_EXTRAS: dict[str, Callable[[str, str], int]] = {
    "heading_deg": _whole(0, 360, 0),
    "altitude_m": _whole(-32768, 32767, 0),
    "alarm_bits": _whole(0, _BITS, 0),
    "status_bits": _whole(0, _BITS, STATUS_POSITIONED),
}
