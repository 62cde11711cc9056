"""Runs over a speed limit: the machine behind speeding and zone speed.

A run is an unbroken sequence of reports over the limit. It becomes an episode when its last report is at
least `speeding_min_s` after its first. A run that qualifies and began within `speeding_join_s` of the end of
the episode before continues that episode.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.columns import Columns
from rules.finding import Finding
from rules.lane import Lane
from rules.rounds import rounds
from rules.rulebook import Rulebook
from rules.run_table import ENDED, OPEN, PEAKS, Peak, Watch, change_at, peak_so_far
from rules.segments import Places, Segments, broken_off, cut, ended_within, touched


@dataclass(frozen=True, slots=True)
class Over:
    """n entries over a limit, in order of vehicle, subject and lane position."""

    at: NDArray[np.int64]
    subject: NDArray[np.int64]
    speed_kmh: NDArray[np.float64]
    limit_kmh: NDArray[np.float64]
    source: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Graded:
    """n entries as their peaks, with the time, the odometer and the batch position of each."""

    max_speed_kmh: NDArray[np.float64]
    excess_kmh: NDArray[np.float64]
    limit_kmh: NDArray[np.float64]
    source: NDArray[np.uint8]
    tier: NDArray[np.uint8]
    time_ms: NDArray[np.int64]
    odometer_mm: NDArray[np.int64]
    at: NDArray[np.int64]

    def peak(self, begin: int, end: int) -> Peak:
        """The peaks of the entries from `begin` to before `end`."""
        worst = begin + int(np.argmax(self.excess_kmh[begin:end]))
        return Peak(
            self.max_speed_kmh[begin:end].max().item(),
            self.excess_kmh[worst].item(),
            self.limit_kmh[worst].item(),
            self.source[worst].item(),
            self.tier[begin:end].max().item(),
        )


def step(watch: Watch, lane: Lane, over: Over) -> list[Finding]:
    """Take the entries of a batch; tell which episodes opened, changed and closed."""
    near = touched(watch.table, lane, len(watch.vehicles))
    if not len(over.at) and not len(near.slot):
        return []
    segments = cut(watch.table, lane, near, over.subject, over.at, breaks_at_gap=True)
    found = _break(watch, lane, broken_off(watch.table, near, segments))
    graded = _grade(watch.rulebook, lane, over)
    for turn in rounds(segments.key):
        found += _round(watch, lane, graded, segments.take(turn))
    return found


def _grade(rulebook: Rulebook, lane: Lane, over: Over) -> Graded:
    excess_kmh, at = over.speed_kmh - over.limit_kmh, lane.at[over.at]
    # The tolerance is for decimals that binary cannot hold: 72.6 is 10 % over 66.
    percent = np.array(rulebook.speeding_tier_percent) - 1e-9
    tier = np.searchsorted(percent, 100.0 * excess_kmh / over.limit_kmh, side="right").astype(np.uint8)
    time_ms, odometer_mm = lane.batch.reports.time_ms[at], lane.batch.odometer_mm[at]
    return Graded(over.speed_kmh, excess_kmh, over.limit_kmh, over.source, tier, time_ms, odometer_mm, at)


def _round(watch: Watch, lane: Lane, graded: Graded, now: Segments) -> list[Finding]:
    """One segment of each subject."""
    table = watch.table
    fresh = ~now.goes_on
    slot, begin = now.slot[fresh], now.begin[fresh]
    table["running"][slot] = True
    table["run_start_ms"][slot] = graded.time_ms[begin]
    table["run_start_mm"][slot] = graded.odometer_mm[begin]
    for name, (_, lowest) in PEAKS.items():
        table[f"run_{name}"][slot] = lowest
    peaks = _peaks(graded, now)
    found = _tell(watch, lane, graded, now, peaks)
    _raise(table, "run", now.slot, peaks)
    table["last_ms"][now.slot] = graded.time_ms[now.end - 1]
    table["last_mm"][now.slot] = graded.odometer_mm[now.end - 1]
    return found + _break(watch, lane, ended_within(lane, now))


def _peaks(graded: Graded, now: Segments) -> dict[str, NDArray[Any]]:
    """The peaks of each segment. Of equal excesses the first one's limit counts."""
    counts = now.end - now.begin
    bounds = np.cumsum(counts) - counts
    entries = np.arange(counts.sum()) + np.repeat(now.begin - bounds, counts)
    excess_kmh = graded.excess_kmh[entries]
    highest = np.maximum.reduceat(excess_kmh, bounds)
    is_highest = excess_kmh == np.repeat(highest, counts)
    worst = np.minimum.reduceat(np.where(is_highest, entries, len(graded.at)), bounds)
    return {
        "max_speed_kmh": np.maximum.reduceat(graded.max_speed_kmh[entries], bounds),
        "excess_kmh": highest,
        "limit_kmh": graded.limit_kmh[worst],
        "source": graded.source[worst],
        "tier": np.maximum.reduceat(graded.tier[entries], bounds),
    }


