"""Changes: what a batch changed, kept as findings; objects are made of them where somebody looks."""

from __future__ import annotations

import operator
from collections import namedtuple
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any, SupportsIndex, overload

import numpy as np
from numpy.typing import NDArray

from rules.change import EpisodeChange, made_quickly
from rules.finding import KINDS, WORDS
from rules.identity import alert_digest, uuid_texts
from rules.records import NONE, chosen
from rules.rounding import rounded
from rules.telling import Teller, Told


@dataclass(frozen=True, slots=True)
class Wording:
    """What turns findings into changes: the families' tellers, the names of all rules, the version of the
    rulebook, and the version of those alerts that were found under another one."""

    tellers: Sequence[Teller]
    rules: Sequence[str]
    version: str
    version_of: Mapping[str, str]


class Changes(Sequence[EpisodeChange]):
    """n changes in order: a list of `EpisodeChange` that makes each when it is looked at, anew each time.

    A slice costs next to nothing. `records` (`rules.finding.FINDING`) has the columns; nobody writes to it.
    """

    __slots__ = ("_ids", "records", "wording")

    def __init__(self, records: NDArray[np.void], wording: Wording) -> None:
        self.records = records
        self.wording = wording
        self._ids: list[bytes] | None = None

    @property
    def ids(self) -> list[bytes]:
        """The 16 bytes of each alert_id."""
        if self._ids is None:
            self._ids = _ids(self.records, self.wording)
        return self._ids

    def about(self, rules: Collection[str]) -> Changes:
        """Those of some rules."""
        numbers = [number for number, rule in enumerate(self.wording.rules) if rule in rules]
        return Changes(self.records[np.isin(self.records["rule"], numbers)], self.wording)

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[EpisodeChange]:
        for begin in range(0, len(self), _AT_ONCE):
            yield from _made(self[begin : begin + _AT_ONCE])

    @overload
    def __getitem__(self, index: SupportsIndex) -> EpisodeChange: ...
    @overload
    def __getitem__(self, index: slice) -> Changes: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            part = Changes(self.records[index], self.wording)
            part._ids = None if self._ids is None else self._ids[index]
            return part
        place = range(len(self))[index]
        return _made(self[place : place + 1])[0]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Changes | list):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Iterable[EpisodeChange]) -> list[EpisodeChange]:
        return [*self, *other]

    def __radd__(self, other: Iterable[EpisodeChange]) -> list[EpisodeChange]:
        return [*other, *self]

    def __repr__(self) -> str:
        return f"Changes({list(self)!r})"


_AT_ONCE = 4096  # changes made together: enough to share the cost, few enough to be near the processor
_FIELDS = ("what", "found_ms", *WORDS)
_Row: Any = namedtuple("_Row", _FIELDS)  # type: ignore[misc]
_EVIDENCE = ("complete", "bridged")


def _made(changes: Changes) -> list[EpisodeChange]:
    records, wording = changes.records, changes.wording
    if not len(records):
        return []
    told = _told(records, wording.tellers)
    names = uuid_texts(changes.ids)
    version, version_of = wording.version, wording.version_of
    return list(
        map(
            made_quickly,
            names,
            records["vehicle_key"].tolist(),
            [wording.rules[rule] for rule in records["rule"].tolist()],
            map(itemgetter(0), told),
            [KINDS[kind] for kind in records["kind"].tolist()],
            records["start_ms"].tolist(),
            records["found_ms"].tolist(),
            [None if end_ms == NONE else end_ms for end_ms in records["end_ms"].tolist()],
            records["longitude_deg"].tolist(),
            records["latitude_deg"].tolist(),
            [_EVIDENCE[bridged] for bridged in records["bridged"].tolist()],
            [version_of.get(name, version) for name in names] if version_of else repeat(version),
            map(itemgetter(1), told),
        )
    )


def _ids(records: NDArray[np.void], wording: Wording) -> list[bytes]:
    keys, starts_ms = records["vehicle_key"].tolist(), records["start_ms"].tolist()
    rules = [wording.rules[rule] for rule in records["rule"].tolist()]
    return list(map(alert_digest, keys, rules, starts_ms, _subjects(records, wording.tellers)))


def _subjects(records: NDArray[np.void], tellers: Sequence[Teller]) -> list[str]:
    subjects = [""] * len(records)
    for number, teller in enumerate(tellers):
        if teller.subjects is not None:
            mine = (records["family"] == number).nonzero()[0]
            if len(mine):
                texts = teller.subjects.texts(chosen(records, mine))
                for place, subject in zip(mine.tolist(), texts, strict=True):
                    subjects[place] = subject
    return subjects


def _told(records: NDArray[np.void], tellers: Sequence[Teller]) -> list[Told]:
    """What the families know of their findings."""
    columns: dict[str, NDArray[Any]] = {name: records[name] for name in _FIELDS}
    for name in ("a", "b", "c", "d", "e"):
        columns[name] = _with_decimals(name, columns[name], records["family"], tellers)
    rows = map(partial(tuple.__new__, _Row), zip(*(one.tolist() for one in columns.values()), strict=True))
    describe = [tellers[family].describe for family in records["family"].tolist()]
    return [say(row) for say, row in zip(describe, rows, strict=True)]


def _with_decimals(
    name: str, values: NDArray[np.float64], family: NDArray[np.uint8], tellers: Sequence[Teller]
) -> NDArray[np.float64]:
    """A column of the families' own values, each rounded as its family wishes."""
    for number, teller in enumerate(tellers):
        if name in teller.decimals:
            mine = (family == number).nonzero()[0]
            if len(mine):
                values = values.copy()
                values[mine] = rounded(values[mine], teller.decimals[name])
    return values
