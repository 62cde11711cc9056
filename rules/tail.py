"""The tail of a stream: reports that late ones could still come before.

A round adds a few reports to millions. So they are kept in parts that are joined where somebody looks at the
whole, and exact copies are found by an index of marks, not by looking through them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rules.key_index import KeyIndex
from rules.reports import Reports, digest

_YOUNG = 64
"""Parts that are joined to one: each costs some 2 KB, as much as the reports of a small round."""


class Tail:
    """n reports in order of arrival. Mutable; it keeps the reports it is given."""

    def __init__(self, reports: Reports | None = None) -> None:
        self._old: list[Reports] = []
        self._young: list[Reports] = []
        self._rows = 0
        self._marks = KeyIndex()
        if reports is not None:
            self.add(reports)

    def __len__(self) -> int:
        return self._rows

    def add(self, reports: Reports) -> None:
        """Take more reports."""
        if not len(reports):
            return
        self._marks.find_or_add(_marks_of(reports))
        self._rows += len(reports)
        self._young.append(reports)
        if len(self._young) >= _YOUNG:
            self._old.append(Reports.concat(self._young))
            self._young = []

    def copies(self, reports: Reports) -> NDArray[np.bool_]:
        """Which of some reports are exact copies of one in the tail."""
        held: NDArray[np.bool_] = self._marks.find(_marks_of(reports)) >= 0
        return held

    def whole(self) -> Reports:
        """All of them."""
        parts: Sequence[Reports] = [*self._old, *self._young]
        whole = parts[0] if len(parts) == 1 else Reports.concat(parts)
        self._old, self._young = [whole], []
        return whole


def _marks_of(reports: Reports) -> NDArray[np.int64]:
    """A number that is the same for exact copies."""
    return digest(reports) ^ (reports.time_ms * 0x9E3779B1) ^ reports.vehicle_key
