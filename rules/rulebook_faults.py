"""What is wrong with a rulebook file: every fault, with its place and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `line` counts from 1; 0 where no line can be named."""

    line: int
    entry: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        entry = f"{self.entry}: " if self.entry else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{place}{entry}{self.what}{remedy}"


class RulebookError(ValueError):
    """A rulebook that cannot be used; the text says which entries and why, `faults` has them one by one."""

    exit_code = 2  # what a command ends with that was asked to use it

    def __init__(self, where: str, faults: list[Fault]) -> None:
        super().__init__(f"rulebook {where}: " + "; and ".join(str(fault) for fault in faults))
        self.where = where
        self.faults = faults


def line_of(text: str, entry: str, key: str = "") -> int:
    """Line of an entry of a TOML text, or of a key inside its table where that is found; 0 for none.

    >>> line_of("[gap_s]\\nvalue = 3", "gap_s", "value")
    2
    """
    table = re.compile(rf"\s*\[\[?\s*\"?{re.escape(entry)}\"?\s*(\.[^\]]*)?\]")
    single = re.compile(rf"\s*\"?{re.escape(entry)}\"?\s*=")
    inside, found = False, 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            inside = bool(table.match(line))
            found = found or (number if inside else 0)
        elif (not found and single.match(line)) or (
            inside and key and re.match(rf"\s*{re.escape(key)}\s*[=.]", line)
        ):
            return number
    return found
