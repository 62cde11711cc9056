"""Rule families: how a rule is written, and what the engine asks of it.

A family is a module with a `FAMILY`, named in `rules.families`. The plain ones are a `PlainFamily`: a
record of state a vehicle, parameters of the rulebook a vehicle class, a kernel that steps over entries, and
a function that puts a finding into words. A family that needs more (slots, drivers, zones) gives the engine
a `Watch` of its own.

The kernel of a plain family is

    step(begin, entries, state, parameters, findings) -> (next, count)

It looks at the entries from `begin` on, in order: `state[e.row]` is the vehicle's record,
`parameters[e.vehicle_class]` the rulebook's values. It writes `count` findings (`rules.finding`) and
returns the entry it would look at next: the end, or earlier where `findings` has less room than
`MOST_AN_ENTRY`. An instant finding is one CLOSE with start = found = end. What a kernel does may depend on
nothing but these arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from geo.zones import ZoneSet
from rules import finding
from rules.change import EpisodeChange
from rules.finding import Finding, Told, finding_of, rows_of
from rules.parameters import Plan, compile_parameters
from rules.records import Layout, Records
from rules.reports import Reports
from rules.rulebook import Rulebook
from rules.slots import Slots
from rules.vehicles import Vehicles

Table = Records | Slots


@dataclass(frozen=True, slots=True)
class Batch:
    """The entries of one batch, and the reports they were made of, in order of arrival."""

    entries: NDArray[np.void]
    reports: Reports


@dataclass(frozen=True, slots=True)
class Setting:
    """What a family is set to work in."""

    book: Rulebook
    zones: ZoneSet
    vehicles: Vehicles


class Watch(Protocol):
    """A family at work in one engine."""

    @property
    def tables(self) -> Mapping[str, Table]:
        """Everything it remembers, by names that snapshots use."""

    def step(self, batch: Batch) -> list[Finding]:
        """Take the entries of a batch; tell what changed."""

    def open_changes(self) -> Iterable[EpisodeChange]:
        """The episodes that go on, as updates."""


@dataclass(frozen=True, slots=True)
class PlainFamily:
    """A family whose state is one record a vehicle.

    `going_on(state)` gives findings, as records, of the episodes that go on: of kind UPDATE, without an end,
    `row` the vehicle's, which is the state's.
    """

    name: str
    layout: Layout
    plan: Plan
    step: Callable[..., Any]
    describe: Callable[[Any, Rulebook], Told]
    going_on: Callable[[NDArray[np.void]], NDArray[np.void]]

    def watch(self, setting: Setting) -> Watch:
        """The family at work."""
        return PlainWatch(self, setting)


class PlainWatch:
    """A plain family at work."""

    def __init__(self, family: PlainFamily, setting: Setting) -> None:
        self._family = family
        self._setting = setting
        self._state = Records(family.layout)
        self._parameters = compile_parameters(setting.book, family.plan)
        self._findings = finding.buffer()

    @property
    def tables(self) -> Mapping[str, Table]:
        return {self._family.name: self._state}

    def step(self, batch: Batch) -> list[Finding]:
        self._state.grow(len(self._setting.vehicles))
        found: list[Finding] = []
        begin, end = 0, len(batch.entries)
        while begin < end:
            arguments = (batch.entries, self._state.rows, self._parameters, self._findings)
            begin, count = self._family.step(begin, *arguments)
            found += self._told(self._findings[:count])
        return found

    def open_changes(self) -> list[EpisodeChange]:
        """The episodes that go on."""
        return [one.change for one in self._told(self._family.going_on(self._state.rows))]

    def _told(self, records: NDArray[np.void]) -> list[Finding]:
        book, keys = self._setting.book, self._setting.vehicles.keys
        return [
            finding_of(one, self._family.describe(one, book), int(keys[one["row"]]), book)
            for one in rows_of(records)
        ]


@runtime_checkable
class Deriving(Protocol):
    """A watch that keeps more than its tables."""

    def restored(self) -> None:
        """The tables have been filled from a snapshot: make what is derived from them."""


class Family(Protocol):
    """What `rules.families` lists."""

    @property
    def name(self) -> str:
        """Name of the family."""

    def watch(self, setting: Setting) -> Watch:
        """Set it to work."""
