"""The rulebook: every threshold as data, with its unit, its source and its grade."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rules.vehicle_class import CODE_OF_NAME

_DEFAULT = Path(__file__).with_name("rulebook.toml")


class RulebookError(ValueError):
    """A rulebook that cannot be used; the text says which entry and why."""

    exit_code = 2  # what a command ends with that was asked to use it


@dataclass(frozen=True, slots=True)
class Threshold:
    """One entry: its value with unit, where it comes from, and how sure that is (A best to D)."""

    name: str
    value: float | tuple[float, ...]
    unit: str
    source: str
    grade: str
    by_class: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All thresholds of one version. `entries` explains the values that the other fields repeat for use.

    `class_limit_kmh` has one limit for each class code.
    """

    version: str
    entries: Mapping[str, Threshold]
    clock_ahead_s: float
    speed_possible_kmh: float
    gap_s: float
    stopped_speed_kmh: float
    rest_displacement_m: float
    continuous_driving_s: float
    rest_s: float
    continuous_driving_level: int
    class_limit_kmh: tuple[float, ...]
    coach_night_factor: float
    night_start_h: float
    night_end_h: float
    speeding_min_s: float
    speeding_join_s: float
    speeding_tier_percent: tuple[float, ...]
    speeding_tier_level: tuple[int, ...]
    zone_enter_level: int
    zone_exit_level: int
    zone_stay_level: int
    zone_forbidden_level: int


def default_rulebook() -> Rulebook:
    """The rulebook that comes with the program."""
    return _build(_read(_DEFAULT))


def load_rulebook(path: str | Path) -> Rulebook:
    """A rulebook file laid over the default one.

    Raises
    ------
    RulebookError
        The file is missing, no TOML, or an entry is unknown, of the wrong type or out of its range.
    """
    return _build(_overlay(_read(_DEFAULT), _read(Path(path)), str(path)))


def _read(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
        table = tomllib.loads(data.decode("utf-8-sig"))
    except OSError as error:
        raise RulebookError(f"rulebook {path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulebookError(f"rulebook {path}: not valid TOML: {error}") from error
    table.setdefault("version", f"unversioned-{hashlib.sha256(data).hexdigest()[:8]}")
    return table


def _overlay(base: dict[str, Any], over: dict[str, Any], path: str) -> dict[str, Any]:
    merged = dict(base)
    for name, entry in over.items():
        if name not in base:
            raise RulebookError(f"rulebook {path}: entry {name!r} is not known")
        if name == "version":
            merged[name] = entry
        elif isinstance(entry, dict):
            merged[name] = {**base[name], **entry}
        else:
            merged[name] = {**base[name], "value": entry}
    return merged


def _build(table: dict[str, Any]) -> Rulebook:
    version = table.pop("version")
    if not isinstance(version, str) or not version:
        raise RulebookError("rulebook: version must be a text that is not empty")
    entries = {name: _threshold(name, entry) for name, entry in table.items()}
    values: dict[str, Any] = {name: entry.value for name, entry in entries.items()}
    limit = entries["class_limit_kmh"]
    values["class_limit_kmh"] = tuple(limit.by_class.get(code, limit.value) for code in CODE_OF_NAME.values())
    for name in values:
        if name.endswith("_level"):
            values[name] = _level(name, values[name])
    book = Rulebook(version=version, entries=entries, **values)
    _check(book)
    return book


def _threshold(name: str, entry: Any) -> Threshold:
    if not isinstance(entry, dict) or not {"value", "unit", "source", "grade"} <= set(entry):
        raise RulebookError(f"rulebook: entry {name} needs value, unit, source and grade")
    unknown = set(entry) - {"value", "unit", "source", "grade", "by_class"}
    if unknown:
        raise RulebookError(f"rulebook: entry {name} has unknown keys {sorted(unknown)}")
    value = entry["value"]
    checked: float | tuple[float, ...]
    checked = tuple(_number(name, v) for v in value) if isinstance(value, list) else _number(name, value)
    if entry.get("by_class") and name != "class_limit_kmh":
        raise RulebookError(f"rulebook: entry {name} does not differ by vehicle class")
    by_class = {}
    for label, limit in entry.get("by_class", {}).items():
        if label not in CODE_OF_NAME:
            raise RulebookError(f"rulebook: entry {name}: vehicle class {label!r} is not known")
        by_class[CODE_OF_NAME[label]] = _number(name, limit)
    return Threshold(name, checked, entry["unit"], entry["source"], entry["grade"], by_class)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise RulebookError(f"rulebook: {name} must be a number from 0 to below 1e9, not {value!r}")
    return value


def _level(name: str, value: Any) -> int | tuple[int, ...]:
    levels = value if isinstance(value, tuple) else (value,)
    if any(level not in (1, 2, 3) for level in levels):
        raise RulebookError(f"rulebook: {name} must be 1, 2 or 3, not {value!r}")
    return tuple(int(level) for level in levels) if isinstance(value, tuple) else int(value)


def _check(book: Rulebook) -> None:
    tiers, levels = book.speeding_tier_percent, book.speeding_tier_level
    scalars = {name for name, entry in book.entries.items() if not isinstance(entry.value, tuple)}
    if scalars != set(book.entries) - {"speeding_tier_percent", "speeding_tier_level"}:
        raise RulebookError("rulebook: only speeding_tier_percent and speeding_tier_level are lists")
    if list(tiers) != sorted(set(tiers)) or len(tiers) > 200:
        raise RulebookError("rulebook: speeding_tier_percent must rise, with at most 200 tiers")
    if len(levels) != len(tiers) + 1:
        raise RulebookError(f"rulebook: speeding_tier_level needs {len(tiers) + 1} levels, not {len(levels)}")
    if not (book.night_start_h <= 24 and book.night_end_h <= 24):
        raise RulebookError("rulebook: night_start_h and night_end_h must be hours of the day, 0 to 24")
    if not book.coach_night_factor <= 1:
        raise RulebookError("rulebook: coach_night_factor must be at most 1")
