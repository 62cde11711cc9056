"""The state of runs over a speed limit and of the episodes they make, and how an episode reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rules.change import EpisodeChange
from rules.columns import NONE, Columns
from rules.finding import Episode, change_of
from rules.limits import SOURCES
from rules.rulebook import Rulebook
from rules.segments import KEY_LAYOUT
from rules.vehicles import Vehicles

ABSENT, OPEN, ENDED = range(3)

# The peaks of a run, or of all runs of an episode before the running one. `excess_kmh` is the largest, and
# `limit_kmh` with its `source` is the limit it was an excess of.
PEAKS: dict[str, tuple[str, Any]] = {
    "max_speed_kmh": ("f8", -np.inf),
    "excess_kmh": ("f8", -np.inf),
    "limit_kmh": ("f8", 0.0),
    "source": ("u1", 0),
    "tier": ("u1", 0),
}

LAYOUT: dict[str, tuple[str, Any]] = {
    **KEY_LAYOUT,
    "run_start_ms": ("i8", NONE),
    "run_start_mm": ("i8", 0),
    "last_ms": ("i8", NONE),
    "last_mm": ("i8", 0),
    "episode": ("u1", ABSENT),
    "start_ms": ("i8", NONE),
    "start_mm": ("i8", 0),
    "found_ms": ("i8", NONE),
    "end_ms": ("i8", NONE),
    "longitude_deg": ("f8", 0.0),
    "latitude_deg": ("f8", 0.0),
    **{f"run_{name}": kind for name, kind in PEAKS.items()},
    **{f"past_{name}": kind for name, kind in PEAKS.items()},
}

Describe = Callable[[int], tuple[str, dict[str, Any]]]
"""From a subject to the text that tells its alerts apart and the fields that name it."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The peaks of one run or episode."""

    max_speed_kmh: float
    excess_kmh: float
    limit_kmh: float
    source: int
    tier: int

    def raised(self, other: Peak) -> Peak:
        """The peaks of both; of equal excesses the first one's limit stays."""
        worst = other if other.excess_kmh > self.excess_kmh else self
        return Peak(
            max(self.max_speed_kmh, other.max_speed_kmh),
            worst.excess_kmh,
            worst.limit_kmh,
            worst.source,
            max(self.tier, other.tier),
        )


@dataclass(frozen=True, slots=True)
class Watch:
    """One rule over one table of runs."""

    rule: str
    rulebook: Rulebook
    vehicles: Vehicles
    table: Columns
    describe: Describe


def peak_so_far(table: Columns, slot: int) -> Peak:
    """The peaks of an episode up to and with its running run."""
    past, run = (Peak(*(table[f"{part}_{name}"][slot].item() for name in PEAKS)) for part in ("past", "run"))
    return past.raised(run)


def change_at(
    watch: Watch, slot: int, kind: str, end_ms: int | None, peak: Peak, way_mm: int
) -> EpisodeChange:
    """A change of the episode of a slot, with the peaks and the way since its start as of the change."""
    table, book = watch.table, watch.rulebook
    subject, names = watch.describe(int(table["subject"][slot]))
    episode = Episode(
        rule=watch.rule,
        vehicle_key=int(watch.vehicles.keys[table["row"][slot]]),
        level=book.speeding_tier_level[peak.tier],
        start_ms=int(table["start_ms"][slot]),
        found_ms=int(table["found_ms"][slot]),
        place=(float(table["longitude_deg"][slot]), float(table["latitude_deg"][slot])),
        evidence="complete",
        version=book.version,
        subject=subject,
    )
    detail = {
        **names,
        "max_speed_kmh": round(peak.max_speed_kmh, 3),
        "limit_kmh": round(peak.limit_kmh, 3),
        "limit_source": SOURCES[peak.source],
        "distance_m": round(way_mm / 1000, 1),
        "tier_percent": (0, *book.speeding_tier_percent)[peak.tier],
    }
    return change_of(episode, kind, end_ms, detail)


def open_changes(watch: Watch) -> list[EpisodeChange]:
    """The episodes of a table that go on, as of each vehicle's newest report."""
    table = watch.table
    changes = []
    for slot in np.flatnonzero(table["episode"] == OPEN):
        way_mm = int(table["last_mm"][slot] - table["start_mm"][slot])
        changes.append(change_at(watch, int(slot), "update", None, peak_so_far(table, int(slot)), way_mm))
    return changes


def forget(watch: Watch) -> None:
    """Drop slots that can matter no more: nothing runs, and nothing ended that a new run could still join."""
    table = watch.table
    if not len(table):
        return
    newest_ms = watch.vehicles.columns["time_ms"][table["row"]]
    join_ms = round(watch.rulebook.speeding_join_s * 1000)
    joinable = (table["episode"] == ENDED) & (newest_ms - table["end_ms"] <= join_ms)
    dead = ~(table["running"] | joinable)
    if dead.any():
        table.remove(dead)
