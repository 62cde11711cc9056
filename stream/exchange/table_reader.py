"""Reads one TOML table key by key and says which key of which table is wrong."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from typing import Any

from stream.errors import OperatorError


class TableReader:
    """Mutable: remembers which keys were asked for, so that `finish` finds those nobody knows."""

    def __init__(self, table: dict[str, Any], label: str) -> None:
        self._table = table
        self._label = label
        self._asked: set[str] = set()

    def wrong(self, key: str, reason: str) -> OperatorError:
        """The error to raise for a key."""
        return OperatorError(f"{self._label}: {key} {reason}")

    def has(self, key: str) -> bool:
        """Whether the table holds the key."""
        self._asked.add(key)
        return key in self._table

    def text(self, key: str, default: str | None = None) -> str:
        """A text; needed when there is no default."""
        value = self._value(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, f"is {value!r}, not a text")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        """One of some words; a whole number (2011) reads as its digits."""
        value = str(self._value(key, default))
        if value not in choices:
            raise self.wrong(key, f"is {value!r}, none of {', '.join(choices)}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._value(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, f"is {value!r}, not true or false")
        return value

    def number(self, key: str, default: int | None, least: int, most: int) -> int:
        """A whole number within bounds."""
        value = self._value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(key, f"is {value!r}, not a whole number from {least} to {most}")
        return value

    def decimal(self, key: str, default: float, least: float, most: float) -> float:
        """A number within bounds."""
        value = self._value(key, default)
        if not _is_number(value) or not least <= value <= most:
            raise self.wrong(key, f"is {value!r}, not a number from {least:g} to {most:g}")
        return float(value)

    def decimals(self, key: str, count: int) -> list[float]:
        """A list of `count` numbers."""
        value = self._value(key, None)
        if not isinstance(value, list) or len(value) != count or not all(map(_is_number, value)):
            raise self.wrong(key, f"is {value!r}, not a list of {count} numbers")
        return [float(number) for number in value]

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when the key is missing."""
        value = self._value(key, [])
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise self.wrong(key, f"is {value!r}, not a list of texts")
        return tuple(value)

    def table(self, key: str) -> TableReader | None:
        """A table inside this one; None when the key is missing."""
        value = self._value(key, {})
        if not isinstance(value, dict):
            raise self.wrong(key, f"is {value!r}, not a table")
        return TableReader(value, f"{self._label}, {key}") if value else None

    def finish(self) -> None:
        """Raises OperatorError for a key that nobody asked for."""
        for key in self._table:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, 1)
                raise self.wrong(key, "is not known" + (f"; did you mean {near[0]}?" if near else ""))

    def _value(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        if key in self._table:
            return self._table[key]
        if default is None:
            raise self.wrong(key, "is missing")
        return default


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
