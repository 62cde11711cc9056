"""`haulwatch rulebook`: check a rulebook file, compare two, print one for a person."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

from rules.rulebook import Rulebook, RulebookError, default_rulebook, load_rulebook
from rules.rulebook_text import differences, explain
from stream.errors import EXIT_FAILED, EXIT_USAGE

BUILT_IN = "default"
"""Instead of a file: the rulebook that comes with the program."""


def check(path: str | Path, *, stdout: TextIO | None = None, stderr: TextIO | None = None) -> int:
    """Say whether a file is a rulebook. Returns 0, or 1 after one line for each fault, or 2 when it cannot be
    read."""
    stdout, stderr = stdout or sys.stdout, stderr or sys.stderr
    try:
        book = _read(path)
    except RulebookError as error:
        for fault in error.faults:
            place = f"{path}:{fault.line}" if fault.line else f"{path}"
            entry = f"{fault.entry}: " if fault.entry else ""
            remedy = f"; {fault.remedy}" if fault.remedy else ""
            print(f"{place}: {entry}{fault.what}{remedy}", file=stderr)
        return EXIT_USAGE if any("cannot be read" in fault.what for fault in error.faults) else EXIT_FAILED
    changed = [line for line in differences(default_rulebook(), book) if not line.startswith("version: ")]
    count = f"{len(changed)} difference{'' if len(changed) == 1 else 's'}"
    print(f"{path}: version {book.version}, {count} from the default", file=stdout)
    return 0


def diff(one: str | Path, other: str | Path, *, stdout: TextIO | None = None) -> int:
    """Print what differs between two rulebooks. Returns 0 when nothing does, else 1.

    Raises
    ------
    RulebookError
        One of them cannot be used.
    """
    stdout = stdout or sys.stdout
    lines = list(differences(_read(one), _read(other)))
    for line in lines:
        print(line, file=stdout)
    return EXIT_FAILED if lines else 0


def tell(path: str | Path, *, stdout: TextIO | None = None) -> int:
    """Print a rulebook for a person.

    Raises
    ------
    RulebookError
    """
    for line in explain(_read(path), default_rulebook()):
        print(line, file=stdout or sys.stdout)
    return 0


def _read(path: str | Path) -> Rulebook:
    return default_rulebook() if str(path) == BUILT_IN else load_rulebook(path)
