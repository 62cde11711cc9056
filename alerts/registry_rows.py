"""Rows of a registry CSV: decoded, checked one by one, the broken ones set aside with the reason."""

from __future__ import annotations

import csv
import unicodedata
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Mapping
from dataclasses import dataclass, field

from alerts.plate_colour import plate_colour_code
from geo.passed_over import columns_passed_over
from rules.vehicle_class import class_code, class_name

COLUMNS = ("id", "terminal_phone", "plate", "plate_colour", "class", "total_mass_kg", "enterprise", "driver")

_ALSO = {
    "vehicle_id": "id",
    "phone": "terminal_phone",
    "sim": "terminal_phone",
    "plate_color": "plate_colour",
    "vehicle_class": "class",
    "total_mass": "total_mass_kg",
    "driver_id": "driver",
}
"""What other systems' exports call the columns."""

_OPTIONAL = ("plate", "plate_colour", "total_mass_kg", "enterprise", "driver")
"""Columns a file may lack: nobody is kept off the road's watch for want of a company's name."""

MAX_TEXT_CHARACTERS = 200
"""Longer than any company's name; a field beyond it is a lost quote or another file."""
MAX_PHONE_DIGITS = 20
"""JT/T 808-2019 gives the phone 10 BCD bytes."""
MAX_MASS_KG = 1_000_000
"""The heaviest road transports weigh some hundred tonnes; more is a wrong unit."""


class RegistryFileError(ValueError):
    """The file as a whole can't be read as a registry."""


class RowError(ValueError):
    """One row is broken; the text says what is wrong with which value."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One row of the registry. ``terminal_phone`` has no leading zeros; 0 kg means not known."""

    vehicle_id: str
    terminal_phone: str
    plate: str
    plate_colour: int
    vehicle_class: str
    total_mass_kg: int
    enterprise: str
    driver_id: str


@dataclass(slots=True)
class RegistryRows:
    """What a file holds: vehicles by line number, the reason for each line that is none, and columns that
    nobody reads."""

    vehicles: dict[int, Vehicle] = field(default_factory=dict)
    broken: dict[int, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def normal_phone(text: str) -> str:
    """A terminal phone as registry and look-ups know it: digits without leading zeros.

    >>> normal_phone("013800138000")
    '13800138000'
    """
    return text.strip().lstrip("0")


def read_registry(data: bytes) -> RegistryRows:
    """Read a whole file (UTF-8, UTF-16 with a mark, or GB 18030).

    Every row is judged by itself. Of rows that share an id or a phone the first counts.
    Raises ``RegistryFileError`` when encoding or header are wrong.
    """
    lines = [line.rstrip("\r") for line in _decode(data).split("\n")]
    header_at = next((number for number, line in enumerate(lines) if line.strip()), None)
    if header_at is None:
        raise RegistryFileError(
            "the file is empty; its first line must name the columns " + ",".join(COLUMNS)
        )
    header = _header(lines[header_at])
    rows = RegistryRows(notes=columns_passed_over(header, COLUMNS))
    seen: dict[tuple[str, str], int] = {}
    for number, line in enumerate(lines[header_at + 1 :], header_at + 2):
        if not line.strip(", \t"):
            continue
        try:
            vehicle = _vehicle(header, line)
            _claim(seen, vehicle, number)
        except RowError as error:
            rows.broken[number] = str(error)
        else:
            rows.vehicles[number] = vehicle
    return rows


def _decode(data: bytes) -> str:
    marked_utf16 = data.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked_utf16 else ["utf-8-sig", "gb18030"]:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RegistryFileError("the file is neither UTF-8 nor GBK (GB 18030) text")


def _header(line: str) -> list[str]:
    names = [name.strip().lower() for name in next(csv.reader([line]))]
    names = [_ALSO.get(name, name) if _ALSO.get(name) not in names else name for name in names]
    missing = [name for name in COLUMNS if name not in names and name not in _OPTIONAL]
    if missing:
        raise RegistryFileError(
            f"the first line lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; "
            f"it must name {','.join(COLUMNS)}"
        )
    return names


def _claim(seen: dict[tuple[str, str], int], vehicle: Vehicle, number: int) -> None:
    claims = [("id", vehicle.vehicle_id), ("terminal_phone", vehicle.terminal_phone)]
    for claim in claims:
        if claim in seen:
            raise RowError(f"{claim[0]} {claim[1]!r} is on line {seen[claim]} already")
    seen.update(dict.fromkeys(claims, number))


def _vehicle(header: list[str], line: str) -> Vehicle:
    try:
        values = next(csv.reader([line], strict=True))
    except csv.Error as error:
        raise RowError(f"not a CSV row ({error})") from None
    if len(values) != len(header):
        raise RowError(f"has {len(values)} columns, the first line has {len(header)}")
    row = dict.fromkeys(COLUMNS, "")
    row |= {name: _text(name, value) for name, value in zip(header, values, strict=True)}
    return Vehicle(
        vehicle_id=_required(row, "id"),
        terminal_phone=_phone(_required(row, "terminal_phone")),
        plate=row["plate"],
        plate_colour=_plate_colour(row["plate_colour"]),
        vehicle_class=_class(_required(row, "class")),
        total_mass_kg=_mass_kg(row["total_mass_kg"]),
        enterprise=row["enterprise"],
        driver_id=row["driver"],
    )


def _text(name: str, value: str) -> str:
    text = value.strip()
    if len(text) > MAX_TEXT_CHARACTERS:
        raise RowError(f"{name} has {len(text)} characters, more than {MAX_TEXT_CHARACTERS}")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise RowError(f"{name} {text!r} holds control characters")
    return text


def _required(row: Mapping[str, str], name: str) -> str:
    if not row[name]:
        raise RowError(f"{name} is missing")
    return row[name]


def _phone(text: str) -> str:
    phone = normal_phone(text)
    if not (phone.isascii() and phone.isdigit() and len(text) <= MAX_PHONE_DIGITS):
        raise RowError(f"terminal_phone {text!r} is not a number of 1 to {MAX_PHONE_DIGITS} digits")
    return phone


def _plate_colour(text: str) -> int:
    try:
        return plate_colour_code(text)
    except ValueError as error:
        raise RowError(str(error)) from None


def _class(text: str) -> str:
    try:
        return class_name(class_code(text))
    except ValueError as error:
        raise RowError(str(error)) from None


def _mass_kg(text: str) -> int:
    try:
        mass_kg = float(text) if text else 0.0
    except ValueError:
        mass_kg = float("nan")
    if not (0 <= mass_kg <= MAX_MASS_KG and mass_kg == int(mass_kg)):
        raise RowError(f"total_mass_kg {text!r} is not a whole number of kilograms up to {MAX_MASS_KG}")
    return int(mass_kg)
