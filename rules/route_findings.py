"""What is found of declared routes, and its words."""

from __future__ import annotations

from typing import Any

from geo.route import Route, Segment
from rules.finding import Told
from rules.rulebook import Rulebook

# Conditions; the numbers are in snapshots.
OFF, FAST, SLOW, WRONG_WAY, STOPPED, MISSED = range(6)
RULES = (
    "route_deviation",
    "route_too_fast",
    "route_too_slow",
    "route_wrong_direction",
    "route_stop",
    "route_missing_departure",
)

# Reasons of a hit: the segment's number and 1, 0 where there is none; and that a gap lies in its time.
SEGMENT, GAP = (1 << 20) - 1, 1 << 20


def describe(record: Any, route: Route | None, book: Rulebook) -> Told:
    """A finding in words; without a route where it is gone from the file."""
    what, value = int(record["what"]), float(record["a"])
    subject = f"{int(record['subject']) & 0xFFFF_FFFF_FFFF_FFFF:016x}"
    detail: dict[str, Any] = {"route_id": subject, "route_name": "", "route_name_en": ""}
    if route is not None:
        detail = {"route_id": route.id, "route_name": route.name, "route_name_en": route.name_en}
    if what in (OFF, FAST, SLOW):
        segment = _segment(route, int(record["bits"]) & SEGMENT)
        detail["segment"] = "" if segment is None else segment.id
        if what == OFF:
            detail |= {"max_distance_m": round(value, 1), "points": int(record["points"])}
        else:
            detail["took_s"] = value / 1000
            if segment is not None:
                detail |= {"min_s": segment.min_s} if what == FAST else {"max_s": segment.max_s}
    elif what == WRONG_WAY:
        detail["turn_deg"] = round(value, 1)
    elif what == MISSED:
        detail["departure"] = f"{int(value) // 60:02}:{int(value) % 60:02}"
    rule = RULES[what]
    return Told(rule, book.for_class(f"{rule}_level", int(record["vehicle_class"])), detail, subject)


def _segment(route: Route | None, number: int) -> Segment | None:
    """The segment of a number from 1 on; 0 is none, and so is one that a newer file no longer declares."""
    if route is None or not 0 < number <= len(route.segments):
        return None
    return route.segments[number - 1]
