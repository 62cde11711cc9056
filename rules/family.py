"""Rule families: how a rule is written, and what the engine asks of it.

A family is a module with a `FAMILY`, named in `rules.families`. The plain ones are a `PlainFamily`: a
record of state a vehicle, parameters of the rulebook a vehicle class, a kernel that steps over entries, the
names of its rules, and a function that puts a finding into words. A family that needs more (slots, drivers,
zones) gives the engine a `Watch` of its own.

The kernel of a plain family is

    step(begin, entries, state, parameters, findings) -> (next, count)

It looks at the entries from `begin` on, in order: `state[e.row]` is the vehicle's record,
`parameters[e.vehicle_class]` the rulebook's values. It writes `count` findings (`rules.finding`), whose
fields are all zero before, and returns the entry it would look at next: the end, or earlier where `findings`
has less room than `MOST_AN_ENTRY`. It says `at`, `row`, `kind`, `what`, start, found, end and place, and in
`a` to `e` values of its own. An instant finding is one CLOSE with start = found = end. What a kernel does may
depend on nothing but these arguments.

Findings stay records until somebody looks at a change. Only then

    describe(finding, book) -> Told

is called, with one finding's `what`, `zone`, `a` to `e` and so on as plain numbers, for level and detail:

    rules = {0: "harsh_turn"}
    decimals = {"a": 1}  # describe finds `a` rounded

    def describe(finding, book):
        return Told(book.harsh_turn_level, {"turn_deg": finding.a})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from geo.zones import ZoneSet
from rules.gathering import Gathering
from rules.parameters import Plan, compile_parameters
from rules.records import Layout, Records
from rules.reports import Reports
from rules.rulebook import Rulebook
from rules.slots import Slots
from rules.telling import Teller, Told
from rules.vehicles import Vehicles

Table = Records | Slots


@dataclass(frozen=True, slots=True)
class Batch:
    """The entries of one batch, the reports they were made of, in order of arrival, and where to write what
    is found."""

    entries: NDArray[np.void]
    reports: Reports
    found: Gathering


@dataclass(frozen=True, slots=True)
class Setting:
    """What a family is set to work in."""

    book: Rulebook
    zones: ZoneSet
    vehicles: Vehicles


class Watch(Protocol):
    """A family at work in one engine."""

    @property
    def teller(self) -> Teller:
        """How it puts findings into words."""

    @property
    def tables(self) -> Mapping[str, Table]:
        """Everything it remembers, by names that snapshots use."""

    def step(self, batch: Batch) -> None:
        """Take the entries of a batch; write what changed to `batch.found`."""

    def open_findings(self) -> NDArray[np.void]:
        """The episodes that go on: findings of kind UPDATE, without an end."""


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
    rules: Mapping[int, str]
    describe: Callable[[Any, Rulebook], Told]
    going_on: Callable[[NDArray[np.void]], NDArray[np.void]]
    decimals: Mapping[str, int] = field(default_factory=dict)

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
        self.teller = Teller(family.rules, partial(_describe, family, setting.book), family.decimals)

    @property
    def tables(self) -> Mapping[str, Table]:
        return {self._family.name: self._state}

    def step(self, batch: Batch) -> None:
        self._state.grow(len(self._setting.vehicles))
        begin, end = 0, len(batch.entries)
        while begin < end:
            arguments = (batch.entries, self._state.rows, self._parameters, batch.found.room())
            begin, count = self._family.step(begin, *arguments)
            batch.found.add(count)

    def open_findings(self) -> NDArray[np.void]:
        """The episodes that go on."""
        return self._family.going_on(self._state.rows)


def _describe(family: PlainFamily, book: Rulebook, finding: Any) -> Told:
    return family.describe(finding, book)


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
