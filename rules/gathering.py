"""Gathering: the findings of all families about one batch, in memory that is used again, put in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.kernel import kernel
from rules.finding import FINDING
from rules.finding_order import in_order
from rules.records import chosen
from rules.telling import WHATS, Teller

ROOM = 1024
"""Places that `room` has at least: more than one entry needs, few enough to stay near the processor."""


class Gathering:
    """Findings as they come, family after family.

    A watch gives its kernel `room()`, and says with `add` how many findings were written there. The memory
    grows to what the largest batch needed.
    """

    def __init__(self, tellers: Sequence[Teller]) -> None:
        self._tellers = tellers
        self.rules, self._rule_of = _numbered(*tellers)
        self._store = np.zeros(2 * ROOM, FINDING)
        self.count = 0
        self._begin = 0

    def room(self, least: int = ROOM) -> NDArray[np.void]:
        """Free places, so many at least, all zero."""
        if self.count + least > len(self._store):
            grown = np.zeros(2 * len(self._store) + least, FINDING)
            grown[: self.count] = self._store[: self.count]
            self._store = grown
        return self._store[self.count :]

    def add(self, count: int) -> None:
        """So many findings were written to the room."""
        self.count += count

    def since(self, count: int) -> NDArray[np.void]:
        """The findings from the place `count` on, to be changed where they are."""
        return self._store[count : self.count]

    def put(self, findings: NDArray[np.void]) -> None:
        """Add findings from elsewhere."""
        for begin in range(0, len(findings), ROOM):
            part = findings[begin : begin + ROOM]
            self.room()[: len(part)] = part
            self.add(len(part))

    def end_family(self, family: int) -> None:
        """All that came since the last call is of one family."""
        mine = self.since(self._begin)
        if len(mine):
            teller = self._tellers[family]
            if teller.is_silent is not None:
                mine = self._without(teller.is_silent(mine))
            if teller.subjects is not None:
                mine["subject_rank"] = teller.subjects.ranks(mine)
            mine["family"] = family
        self._begin = self.count

    def _without(self, silent: NDArray[np.bool_]) -> NDArray[np.void]:
        """Leave findings of the family out."""
        if silent.any():
            mine = self.since(self._begin)
            kept = chosen(mine, ~silent)
            mine[: len(kept)] = kept
            _blank(mine[len(kept) :])
            self.count = self._begin + len(kept)
        return self.since(self._begin)

    def take(
        self, vehicle_keys: NDArray[np.int64], entries: NDArray[np.void] | None = None
    ) -> NDArray[np.void]:
        """The findings, owned by the caller; nothing remains here.

        In order by the time and vehicle of the entry that caused them, as drivers who change vehicles are
        followed, then by entry, rule and subject; several of one episode in the order in which they came.
        Without `entries` just as they came.
        """
        found = self._store[: self.count]
        _name(found, vehicle_keys, self._rule_of)
        order = np.arange(len(found)) if entries is None else in_order(found, entries, vehicle_keys)
        taken = chosen(found, order)
        _blank(found)
        self.count = self._begin = 0
        return taken


@kept
def _numbered(*tellers: Teller) -> tuple[tuple[str, ...], NDArray[np.uint16]]:
    """The names of all rules, in order, and the place there of each family's (row) `what` (column)."""
    rules = tuple(sorted({rule for teller in tellers for rule in teller.rules.values()}))
    place_of = {rule: place for place, rule in enumerate(rules)}
    rule_of = np.zeros((len(tellers), WHATS), np.uint16)
    for family, teller in enumerate(tellers):
        for what, rule in teller.rules.items():
            rule_of[family, what] = place_of[rule]
    return rules, rule_of


def _blank(findings: NDArray[np.void]) -> None:
    findings.view(np.uint8)[:] = 0


@kernel
def _name(findings: Any, vehicle_keys: Any, rule_of: Any) -> None:
    """Fill in what does not depend on the engine that made them."""
    for i in range(len(findings)):
        f = findings[i]
        f.vehicle_key = vehicle_keys[f.row]
        f.rule = rule_of[f.family, f.what]
