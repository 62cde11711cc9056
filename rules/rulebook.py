"""The rulebook: every threshold as data, with its unit, its source and its grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.road_class import CODES as ROADS
from rules.exemption import Exemption
from rules.rulebook_faults import RulebookError
from rules.rulebook_file import DEFAULT, parse, read_text
from rules.threshold import Threshold
from rules.vehicle_class import CODE_OF_NAME as CLASSES
from rules.vehicle_class import NAME_OF_CODE

__all__ = ["Rulebook", "RulebookError", "default_rulebook", "load_rulebook", "rulebook_of"]

CLASS_CODES = 256  # a table by class code has a row for every value of the column


@dataclass(frozen=True)
class Rulebook:
    """All thresholds of one version. An entry's plain value is an attribute: `book.gap_s`.

    `text` is the file laid over the default rulebook, empty for the default itself.
    """

    version: str
    entries: Mapping[str, Threshold]
    exemptions: tuple[Exemption, ...] = ()
    text: str = field(default="", repr=False, compare=False)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["entries"][name].value
        except KeyError:
            raise AttributeError(f"the rulebook has no entry {name!r}") from None

    def by_class(self, name: str) -> NDArray[np.float64]:
        """An entry's value for each class code, as an array of 256; where it differs by road or zone, without
        either."""
        values = np.full(CLASS_CODES, self.entries[name].value_for(), np.float64)
        for label, code in CLASSES.items():
            values[code] = self.entries[name].value_for(label)
        return values

    def by_class_and_road(self, name: str) -> NDArray[np.float64]:
        """An entry's value for each class code (rows, 256) and road class code (columns)."""
        values = np.empty((CLASS_CODES, len(ROADS)), np.float64)
        for road, column in ROADS.items():
            values[:, column] = self.entries[name].value_for(road_class=road)
            for label, code in CLASSES.items():
                values[code, column] = self.entries[name].value_for(label, road)
        return values

    def for_class(self, name: str, code: int) -> Any:
        """An entry's value for one class code."""
        return self.entries[name].value_for(NAME_OF_CODE.get(code, "unknown"))

    def changed(self, **values: Any) -> Rulebook:
        """This rulebook with other values, unchecked, which hold for every class, road and zone."""
        made = {name: replace(self.entries[name], value=value, where=()) for name, value in values.items()}
        return replace(self, entries={**self.entries, **made})


def default_rulebook() -> Rulebook:
    """The rulebook that comes with the program."""
    return _default()


@lru_cache(maxsize=1)
def _default() -> Rulebook:
    content = parse(read_text(DEFAULT), str(DEFAULT), {})
    return Rulebook(content.version, content.entries, content.exemptions)


def load_rulebook(path: str | Path) -> Rulebook:
    """A rulebook file laid over the default one.

    Raises
    ------
    RulebookError
        Has every fault: the file is missing, no TOML, or entries are unknown, of the wrong type or range.
    """
    return rulebook_of(read_text(Path(path)), str(path))


def rulebook_of(text: str, where: str = "text") -> Rulebook:
    """The rulebook of a TOML text laid over the default one; `where` names the text.

    Raises
    ------
    RulebookError
    """
    content = parse(text, where, default_rulebook().entries)
    return Rulebook(content.version, content.entries, content.exemptions, content.text)
