"""Continuous driving: over four hours at the wheel without one stop of twenty minutes.

实施条例 art 62(7), GA/T 2372-2026. The clock looks at the ends of intervals only, so consecutive intervals
of one kind count as one longer interval, a stretch. The rounds go over stretches, far fewer than reports.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.batch import Batch
from rules.change import EpisodeChange
from rules.columns import NONE
from rules.finding import Episode, Finding, change_of, evidence_of, seconds
from rules.rounds import ends_of, rounds, starts_of
from rules.rulebook import Rulebook
from rules.vehicles import Vehicles

RULE = "continuous_driving"


@dataclass(frozen=True, slots=True)
class Stretches:
    """m stretches in order of vehicle and time: reports from `first` to `last` end intervals of one kind."""

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    driving: NDArray[np.bool_]
    gap: NDArray[np.bool_]
    row: NDArray[np.int64]


def driving_intervals(rulebook: Rulebook, batch: Batch) -> NDArray[np.bool_]:
    """Whether the interval that each of the n reports ends is driving; the others are stopped or rest."""
    limit_kmh = rulebook.stopped_speed_kmh
    driving = (batch.before_speed_kmh > limit_kmh) | (batch.reports.speed_kmh > limit_kmh)
    if batch.gap.any():
        # Without a fix at both ends the distance is NaN, which proves no rest.
        near = batch.moved_m < rulebook.rest_displacement_m
        driving = np.where(batch.gap, ~near, driving)
    return driving


def stretches(rulebook: Rulebook, batch: Batch) -> Stretches:
    """The stretches of a batch; a driver who takes over begins a new one."""
    driving = driving_intervals(rulebook, batch)
    end = (batch.known).nonzero()[0]
    kind = driving[end]
    begins = starts_of(batch.row[end]) | starts_of(kind) | batch.new_driver[end]
    first = end[begins]
    last = end[ends_of(begins)]
    gap = np.zeros(len(first), bool)
    if batch.gap.any():
        np.logical_or.at(gap, begins.cumsum() - 1, batch.gap[end])
    return Stretches(first, last, kind[begins], gap, batch.row[first])


def step(rulebook: Rulebook, vehicles: Vehicles, batch: Batch) -> list[Finding]:
    """Move the clocks of a batch's vehicles and tell which episodes opened and closed."""
    found: list[Finding] = []
    every = stretches(rulebook, batch)
    for turn in rounds(every.row):
        taken = [getattr(every, name)[turn] for name in Stretches.__slots__]
        found += _round(rulebook, vehicles, batch, Stretches(*taken))
    return found


def _round(rulebook: Rulebook, vehicles: Vehicles, batch: Batch, now: Stretches) -> list[Finding]:
    """One stretch of each vehicle."""
    state, row = vehicles.columns, now.row
    found = _hand_over(rulebook, vehicles, batch, now) if batch.new_driver.any() else []
    begin_ms, end_ms = batch.before_ms[now.first], batch.reports.time_ms[now.last]
    clock_ms, stop_ms = state["clock_start_ms"][row], state["stop_start_ms"][row]
    clock_ms = np.where(now.driving & (clock_ms == NONE), begin_ms, clock_ms)
    stop_ms = np.where(now.driving, NONE, np.where(stop_ms == NONE, begin_ms, stop_ms))
    running, open_ = clock_ms != NONE, state["drive_found_ms"][row] != NONE
    over = now.driving & ~open_ & (end_ms - clock_ms > round(rulebook.continuous_driving_s * 1000))
    rested = ~now.driving & running & (end_ms - stop_ms >= round(rulebook.rest_s * 1000))
    for at in over.nonzero()[0]:
        found.append(_open(rulebook, vehicles, batch, now, int(at), int(clock_ms[at])))
    for at in (rested & open_).nonzero()[0]:
        found.append(_close_at_rest(rulebook, vehicles, batch, now, int(at), int(stop_ms[at])))
    state["drive_bridged"][row] = running & ~rested & (state["drive_bridged"][row] | now.gap)
    state["drive_found_ms"][row[rested]] = NONE
    state["clock_start_ms"][row] = np.where(rested, NONE, clock_ms)
    state["stop_start_ms"][row] = stop_ms
    return found


