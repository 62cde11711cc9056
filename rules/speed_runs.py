"""Runs over a speed limit: the machine behind speeding and zone speed.

A run is an unbroken sequence of reports over the limit. It becomes an episode when its last report is at
least `speeding_min_s` after its first. A run that qualifies and began within `speeding_join_s` of the end of
the episode before continues that episode.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules import peaks
from rules.change import EpisodeChange
from rules.finding import Finding
from rules.lane import Lane
from rules.peaks import Peaks
from rules.rounds import rounds
from rules.rulebook import Rulebook
from rules.run_table import ENDED, OPEN, PAST, RUN, Telling, Watch, changes_of, peaks_so_far
from rules.segments import Places, Segments, broken_off, cut, ended_within, first_from, touched


@dataclass(frozen=True, slots=True)
class Over:
    """n entries over a limit, in order of vehicle, subject and lane position."""

    at: NDArray[np.int64]
    subject: NDArray[np.int64]
    speed_kmh: NDArray[np.float64]
    limit_kmh: NDArray[np.float64]
    source: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Entries:
    """n entries with their peaks, the batch position, the time and the odometer of each."""

    peaks: Peaks
    at: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    odometer_mm: NDArray[np.int64]


def step(watch: Watch, lane: Lane, over: Over) -> list[Finding]:
    """Take the entries of a batch; tell which episodes opened, changed and closed."""
    near = touched(watch.table, lane, len(watch.vehicles))
    if not len(over.at) and not len(near.slot):
        return []
    segments = cut(watch.table, lane, near, over.subject, over.at, breaks_at_gap=True)
    found = _break(watch, lane, broken_off(watch.table, near, segments))
    entries = _entries(watch.rulebook, lane, over)
    for turn in rounds(segments.key):
        found += _round(watch, lane, entries, segments.take(turn))
    return found


def _entries(rulebook: Rulebook, lane: Lane, over: Over) -> Entries:
    excess_kmh, at = over.speed_kmh - over.limit_kmh, lane.at[over.at]
    # The tolerance is for decimals that binary cannot hold: 72.6 is 10 % over 66.
    percent = np.array(rulebook.speeding_tier_percent) - 1e-9
    tier = np.searchsorted(percent, 100.0 * excess_kmh / over.limit_kmh, side="right").astype(np.uint8)
    graded = Peaks(over.speed_kmh, excess_kmh, over.limit_kmh, over.source, tier)
    return Entries(graded, at, lane.batch.reports.time_ms[at], lane.batch.odometer_mm[at])


def _round(watch: Watch, lane: Lane, entries: Entries, now: Segments) -> list[Finding]:
    """One segment of each subject."""
    table = watch.table
    fresh = ~now.goes_on
    slot, begin = now.slot[fresh], now.begin[fresh]
    table["running"][slot] = True
    table["run_start_ms"][slot] = entries.time_ms[begin]
    table["run_start_mm"][slot] = entries.odometer_mm[begin]
    _reset(watch, RUN, slot)
    highest = entries.peaks.highest(now.begin, now.end)
    found = _tell(watch, lane, entries, now, highest.tier)
    Peaks.read(table, RUN, now.slot).raised(highest).write(table, RUN, now.slot)
    table["last_ms"][now.slot] = entries.time_ms[now.end - 1]
    table["last_mm"][now.slot] = entries.odometer_mm[now.end - 1]
    return found + _break(watch, lane, ended_within(lane, now))


def _reset(watch: Watch, part: str, slot: NDArray[np.int64]) -> None:
    for name, (_, lowest) in peaks.LAYOUT.items():
        watch.table[f"{part}_{name}"][slot] = lowest


def _tell(
    watch: Watch, lane: Lane, entries: Entries, now: Segments, highest: NDArray[np.uint8]
) -> list[Finding]:
    """Openings and rises of tier inside the segments, whose highest tiers are given."""
    table, slot = watch.table, now.slot
    is_open = table["episode"][slot] == OPEN
    least_ms = round(watch.rulebook.speeding_min_s * 1000)
    opens = ~is_open & (entries.time_ms[now.end - 1] - table["run_start_ms"][slot] >= least_ms)
    rises = is_open & (highest > np.maximum(table["past_tier"][slot], table["run_tier"][slot]))
    changing = (opens | rises).nonzero()[0]
    if not len(changing):
        return []
    opening = opens[changing]
    enough_ms = table["run_start_ms"][slot[changing]] + least_ms
    qualifies = first_from(entries.time_ms, now.begin[changing], now.end[changing], enough_ms)
    entry = np.where(opening, qualifies, now.begin[changing] - 1)
    kind = _begin(watch, lane, slot[changing[opening]], entries.at[entry[opening]])
    told = dict(zip(changing[opening].tolist(), zip(entry[opening].tolist(), kind, strict=True), strict=True))
    which, where, what = [], [], []
    for one, seen in zip(changing.tolist(), entry.tolist(), strict=True):
        moments = ([told[one]] if one in told else []) + _rises(watch, entries, now, one, seen)
        which += [one] * len(moments)
        where += [moment[0] for moment in moments]
        what += [moment[1] for moment in moments]
    segment, at = np.array(which), np.array(where)
    before = peaks_so_far(table, slot[segment])
    upto = before.raised(entries.peaks.highest(now.begin[segment], at + 1))
    changes = changes_of(watch, Telling(slot[segment], what, upto, entries.odometer_mm[at]))
    return _findings(watch, entries.at[at], slot[segment], changes)


def _rises(watch: Watch, entries: Entries, now: Segments, one: int, seen: int) -> list[tuple[int, str]]:
    """The entries of one segment after the entry `seen` at which the tier rises."""
    begin, end, slot = int(now.begin[one]), int(now.end[one]), now.slot[one]
    if seen + 1 == end:
        return []
    known = max(watch.table["past_tier"][slot], watch.table["run_tier"][slot])
    highest = np.maximum.accumulate(np.append(known, entries.peaks.tier[begin:end]))
    rises = begin + (highest[1:] > highest[:-1]).nonzero()[0]
    return [(entry, "update") for entry in rises.tolist() if entry > seen]


def _begin(watch: Watch, lane: Lane, slot: NDArray[np.int64], at: NDArray[np.int64]) -> list[str]:
    """Runs have qualified at reports of the batch: each continues the episode just ended, or opens one."""
    table = watch.table
    latest_ms = table["end_ms"][slot] + round(watch.rulebook.speeding_join_s * 1000)
    joins = (table["episode"][slot] == ENDED) & (table["run_start_ms"][slot] <= latest_ms)
    table["episode"][slot] = OPEN
    fresh, at = slot[~joins], at[~joins]
    table["start_ms"][fresh] = table["run_start_ms"][fresh]
    table["start_mm"][fresh] = table["run_start_mm"][fresh]
    table["found_ms"][fresh] = lane.batch.reports.time_ms[at]
    table["longitude_deg"][fresh], table["latitude_deg"][fresh] = lane.batch.places(at)
    _reset(watch, PAST, fresh)
    return ["update" if joined else "open" for joined in joins.tolist()]


def _break(watch: Watch, lane: Lane, ends: Places) -> list[Finding]:
    """Runs that end before the report at a lane position; those that qualified end their episode."""
    table = watch.table
    table["running"][ends.slot] = False
    is_open = table["episode"][ends.slot] == OPEN
    if not is_open.any():
        return []
    slot = ends.slot[is_open]
    table["episode"][slot] = ENDED
    table["end_ms"][slot] = table["last_ms"][slot]
    whole = peaks_so_far(table, slot)
    whole.write(table, PAST, slot)
    changes = changes_of(watch, Telling(slot, ["close"] * len(slot), whole, table["last_mm"][slot]))
    return _findings(watch, lane.at[ends.at[is_open]], slot, changes)


def _findings(
    watch: Watch, at: NDArray[np.int64], slot: NDArray[np.int64], changes: list[EpisodeChange]
) -> list[Finding]:
    names = [watch.describe(subject)[0] for subject in watch.table["subject"][slot].tolist()]
    return [Finding(*one) for one in zip(at.tolist(), names, changes, strict=True)]
