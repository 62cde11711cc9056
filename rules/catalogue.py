"""Every rule in words: names, what it finds, what asks for it, and what its driver is told.

The table is `catalogue.toml`; operators, drivers and the pages of docs/rules are told from it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType

PRE = "_pre"


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule. `law` has texts with their grades; `driver` is empty where no voice would help."""

    rule: str
    zh: str
    en: str
    finds_zh: str
    finds_en: str
    page: str
    law: tuple[tuple[str, str], ...]
    driver: str = ""


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Entry]:
    """The entries by rule, in the order of the table."""
    text = resources.files("rules").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return MappingProxyType({rule: _entry(rule, said) for rule, said in tomllib.loads(text).items()})


def _entry(rule: str, said: dict[str, object]) -> Entry:
    law = said.pop("law")
    assert isinstance(law, list)
    texts = {name: str(value) for name, value in said.items()}
    return Entry(rule=rule, law=tuple((text, grade) for text, grade in law), **texts)
