"""Findings: what kernels tell, as records. They stand for changes of episodes; see `rules.changes`.

A kernel appends records to memory that has room for what one entry can cause at most; when less is left it
stops, and the caller makes room and calls again. Every field of a new record is zero: a kernel writes what it
has to say.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.kernel import kernel
from rules.records import Layout, record_type

OPEN, UPDATE, CLOSE = range(3)
KINDS = ("open", "update", "close")

_COMMON: Layout = {
    "at": ("i4", 0),  # the entry at which it came about
    "row": ("i4", 0),  # of the vehicle it is about
    "kind": ("u1", 0),
    "what": ("u1", 0),  # a number of the family's own: which of its rules
    "bridged": ("?", False),
    "family": ("u1", 0),  # this and the next three are filled in for every family (`rules.gathering`)
    "rule": ("u2", 0),
    "vehicle_key": ("i8", 0),
    "subject_rank": ("i8", 0),
    "start_ms": ("i8", 0),
    "found_ms": ("i8", 0),
    "end_ms": ("i8", 0),  # `records.NONE` while it goes on
    "longitude_deg": ("f8", 0.0),
    "latitude_deg": ("f8", 0.0),
}
WORDS: Layout = {
    "zone": ("i4", 0),
    "a": ("f8", 0.0),  # the family's own values
    "b": ("f8", 0.0),
    "c": ("f8", 0.0),
    "d": ("f8", 0.0),
    "e": ("f8", 0.0),
    "subject": ("i8", 0),  # these are used by what is told of conditions (`rules.holding`)
    "bits": ("i8", 0),
    "counted": ("i4", 0),
    "points": ("i4", 0),
    "grade": ("u1", 0),
    "vehicle_class": ("u1", 0),
}
"""The fields that only the family understands, of which it makes words."""

FINDING = record_type({**_COMMON, **WORDS})

NO_FINDINGS = np.empty(0, FINDING)

MOST_AN_ENTRY = 64
"""Findings that one entry can cause at most in one family: 8 zones left and 8 entered, 3 findings each. A
kernel stops when fewer places are left."""


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
