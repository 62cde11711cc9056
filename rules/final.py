"""Final states: what remains of episodes once all their changes are known.

Who looks at the past asks for an episode as it was told last, not for each step on the way: the steps stay
columns, and only of the last ones objects are made.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rules.change import EpisodeChange
from rules.changes import Changes, Wording
from rules.finding import FINDING, NO_FINDINGS
from rules.records import chosen, plain

_SLACK = 4_096
"""Records that may wait to be sorted out, beside twice those that are final: a megabyte, and so much work at
once that its cost is shared."""

_IDENTITY = ("subject_rank", "start_ms", "rule", "vehicle_key")
"""Of an episode, within one engine; `rules.identity.alert_id` is made of the same."""


class Finals:
    """The newest state of each episode of one engine, whose changes are given in order."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._parts: list[NDArray[np.void]] = []
        self._waiting = 0

    def note(self, changes: Changes) -> None:
        """These came next."""
        if len(changes):
            self._parts.append(changes.records)
            self._waiting += len(changes)
            if self._waiting > _SLACK:
                kept = self.records()
                self._parts, self._waiting = [kept], -len(kept)

    def records(self) -> NDArray[np.void]:
        """The last record of each episode, in order of vehicle, rule, start and subject."""
        every = np.concatenate([plain(part) for part in self._parts or [NO_FINDINGS]]).view(FINDING)
        identity = [np.ascontiguousarray(every[name]) for name in _IDENTITY]
        order = np.lexsort(identity)  # stable: later ones stay behind
        last = np.ones(len(order), bool)
        last[:-1] = np.logical_or.reduce([one[order[1:]] != one[order[:-1]] for one in identity])
        return chosen(every, order[last])

    def changes(self) -> list[EpisodeChange]:
        """The same as objects."""
        return list(Changes(self.records(), self._wording))
