"""Telling: how a family puts its findings into words.

A `Teller` knows the rulebook and the zones, but nothing of vehicles: findings that are kept stay tellable
whatever becomes of the engine that made them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rules.rulebook import CLASS_CODES, Rulebook

WHATS = 256  # values of a finding's `what`


class Told(NamedTuple):
    """What only the family knows of a finding."""

    level: int
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Subjects:
    """What tells apart what one rule watches of one vehicle, such as zones.

    `texts` gives the subjects of n findings, `ranks` n numbers in the order of the texts, equal where those
    are equal.
    """

    texts: Callable[[NDArray[np.void]], list[str]]
    ranks: Callable[[NDArray[np.void]], NDArray[np.int64]]


def subjects_by(field_name: str, texts: Sequence[str]) -> Subjects:
    """Subjects whose texts are found by the number in a field of findings."""
    rank_of = {text: rank for rank, text in enumerate(sorted(set(texts)))}
    rank = np.array([rank_of[text] for text in texts], np.int64)

    def ranks(findings: NDArray[np.void]) -> NDArray[np.int64]:
        found: NDArray[np.int64] = rank[findings[field_name]]
        return found

    return Subjects(lambda findings: [texts[one] for one in findings[field_name].tolist()], ranks)


@dataclass(frozen=True, slots=True)
class Teller:
    """How one family tells.

    Attributes
    ----------
    rules : mapping
        From a finding's `what` to the name of its rule.
    describe : function
        From a finding's values, an object with the fields of `rules.finding.WORDS`, `what` and `found_ms`,
        to what is told.
    decimals : mapping
        From `a` to `e` to how many decimals the value is told with; `describe` finds it rounded.
    subjects : Subjects, optional
        Where a rule can hold several episodes of a vehicle at once.
    is_silent : function, optional
        From n findings to a mask of those that are not told at all.
    """

    rules: Mapping[int, str]
    describe: Callable[[Any], Told]
    decimals: Mapping[str, int] = field(default_factory=dict)
    subjects: Subjects | None = None
    is_silent: Callable[[NDArray[np.void]], NDArray[np.bool_]] | None = None


Levels = list[list[int]]
"""Levels by a finding's `what` and vehicle class; 0 is not told."""


def levels_by_class(book: Rulebook, rules: Mapping[int, str]) -> Levels:
    """What the rulebook's entries `<rule>_level` say."""
    levels = [[0] * CLASS_CODES for _ in range(WHATS)]
    for what, rule in rules.items():
        levels[what] = book.by_class(f"{rule}_level").astype(np.int64).tolist()
    return levels


def silent_at(
    levels: Levels, whats: Mapping[int, str]
) -> Callable[[NDArray[np.void]], NDArray[np.bool_]] | None:
    """`is_silent` for findings whose level depends on `what` and class; None where every level is told."""
    silent = np.zeros((WHATS, CLASS_CODES), bool)
    for what in whats:
        silent[what] = np.array(levels[what]) == 0
    if not silent.any():
        return None

    def is_silent(findings: NDArray[np.void]) -> NDArray[np.bool_]:
        off: NDArray[np.bool_] = silent[findings["what"], findings["vehicle_class"]]
        return off

    return is_silent