def _raise(table: Columns, part: str, slot: NDArray[np.int64], peaks: dict[str, NDArray[Any]]) -> None:
    """Raise the peaks of slots to those given; of equal excesses the one already there stays."""
    higher = peaks["excess_kmh"] > table[f"{part}_excess_kmh"][slot]
    for name in ("excess_kmh", "limit_kmh", "source"):
        table[f"{part}_{name}"][slot[higher]] = peaks[name][higher]
    for name in ("max_speed_kmh", "tier"):
        column = table[f"{part}_{name}"]
        column[slot] = np.maximum(column[slot], peaks[name])


def _tell(
    watch: Watch, lane: Lane, graded: Graded, now: Segments, peaks: dict[str, NDArray[Any]]
) -> list[Finding]:
    """Openings and rises of tier inside the segments: few, so one by one."""
    table = watch.table
    is_open = table["episode"][now.slot] == OPEN
    lasting_ms = graded.time_ms[now.end - 1] - table["run_start_ms"][now.slot]
    opens = ~is_open & (lasting_ms >= round(watch.rulebook.speeding_min_s * 1000))
    rises = is_open & (peaks["tier"] > np.maximum(table["past_tier"][now.slot], table["run_tier"][now.slot]))
    found: list[Finding] = []
    for which in np.flatnonzero(opens | rises):
        found += _walk(watch, lane, graded, int(now.slot[which]), int(now.begin[which]), int(now.end[which]))
    return found


def _walk(watch: Watch, lane: Lane, graded: Graded, slot: int, begin: int, end: int) -> list[Finding]:
    """Every change inside the segment of entries from `begin` to before `end`, as of its report."""
    table = watch.table
    told: list[tuple[int, str]] = []
    seen = begin
    if table["episode"][slot] != OPEN:
        enough_ms = table["run_start_ms"][slot] + round(watch.rulebook.speeding_min_s * 1000)
        qualifies = begin + int(np.searchsorted(graded.time_ms[begin:end], enough_ms, side="left"))
        told.append(
            (qualifies, _begin(watch, lane, slot, int(graded.at[qualifies]), graded.time_ms[qualifies]))
        )
        seen = qualifies + 1
    tier = max(int(table["past_tier"][slot]), int(table["run_tier"][slot]))
    highest = np.maximum.accumulate(np.append(tier, graded.tier[begin:end]))
    rises = begin + np.flatnonzero(highest[1:] > highest[:-1])
    told += [(int(entry), "update") for entry in rises if entry >= seen]
    before = peak_so_far(table, slot)
    start_mm = int(table["start_mm"][slot])
    found = []
    for entry, kind in told:
        peak = before.raised(graded.peak(begin, entry + 1))
        change = change_at(watch, slot, kind, None, peak, int(graded.odometer_mm[entry]) - start_mm)
        found.append(Finding(int(graded.at[entry]), watch.describe(int(table["subject"][slot]))[0], change))
    return found


def _begin(watch: Watch, lane: Lane, slot: int, at: int, time_ms: int) -> str:
    """A run has qualified: it continues the episode just ended, or opens one."""
    table = watch.table
    latest_ms = table["end_ms"][slot] + round(watch.rulebook.speeding_join_s * 1000)
    joins = table["episode"][slot] == ENDED and table["run_start_ms"][slot] <= latest_ms
    table["episode"][slot] = OPEN
    if joins:
        return "update"
    table["start_ms"][slot] = table["run_start_ms"][slot]
    table["start_mm"][slot] = table["run_start_mm"][slot]
    table["found_ms"][slot] = time_ms
    table["longitude_deg"][slot], table["latitude_deg"][slot] = lane.batch.place(at)
    for name, (_, lowest) in PEAKS.items():
        table[f"past_{name}"][slot] = lowest
    return "open"


def _break(watch: Watch, lane: Lane, ends: Places) -> list[Finding]:
    """Runs that end before the report at a lane position; those that qualified end their episode."""
    table = watch.table
    table["running"][ends.slot] = False
    is_open = table["episode"][ends.slot] == OPEN
    slot = ends.slot[is_open]
    table["episode"][slot] = ENDED
    table["end_ms"][slot] = table["last_ms"][slot]
    _raise(table, "past", slot, {name: table[f"run_{name}"][slot] for name in PEAKS})
    found = []
    for one, at in zip(slot.tolist(), lane.at[ends.at[is_open]].tolist(), strict=True):
        way_mm = int(table["last_mm"][one] - table["start_mm"][one])
        change = change_at(watch, one, "close", int(table["end_ms"][one]), peak_so_far(table, one), way_mm)
        found.append(Finding(at, watch.describe(int(table["subject"][one]))[0], change))
    return found
