"""One entry of the rulebook: its value, where it differs, where it comes from, and what it may be."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from geo.road_class import CODES as ROADS
from geo.zone import ZoneError, parse_hours
from rules.vehicle_class import CODE_OF_NAME as CLASSES

FORMS = ("number", "numbers", "level", "levels", "factor", "hours", "names", "flag")
"""What a value is. `factor`: 0 to 1; `levels` and `level`: 0 (off) to 3; `hours`: windows of the day as text;
`numbers`: a rising list; `names`: a list of texts."""

DIMENSIONS = ("class", "road", "zone")
_ABBREVIATED = {"by_class": "class", "by_road": "road", "by_zone": "zone"}
_MAX_LIST = 200
_LARGEST = 1e9

Value = Any  # float, bool, text, or a tuple of floats or texts, by the entry's form


@dataclass(frozen=True, slots=True)
class Where:
    """A value that holds for some classes, roads or zones only; an empty set of names means all."""

    vehicle_class: tuple[str, ...]
    road_class: tuple[str, ...]
    zone: tuple[str, ...]
    value: Value

    def holds(self, vehicle_class: str, road_class: str, zone: str) -> bool:
        """Whether it is for this class, road and zone ("" where not known)."""
        asked = ((self.vehicle_class, vehicle_class), (self.road_class, road_class), (self.zone, zone))
        return all(not names or name in names for names, name in asked)

    @property
    def weight(self) -> tuple[int, bool, bool]:
        """The more an override asks, the more it counts; of equals zone before road before class."""
        asks = (bool(self.zone), bool(self.road_class), bool(self.vehicle_class))
        return sum(asks), asks[0], asks[1]


@dataclass(frozen=True, slots=True)
class Threshold:
    """One entry. `varies` names the dimensions in which it may differ, `rules` those that use it."""

    name: str
    value: Value
    unit: str
    source: str
    grade: str
    form: str = "number"
    low: float = 0.0
    high: float = _LARGEST
    zh: str = ""
    en: str = ""
    rules: tuple[str, ...] = ()
    varies: tuple[str, ...] = ()
    where: tuple[Where, ...] = ()

    def value_for(self, vehicle_class: str = "unknown", road_class: str = "unknown", zone: str = "") -> Value:
        """The value that holds there: that of the most specific override, the last of equals."""
        value, weight = self.value, (0, False, False)
        for one in self.where:
            if one.holds(vehicle_class, road_class, zone) and one.weight >= weight:
                value, weight = one.value, one.weight
        return value


def read_value(form: str, value: Any, low: float, high: float) -> Value:
    """A value as TOML has it, checked.

    Raises
    ------
    ValueError
        Says what the value must be.
    """
    if form in ("numbers", "levels", "names"):
        if not isinstance(value, list) or len(value) > _MAX_LIST:
            raise ValueError(f"must be a list of at most {_MAX_LIST} values, not {value!r}")
        if form == "names":
            return tuple(_text(one) for one in value)
        return tuple(_number(one, low, high, form) for one in value)
    if form == "hours":
        return _hours(value)
    if form == "flag":
        if not isinstance(value, bool):
            raise ValueError(f"must be true or false, not {value!r}")
        return value
    return _number(value, low, high, form)


def _number(value: Any, low: float, high: float, form: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"must be a number, not {value!r}")
    if form in ("level", "levels"):
        if value not in (0, 1, 2, 3):
            raise ValueError(f"must be 1 (gravest), 2 or 3, or 0 for off, not {value!r}")
        return int(value)
    if form == "factor":
        low, high = 0.0, 1.0
    if not low <= value <= high:
        raise ValueError(f"must be a number from {low:g} to {high:g}, not {value!r}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"must be a list of texts, not {value!r}")
    return value


def _hours(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"must be windows of the day such as '22:00-06:00', or '' for none, not {value!r}")
    try:
        if value:
            parse_hours(value)
    except ZoneError as error:
        raise ValueError(str(error)) from error
    return re.sub(r"\s+", "", value)


def read_overrides(entry: Mapping[str, Any], threshold: Threshold) -> Iterator[Where | str]:
    """The overrides of an entry; a text where one is faulty."""
    for key, dimension in _ABBREVIATED.items():
        table = entry.get(key, {})
        if not isinstance(table, dict):
            yield f"{key} must be a table such as {{ hazmat = 80 }}, not {table!r}"
            continue
        for name, value in table.items():
            yield _where(threshold, {dimension: [name]}, value)
    several = entry.get("where", [])
    if not isinstance(several, list) or not all(isinstance(one, dict) for one in several):
        yield f"where must be tables, written [[{threshold.name}.where]], not {several!r}"
        return
    for one in several:
        asked = {"class": "vehicle_class", "road": "road_class", "zone": "zone"}
        unknown = set(one) - {*asked.values(), "value"}
        if unknown or "value" not in one:
            yield f"where may hold vehicle_class, road_class, zone and must hold value, not {sorted(one)}"
            continue
        names = {dimension: one[key] for dimension, key in asked.items() if key in one}
        yield _where(threshold, names, one["value"])


def _where(threshold: Threshold, names: Mapping[str, Any], value: Any) -> Where | str:
    known = {"class": CLASSES, "road": ROADS}
    for dimension, wanted in names.items():
        if dimension not in threshold.varies:
            able = ", ".join(threshold.varies) or "nothing"
            return f"does not differ by {dimension}; it may differ by {able}"
        if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
            return f"{dimension} must be a list of names, not {wanted!r}"
        for name in wanted:
            if dimension in known and name not in known[dimension]:
                what = {"class": "vehicle class", "road": "road class"}[dimension]
                return f"{what} {name!r} is not known; it must be one of {', '.join(known[dimension])}"
    try:
        checked = read_value(threshold.form, value, threshold.low, threshold.high)
    except ValueError as error:
        return str(error)
    parts = (tuple(names.get(dimension, ())) for dimension in DIMENSIONS)
    vehicle_class, road_class, zone = parts
    return Where(vehicle_class, road_class, zone, checked)
