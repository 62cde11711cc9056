"""Data quality: reports that cannot be right, clocks and speed sources that are suspect, and silence.

Here silence is told by the report that ends it; while it lasts it is told by `rules.silence`, as the same
alert.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.kernel import kernel
from rules.parameters import Plan
from rules.records import NONE
from rules.rulebook import Rulebook
from rules.speed_check import compare, day_text
from rules.telling import Told

# Conditions, numbered from `FIRST`; the numbers are in snapshots: add new ones behind, never change one.
FIRST = 34
(
    JUMP, DRIFT, FROZEN, CLOCK, SPEED_SOURCE, DISPLACED, SILENT, OFFLINE, INVALID, SPEED_CHECK,
) = range(FIRST, FIRST + 10)  # fmt: skip
RULES = {
    JUMP: "position_jump",
    DRIFT: "position_drift",
    FROZEN: "position_frozen",
    CLOCK: "clock_suspect",
    SPEED_SOURCE: "speed_source_suspect",
    DISPLACED: "offline_displacement",
    SILENT: "silent_driving",
    OFFLINE: "offline_24h",
    INVALID: "invalid_data",
    SPEED_CHECK: "speed_source_check",
}

REASONS = ("longitude", "latitude", "speed", "altitude")
_LONGITUDE, _LATITUDE, _SPEED, _ALTITUDE = (1 << place for place in range(len(REASONS)))

PLAN: Plan = {
    "stopped_kmh": ("f8", "stopped_speed_kmh"),
    "jump_kmh": ("f8", "position_jump_kmh"),
    "jump_m": ("f8", "position_jump_m"),
    "drift_m": ("f8", "position_drift_m"),
    "frozen_kmh": ("f8", "position_frozen_speed_kmh"),
    "clock_ms": ("i8", "clock_suspect_s"),
    "source_percent": ("f8", "speed_source_percent"),
    "source_kmh": ("f8", "speed_source_speed_kmh"),
    "source_ms": ("i8", "speed_source_s"),
    "displaced_ms": ("i8", "offline_displacement_s"),
    "displaced_km": ("f8", "offline_displacement_km"),
    "displaced_km_per_min": ("f8", "offline_displacement_km_per_min"),
    "silent_kmh": ("f8", "silent_driving_speed_kmh"),
    "silent_ms": ("i8", "silent_driving_s"),
    "offline_ms": ("i8", "offline_s"),
}


def set_terms(book: Rulebook, terms: NDArray[np.void]) -> None:
    """The terms of the conditions, for every class."""

    def ms(entry: str) -> NDArray[np.int64]:
        return np.rint(book.by_class(entry) * 1000).astype(np.int64)

    for what in (JUMP, DISPLACED, SILENT, OFFLINE, SPEED_CHECK):
        terms["interval"][:, what] = True
    terms["min_points"][:, DRIFT] = book.by_class("position_drift_points")
    terms["hold_ms"][:, DRIFT] = terms["join_ms"][:, DRIFT] = ms("position_drift_s")
    terms["min_ms"][:, FROZEN] = ms("position_frozen_s")
    terms["min_ms"][:, CLOCK] = ms("clock_suspect_min_s")
    terms["steady"][:, CLOCK] = book.by_class("clock_steady_s")
    terms["min_ms"][:, SPEED_SOURCE] = ms("speed_source_s")
    for what in (FROZEN, SPEED_SOURCE):
        terms["breaks_at_gap"][:, what] = True


@kernel
def add_hit(hits: Any, count: int, at: int, what: int, value: float, addend: float, since_ms: int) -> int:
    """Write one hit; returns how many there are now."""
    hit = hits[count]
    hit.at, hit.what, hit.grade, hit.bits, hit.key, hit.subject = at, what, 0, 0, 0, 0
    hit.value, hit.addend, hit.since_ms = value, addend, since_ms
    hit.counted, hit.awaits, hit.ends = 0, False, False
    return count + 1


@kernel
def judge_position(at: int, e: Any, p: Any, hits: Any, count: int) -> int:
    """Jump, drift and frozen position at an entry that has a fix and one before."""
    elapsed_ms = e.time_ms - e.before_fix_ms
    moved_m = e.moved_m
    if moved_m > p.jump_m and moved_m * 3600.0 > p.jump_kmh * elapsed_ms:
        kmh = moved_m * 3600.0 / elapsed_ms if elapsed_ms else 0.0
        count = add_hit(hits, count, at, JUMP, moved_m, kmh, e.before_fix_ms)
    slow = moved_m * 60.0 <= p.displaced_km_per_min * elapsed_ms
    if elapsed_ms >= p.displaced_ms and moved_m > p.displaced_km * 1000.0 and slow:
        count = add_hit(hits, count, at, DISPLACED, moved_m, elapsed_ms, e.before_fix_ms)
    if e.gap or e.before_fix_ms != e.before_ms:
        return count
    if moved_m > p.drift_m and e.speed_kmh <= p.stopped_kmh and e.before_speed_kmh <= p.stopped_kmh:
        count = add_hit(hits, count, at, DRIFT, moved_m, 0.0, e.before_ms)
    if moved_m == 0.0 and e.speed_kmh > p.frozen_kmh and e.before_speed_kmh > p.frozen_kmh:
        count = add_hit(hits, count, at, FROZEN, e.speed_kmh, 0.0, e.before_ms)
    return count


@kernel
def judge_quality(at: int, e: Any, p: Any, valid: Any, checks: Any, hits: Any, count: int) -> int:
    """All conditions of data quality at an entry. `valid` holds the legal ranges: west, east, south, north,
    speed, lowest and highest altitude."""
    if e.positioned and e.before_fix_ms != NONE:
        count = judge_position(at, e, p, hits, count)
    if e.known and e.time_ms - e.before_ms >= min(p.silent_ms, p.offline_ms):
        silent_ms = e.time_ms - e.before_ms
        if silent_ms >= p.silent_ms and e.before_speed_kmh > p.silent_kmh:
            count = add_hit(hits, count, at, SILENT, e.before_speed_kmh, silent_ms, e.before_ms)
        if silent_ms > p.offline_ms:
            count = add_hit(hits, count, at, OFFLINE, e.before_speed_kmh, silent_ms, e.before_ms)
    late_ms = e.received_ms - e.time_ms
    if abs(late_ms) > p.clock_ms:
        count = add_hit(hits, count, at, CLOCK, late_ms / 1000.0, 0.0, e.time_ms)
    if e.speed_kmh > p.source_kmh and e.recorder_speed_kmh == e.recorder_speed_kmh:
        percent = abs(e.recorder_speed_kmh - e.speed_kmh) / e.speed_kmh * 100.0
        # A difference of exactly so much is none over it, however its last bit is rounded.
        if percent > p.source_percent + 1e-9:
            count = add_hit(hits, count, at, SPEED_SOURCE, percent, 0.0, e.time_ms)
        if compare(checks[e.row], e, percent, p):
            check = checks[e.row]
            count = add_hit(hits, count, at, SPEED_CHECK, check.most, check.least, check.since_ms)
    reasons = _SPEED if e.speed_kmh > valid[4] else 0
    if e.positioned:
        x, y = e.said_longitude_deg, e.said_latitude_deg
        reasons |= _LONGITUDE if not valid[0] <= x <= valid[1] else 0
        reasons |= _LATITUDE if not valid[2] <= y <= valid[3] else 0
        reasons |= _ALTITUDE if not valid[5] <= e.altitude_m <= valid[6] else 0
    if reasons:
        count = add_hit(hits, count, at, INVALID, e.speed_kmh, 0.0, e.time_ms)
        hits[count - 1].bits = reasons
    return count


def date_silences(records: NDArray[np.void], parameters: NDArray[np.void]) -> None:
    """A silence is found once it has lasted long enough, whenever it is told."""
    for what, name in ((SILENT, "silent_ms"), (OFFLINE, "offline_ms")):
        which = (records["what"] == what).nonzero()[0]
        if len(which):
            least_ms = parameters[name][records["vehicle_class"][which]]
            records["found_ms"][which] = records["start_ms"][which] + least_ms


def valid_ranges(book: Rulebook) -> NDArray[np.float64]:
    """The legal ranges as `judge_quality` takes them."""
    ranges = (
        *book.valid_longitude_deg,
        *book.valid_latitude_deg,
        book.valid_speed_kmh,
        *book.valid_altitude_m,
    )
    return np.array(ranges, np.float64)


_DETAIL: dict[int, Callable[[Any], dict[str, Any]]] = {
    JUMP: lambda f: {"distance_m": round(f.a, 1), "implied_speed_kmh": round(f.b, 1)},
    DRIFT: lambda f: {"max_distance_m": round(f.a, 1), "points": f.points},
    FROZEN: lambda f: {"max_speed_kmh": f.a},
    CLOCK: lambda f: {"offset_s": f.c},
    SPEED_SOURCE: lambda f: {"max_difference_percent": round(f.a, 1)},
    DISPLACED: lambda f: {
        "distance_m": round(f.a, 1),
        "silent_s": f.b / 1000,
        "mean_km_per_min": round(f.a * 60 / f.b, 3),
    },
    SILENT: lambda f: {"speed_kmh": f.a, "silent_s": f.b / 1000},
    OFFLINE: lambda f: {"silent_s": f.b / 1000},
    SPEED_CHECK: lambda f: {
        "day": day_text(f.found_ms),
        "max_difference_percent": round(f.a, 1),
        "min_difference_percent": round(f.b, 1),
    },
    INVALID: lambda f: {
        "reasons": [name for place, name in enumerate(REASONS) if f.bits >> place & 1],
        "reports": f.points,
    },
}


def describe(finding: Any, level: int) -> Told:
    """A finding in words."""
    return Told(level, _DETAIL[finding.what](finding))
