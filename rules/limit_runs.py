"""Runs over a speed limit: the machine behind speeding, its pre-alarm, and zone speed.

A run is an unbroken sequence of reports over the limit. It becomes an episode when its last report is at
least `min_ms` after its first. A run that qualifies and began within `join_ms` of the end of the episode
before continues that episode. A run exists as a slot, from its first report to the end of the time in which
another could join it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.kernel import kernel
from rules.finding import CLOSE, OPEN, UPDATE, place
from rules.records import NO_ROW, NONE, Layout

ABSENT, GOING_ON, ENDED = range(3)

RUN_LAYOUT: Layout = {
    "zone": ("i4", NO_ROW),
    "what": ("u1", 0),
    "running": ("?", False),
    "seen": ("?", False),  # for who sweeps runs: the entry went on with it
    "episode": ("u1", ABSENT),
    "run_source": ("u1", 0),
    "run_tier": ("u1", 0),
    "past_source": ("u1", 0),
    "past_tier": ("u1", 0),
    "run_start_ms": ("i8", NONE),
    "run_start_mm": ("i8", 0),
    "last_ms": ("i8", NONE),
    "last_mm": ("i8", 0),
    "start_ms": ("i8", NONE),
    "start_mm": ("i8", 0),
    "found_ms": ("i8", NONE),
    "end_ms": ("i8", NONE),
    "longitude_deg": ("f8", 0.0),
    "latitude_deg": ("f8", 0.0),
    "run_max_kmh": ("f8", 0.0),  # the running run's peaks: how fast, how far over which limit
    "run_excess_kmh": ("f8", 0.0),
    "run_limit_kmh": ("f8", 0.0),
    "past_max_kmh": ("f8", 0.0),  # those of the episode's runs before
    "past_excess_kmh": ("f8", 0.0),
    "past_limit_kmh": ("f8", 0.0),
}


@kernel
def tier_of(speed_kmh: float, limit_kmh: float, tiers_percent: Any) -> int:
    """How many tiers a speed reaches."""
    percent = 100.0 * (speed_kmh - limit_kmh) / limit_kmh
    tier = 0
    # The tolerance is for decimals that binary cannot hold: 72.6 is 10 % over 66.
    while tier < len(tiers_percent) and percent >= tiers_percent[tier] - 1e-9:
        tier += 1
    return tier


@kernel
def new_run(r: Any, zone: int, what: int) -> None:
    """Make a slot that was just taken a run's, before its first report."""
    r.zone, r.what, r.running, r.seen, r.episode = zone, what, False, False, ABSENT
    clear_past(r)


@kernel
def clear_past(r: Any) -> None:
    """No run of the episode has ended."""
    r.past_max_kmh = r.past_excess_kmh = -np.inf
    r.past_limit_kmh, r.past_source, r.past_tier = 0.0, 0, 0


@kernel
def over(
    r: Any, e: Any, limit_kmh: float, source: int, tier: int, gap: bool, min_ms: int, join_ms: int,
    findings: Any, count: int, at: int,
) -> int:  # fmt: skip
    """The run's condition holds at an entry."""
    if r.running and gap:
        count = not_over(r, findings, count, at)
    if not r.running:
        r.running = True
        r.run_start_ms, r.run_start_mm = e.time_ms, e.odometer_mm
        r.run_max_kmh = r.run_excess_kmh = -np.inf
        r.run_tier = 0
    graver = tier > max(r.past_tier, r.run_tier)
    r.run_max_kmh = max(r.run_max_kmh, e.speed_kmh)
    r.run_tier = max(r.run_tier, tier)
    if e.speed_kmh - limit_kmh > r.run_excess_kmh:
        r.run_excess_kmh, r.run_limit_kmh, r.run_source = e.speed_kmh - limit_kmh, limit_kmh, source
    r.last_ms, r.last_mm = e.time_ms, e.odometer_mm
    if r.episode == GOING_ON:
        return tell(r, UPDATE, findings, count, at) if graver else count
    if e.time_ms - r.run_start_ms < min_ms:
        return count
    if r.episode == ENDED and r.run_start_ms <= r.end_ms + join_ms:
        r.episode = GOING_ON
        return tell(r, UPDATE, findings, count, at)
    r.episode, r.start_ms, r.start_mm, r.found_ms = GOING_ON, r.run_start_ms, r.run_start_mm, e.time_ms
    r.longitude_deg, r.latitude_deg = place(e.longitude_deg, e.latitude_deg, e)
    clear_past(r)
    return tell(r, OPEN, findings, count, at)


@kernel
def not_over(r: Any, findings: Any, count: int, at: int) -> int:
    """The condition does not hold at an entry, or a gap lies before it: a run that goes on has ended."""
    if not r.running:
        return count
    r.running = False
    if r.episode != GOING_ON:
        return count
    r.episode, r.end_ms = ENDED, r.last_ms
    count = tell(r, CLOSE, findings, count, at)
    if r.run_excess_kmh > r.past_excess_kmh:
        r.past_excess_kmh, r.past_limit_kmh, r.past_source = r.run_excess_kmh, r.run_limit_kmh, r.run_source
    r.past_max_kmh = max(r.past_max_kmh, r.run_max_kmh)
    r.past_tier = max(r.past_tier, r.run_tier)
    return count


@kernel
def spent(r: Any, time_ms: int, join_ms: int) -> bool:
    """Whether a slot can matter no more: nothing runs, nor ended so lately that a new run could join it."""
    return not r.running and not (r.episode == ENDED and time_ms - r.end_ms <= join_ms)


@kernel
def tell(r: Any, kind: int, findings: Any, count: int, at: int) -> int:
    """Append a finding: a highest speed, b the limit most exceeded, c its source, d tier, e way in m."""
    f = findings[count]
    f.at, f.row, f.kind, f.what, f.zone = at, r.owner, kind, r.what, r.zone
    f.start_ms, f.found_ms, f.bridged = r.start_ms, r.found_ms, False
    f.end_ms = r.end_ms if kind == CLOSE else NONE
    f.longitude_deg, f.latitude_deg = r.longitude_deg, r.latitude_deg
    f.a, f.d = max(r.past_max_kmh, r.run_max_kmh), max(r.past_tier, r.run_tier)
    if r.run_excess_kmh > r.past_excess_kmh:
        f.b, f.c = r.run_limit_kmh, r.run_source
    else:
        f.b, f.c = r.past_limit_kmh, r.past_source
    f.e = (r.last_mm - r.start_mm) / 1000.0
    return count + 1
