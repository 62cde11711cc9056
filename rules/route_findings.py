"""What is found of declared routes, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kept import kept
from geo.route import Route, Segment
from rules.rulebook import Rulebook
from rules.telling import Levels, Subjects, Teller, Told, levels_by_class, silent_at

# Conditions; the numbers are in snapshots.
OFF, FAST, SLOW, WRONG_WAY, STOPPED, MISSED = range(6)
RULES = {
    OFF: "route_deviation",
    FAST: "route_too_fast",
    SLOW: "route_too_slow",
    WRONG_WAY: "route_wrong_direction",
    STOPPED: "route_stop",
    MISSED: "route_missing_departure",
}

# Reasons of a hit: the segment's number and 1, 0 where there is none; and that a gap lies in its time.
SEGMENT, GAP = (1 << 20) - 1, 1 << 20


def describe(route_of: Mapping[int, Route], levels: Levels, finding: Any) -> Told:
    """A finding in words; without a name where its route is gone from the file."""
    what, value, route = finding.what, finding.a, route_of.get(finding.subject)
    detail: dict[str, Any] = {"route_id": _text(finding.subject), "route_name": "", "route_name_en": ""}
    if route is not None:
        detail = {"route_id": route.id, "route_name": route.name, "route_name_en": route.name_en}
    if what in (OFF, FAST, SLOW):
        segment = _segment(route, finding.bits & SEGMENT)
        detail["segment"] = "" if segment is None else segment.id
        if what == OFF:
            detail |= {"max_distance_m": round(value, 1), "points": finding.points}
        else:
            detail["took_s"] = value / 1000
            if segment is not None:
                detail |= {"min_s": segment.min_s} if what == FAST else {"max_s": segment.max_s}
    elif what == WRONG_WAY:
        detail["turn_deg"] = round(value, 1)
    elif what == MISSED:
        detail["departure"] = f"{int(value) // 60:02}:{int(value) % 60:02}"
    return Told(levels[what][finding.vehicle_class], detail)


def _text(key: int) -> str:
    return f"{key & 0xFFFF_FFFF_FFFF_FFFF:016x}"


def _texts(findings: NDArray[np.void]) -> list[str]:
    return [_text(key) for key in findings["subject"].tolist()]


def _ranks(findings: NDArray[np.void]) -> NDArray[np.int64]:
    # The keys in order as they are written: without a sign.
    ranks: NDArray[np.int64] = findings["subject"] ^ np.iinfo(np.int64).min
    return ranks


SUBJECTS = Subjects(_texts, _ranks)


@kept
def teller_of(book: Rulebook, route_of: Mapping[int, Route]) -> Teller:
    """How the findings of routes, by their keys, are told."""
    levels = levels_by_class(book, RULES)
    words = partial(describe, route_of, levels)
    return Teller(RULES, words, subjects=SUBJECTS, is_silent=silent_at(levels, RULES))


def bridge(findings: NDArray[np.void]) -> None:
    """Say of findings whether a gap lies in them."""
    findings["bridged"] |= (findings["bits"] & GAP) != 0


def _segment(route: Route | None, number: int) -> Segment | None:
    """The segment of a number from 1 on; 0 is none, and so is one that a newer file no longer declares."""
    if route is None or not 0 < number <= len(route.segments):
        return None
    return route.segments[number - 1]
