"""Findings: what kernels tell, as records, and the changes of episodes they stand for.

A kernel appends records to a buffer that has room for what one entry can cause at most; when less is left it
stops, and the caller empties the buffer and calls again. Only findings become Python objects, never reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from rules.change import EpisodeChange
from rules.identity import alert_id
from rules.records import NONE, Layout, record_type
from rules.rulebook import Rulebook

OPEN, UPDATE, CLOSE = range(3)
KINDS = ("open", "update", "close")

LAYOUT: Layout = {
    "at": ("i4", 0),  # the entry at which it came about
    "row": ("i4", 0),  # of the vehicle it is about
    "kind": ("u1", 0),
    "what": ("u1", 0),  # a number of the family's own, such as which of its rules
    "bridged": ("?", False),
    "zone": ("i4", 0),
    "start_ms": ("i8", 0),
    "found_ms": ("i8", 0),
    "end_ms": ("i8", NONE),  # NONE while it goes on
    "longitude_deg": ("f8", 0.0),
    "latitude_deg": ("f8", 0.0),
    "a": ("f8", 0.0),  # the family's own values
    "b": ("f8", 0.0),
    "c": ("f8", 0.0),
    "d": ("f8", 0.0),
    "e": ("f8", 0.0),
}
FINDING = record_type(LAYOUT)

ROOM = 256
"""Findings a buffer has room for. A kernel stops when fewer than `MOST_AN_ENTRY` places are left."""
MOST_AN_ENTRY = 64
"""Findings that one entry can cause at most in one family: 8 zones left and 8 entered, 3 findings each."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A change that came about at entry `at`; `subject` tells apart what one rule watches of one vehicle."""

    at: int
    subject: str
    change: EpisodeChange


@dataclass(frozen=True, slots=True)
class Told:
    """What only the family knows of a finding."""

    rule: str
    level: int
    detail: dict[str, Any]
    subject: str = ""


def buffer() -> NDArray[np.void]:
    """Room for findings."""
    return np.zeros(ROOM, FINDING)


def rows_of(records: NDArray[np.void]) -> list[dict[str, Any]]:
    """A kernel's findings as dictionaries of plain numbers, which Python reads ten times as fast."""
    names = records.dtype.names or ()
    return [dict(zip(names, values, strict=True)) for values in records.tolist()]


def finding_of(record: Mapping[str, Any], told: Told, vehicle_key: int, book: Rulebook) -> Finding:
    """A kernel's finding, one of `rows_of`, as the world sees it."""
    start_ms, end_ms = record["start_ms"], record["end_ms"]
    change = EpisodeChange(
        alert_id=alert_id(vehicle_key, told.rule, start_ms, told.subject),
        vehicle_key=vehicle_key,
        rule=told.rule,
        level=told.level,
        kind=KINDS[record["kind"]],
        start_ms=start_ms,
        found_ms=record["found_ms"],
        end_ms=None if end_ms == NONE else end_ms,
        longitude_deg=record["longitude_deg"],
        latitude_deg=record["latitude_deg"],
        evidence=evidence_of(record["bridged"]),
        rulebook_version=book.version,
        detail=told.detail,
    )
    return Finding(record["at"], told.subject, change)


@kernel
def place(longitude_deg: float, latitude_deg: float, e: Any) -> tuple[float, float]:
    """Where to show an alert found at an entry: the newest fix, or what the report says without one."""
    if longitude_deg == longitude_deg:
        return longitude_deg, latitude_deg
    return e.said_longitude_deg, e.said_latitude_deg


def seconds(duration_ms: float) -> float:
    """A duration in seconds, whole where it is whole.

    >>> seconds(30_000), seconds(1_500)
    (30, 1.5)
    """
    whole, rest = divmod(int(duration_ms), 1000)
    return whole if rest == 0 else int(duration_ms) / 1000


def evidence_of(bridged: bool) -> str:
    """Evidence grade of an episode that does or does not lie across a gap."""
    return "bridged" if bridged else "complete"
