"""The list of all settings, read from the sections."""

import difflib
import typing
from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from stream.errors import OperatorError
from stream.settings.fields import Rule
from stream.settings.sections import Settings

VARIABLE_PREFIX = "HAULWATCH_"


@dataclass(frozen=True)
class Entry:
    """One setting: `key` is "section.field", `variable` its name in the environment."""

    section: str
    name: str
    kind: Any
    default: Any
    rule: Rule

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        return f"{VARIABLE_PREFIX}{self.section}_{self.name}".upper()


def section_types() -> dict[str, type]:
    """The sections in order, with their dataclasses."""
    return typing.get_type_hints(Settings)


@cache
def catalogue() -> dict[str, Entry]:
    """All settings by key."""
    entries = [
        Entry(section, one.name, typing.get_type_hints(kind)[one.name], one.default, one.metadata["rule"])
        for section, kind in section_types().items()
        for one in fields(kind)
    ]
    return {entry.key: entry for entry in entries}


def find(key: str, origin: str) -> Entry:
    """The setting called `key`.

    Raises:
        OperatorError: there is none; with the nearest name, naming `origin`.
    """
    entry = catalogue().get(key)
    if entry is None:
        raise unknown(key, catalogue(), origin)
    return entry


def unknown(name: str, known: Iterable[str], origin: str) -> OperatorError:
    """The error for a name that does not exist, with the one that was probably meant."""
    near = difflib.get_close_matches(name, list(known), n=1)
    advice = f"did you mean {near[0]}?" if near else "docs/settings.md lists them all"
    return OperatorError(f"{origin}: there is no setting {name}; {advice}")