def _hand_over(rulebook: Rulebook, vehicles: Vehicles, batch: Batch, now: Stretches) -> list[Finding]:
    """Another driver: what the one before drove ends at the report before, and the clock starts afresh."""
    state = vehicles.columns
    first = now.first[batch.new_driver[now.first]]
    row = batch.row[first]
    found = []
    for at in first[state["drive_found_ms"][row] != NONE]:
        end_ms = int(batch.before_ms[at])
        bridged = bool(state["drive_bridged"][batch.row[at]])
        change = _change(rulebook, vehicles, int(batch.row[at]), "close", end_ms, end_ms, bridged)
        found.append(Finding(int(at), "", change))
    for name in ("clock_start_ms", "stop_start_ms", "drive_found_ms"):
        state[name][row] = NONE
    state["drive_bridged"][row] = False
    return found


def _open(
    rulebook: Rulebook, vehicles: Vehicles, batch: Batch, now: Stretches, at: int, clock_ms: int
) -> Finding:
    limit_ms = clock_ms + round(rulebook.continuous_driving_s * 1000)
    first, row = int(now.first[at]), int(now.row[at])
    ends = batch.reports.time_ms[first : now.last[at] + 1]
    found = first + int(np.searchsorted(ends, limit_ms, side="right"))
    found_ms = int(batch.reports.time_ms[found])
    state = vehicles.columns
    state["clock_start_ms"][row], state["drive_found_ms"][row] = clock_ms, found_ms
    state["drive_longitude_deg"][row], state["drive_latitude_deg"][row] = batch.place(found)
    bridged = bool(state["drive_bridged"][row] or batch.gap[first : found + 1].any())
    return Finding(found, "", _change(rulebook, vehicles, row, "open", None, found_ms, bridged))


def _close_at_rest(
    rulebook: Rulebook, vehicles: Vehicles, batch: Batch, now: Stretches, at: int, stop_ms: int
) -> Finding:
    enough_ms = stop_ms + round(rulebook.rest_s * 1000)
    first, row = int(now.first[at]), int(now.row[at])
    ends = batch.reports.time_ms[first : now.last[at] + 1]
    found = first + int(np.searchsorted(ends, enough_ms, side="left"))
    bridged = bool(vehicles.columns["drive_bridged"][row] or batch.gap[first : found + 1].any())
    return Finding(found, "", _change(rulebook, vehicles, row, "close", stop_ms, stop_ms, bridged))


def _change(
    rulebook: Rulebook,
    vehicles: Vehicles,
    row: int,
    kind: str,
    end_ms: int | None,
    until_ms: int,
    bridged: bool,
) -> EpisodeChange:
    state = vehicles.columns
    start_ms = int(state["clock_start_ms"][row])
    episode = Episode(
        rule=RULE,
        vehicle_key=int(vehicles.keys[row]),
        level=rulebook.continuous_driving_level,
        start_ms=start_ms,
        found_ms=int(state["drive_found_ms"][row]),
        place=(float(state["drive_longitude_deg"][row]), float(state["drive_latitude_deg"][row])),
        evidence=evidence_of(bridged),
        version=rulebook.version,
    )
    detail = {"driving_s": seconds(until_ms - start_ms), "limit_s": rulebook.continuous_driving_s}
    return change_of(episode, kind, end_ms, detail)


def open_changes(rulebook: Rulebook, vehicles: Vehicles) -> list[EpisodeChange]:
    """The episodes that go on, as of each vehicle's newest report."""
    state = vehicles.columns
    changes = []
    for row in (state["drive_found_ms"] != NONE).nonzero()[0]:
        stop_ms, newest_ms = int(state["stop_start_ms"][row]), int(state["time_ms"][row])
        until_ms = newest_ms if stop_ms == NONE else stop_ms
        bridged = bool(state["drive_bridged"][row])
        changes.append(_change(rulebook, vehicles, int(row), "update", None, until_ms, bridged))
    return changes
