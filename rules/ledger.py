"""A ledger: alerts as they were told last, kept small.

A finding is kept as the bytes of its record, which take a quarter of an object's room and are compared as
they are; the object is made where somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rules.change import EpisodeChange
from rules.changes import Changes, Wording
from rules.finding import FINDING
from rules.identity import id_of_text
from rules.records import NONE

Said = bytes | EpisodeChange
"""An alert's state: a finding's record, without what belongs to its batch; or the object, read from a
snapshot."""

_OF_THE_BATCH = ("at", "row", "kind")


class Ledger:
    """Alerts by the 16 bytes of their ids, in the order in which they were first told."""

    def __init__(self, changes: Iterable[EpisodeChange] = ()) -> None:
        self._said = dict(_said(changes))

    def __len__(self) -> int:
        return len(self._said)

    def __contains__(self, name: bytes) -> bool:
        return name in self._said

    def note(self, changes: Iterable[EpisodeChange]) -> None:
        """These were told."""
        self._said.update(_said(changes))

    def drop(self, names: Iterable[bytes]) -> None:
        """Forget these."""
        for name in names:
            del self._said[name]

    def get(self, name: bytes, wording: Wording) -> EpisodeChange:
        """An alert as it was told last; of which kind that change was is not kept.

        Raises
        ------
        KeyError
        """
        return _change(self._said[name], wording)

    def differing(self, other: Ledger, wording: Wording) -> list[bytes]:
        """The alerts that are not the same in another ledger, or not there."""
        return [name for name, said in self._said.items() if not _agree(said, other._said.get(name), wording)]

    def missing_in(self, other: Ledger) -> list[bytes]:
        """The alerts that are not in another ledger."""
        return [name for name in self._said if name not in other._said]

    def settle(self, changes: Iterable[EpisodeChange], told: Ledger, wording: Wording) -> None:
        """These are certain: they are noted here, and are dropped from `told` where that says the same."""
        for name, said in _said(changes):
            self._said[name] = said
            if _agree(said, told._said.get(name), wording):
                del told._said[name]

    def ended(self) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.int64]]:
        """The ids of alerts that have an end, their ends in ms and their vehicles' keys."""
        names = list(self._said)
        records = _records(one if isinstance(one, bytes) else _BLANK for one in self._said.values())
        end_ms, keys = records["end_ms"].copy(), records["vehicle_key"].copy()
        for place, one in enumerate(self._said.values()):
            if isinstance(one, EpisodeChange):
                end_ms[place], keys[place] = NONE if one.end_ms is None else one.end_ms, one.vehicle_key
        which = (end_ms != NONE).nonzero()[0]
        return [names[place] for place in which.tolist()], end_ms[which], keys[which]

    def changes(self, wording: Wording) -> Iterator[EpisodeChange]:
        """Every alert as it was told last."""
        yield from (one for one in self._said.values() if isinstance(one, EpisodeChange))
        yield from Changes(_records(one for one in self._said.values() if isinstance(one, bytes)), wording)


_BLANK = bytes(FINDING.itemsize)


def _said(changes: Iterable[EpisodeChange]) -> Iterable[tuple[bytes, Said]]:
    """Ids and states."""
    if isinstance(changes, Changes):
        return zip(changes.ids, _states(changes.records), strict=True)
    return ((id_of_text(one.alert_id), one) for one in changes)


def _states(records: NDArray[np.void]) -> list[bytes]:
    states = records.copy()
    for name in _OF_THE_BATCH:
        states[name] = 0
    made: list[bytes] = states.view(f"V{FINDING.itemsize}").tolist()
    return made


def _records(states: Iterable[bytes]) -> NDArray[np.void]:
    return np.frombuffer(b"".join(states), FINDING)


def _change(said: Said, wording: Wording) -> EpisodeChange:
    return said if isinstance(said, EpisodeChange) else Changes(_records([said]), wording)[0]


def _agree(one: Said, other: Said | None, wording: Wording) -> bool:
    """Whether two states are the same. Records may differ where what is told does not."""
    if other is None or one == other:
        return other is not None
    changes = (_change(one, wording), _change(other, wording))
    first, second = (replace(change, kind="", revised=0) for change in changes)
    return first == second
