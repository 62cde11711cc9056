"""The rulebook's values as kernels want them: one record a vehicle class, times in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from rules.rulebook import CLASS_CODES, Rulebook

Plan = Mapping[str, tuple[str, str]]
"""From a field's name to its numpy type and the rulebook's entry. A field whose name ends in _ms takes an
entry in seconds or hours, rounded to milliseconds."""

_MILLISECONDS = {"s": 1000.0, "h": 3_600_000.0}


@kept
def compile_parameters(book: Rulebook, plan: Plan) -> NDArray[np.void]:
    """A record a class code, with the fields of a plan: what the rulebook says for each class. Not to be
    changed."""
    table = np.zeros(CLASS_CODES, np.dtype([(name, kind) for name, (kind, _) in plan.items()], align=True))
    for name, (_, entry) in plan.items():
        values = book.by_class(entry)
        if name.endswith("_ms"):
            values = np.rint(values * _MILLISECONDS[book.entries[entry].unit])
        table[name] = values
    return table
