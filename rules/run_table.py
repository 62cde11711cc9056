"""The state of runs over a speed limit and of the episodes they make, and how an episode reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules import peaks
from rules.change import EpisodeChange
from rules.columns import NONE, Columns
from rules.finding import Episode, change_of
from rules.limits import SOURCES
from rules.peaks import Peaks
from rules.rulebook import Rulebook
from rules.segments import KEY_LAYOUT
from rules.vehicles import Vehicles

ABSENT, OPEN, ENDED = range(3)

RUN, PAST = "run", "past"
"""The running run, and all runs of the episode before it: each has peaks of its own."""

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
    **{f"{RUN}_{name}": kind for name, kind in peaks.LAYOUT.items()},
    **{f"{PAST}_{name}": kind for name, kind in peaks.LAYOUT.items()},
}

Describe = Callable[[int], tuple[str, dict[str, Any]]]
"""From a subject to the text that tells its alerts apart and the fields that name it."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One rule over one table of runs."""

    rule: str
    rulebook: Rulebook
    vehicles: Vehicles
    table: Columns
    describe: Describe


@dataclass(frozen=True, slots=True)
class Telling:
    """n changes about to be told: of which slot, of what kind, with which peaks, how far along the way."""

    slot: NDArray[np.int64]
    kind: list[str]
    peaks: Peaks
    odometer_mm: NDArray[np.int64]


def peaks_so_far(table: Columns, slot: NDArray[np.int64]) -> Peaks:
    """The peaks of episodes up to and with their running runs."""
    return Peaks.read(table, PAST, slot).raised(Peaks.read(table, RUN, slot))


def changes_of(watch: Watch, telling: Telling) -> list[EpisodeChange]:
    """The changes of episodes as the world sees them; one that closes has the end its slot has."""
    table, slot = watch.table, telling.slot
    way_mm = telling.odometer_mm - table["start_mm"][slot]
    columns = (
        table["subject"][slot],
        watch.vehicles.keys[table["row"][slot]],
        table["start_ms"][slot],
        table["found_ms"][slot],
        table["end_ms"][slot],
        table["longitude_deg"][slot],
        table["latitude_deg"][slot],
        telling.peaks.max_speed_kmh,
        telling.peaks.limit_kmh,
        telling.peaks.source,
        telling.peaks.tier,
        way_mm,
    )
    rows = zip(telling.kind, *(column.tolist() for column in columns), strict=True)
    return [_change(watch, *row) for row in rows]


def _change(
    watch: Watch,
    kind: str,
    subject: int,
    key: int,
    start_ms: int,
    found_ms: int,
    end_ms: int,
    longitude_deg: float,
    latitude_deg: float,
    max_speed_kmh: float,
    limit_kmh: float,
    source: int,
    tier: int,
    way_mm: int,
) -> EpisodeChange:
    book = watch.rulebook
    name, fields = watch.describe(subject)
    level, place = book.speeding_tier_level[tier], (longitude_deg, latitude_deg)
    episode = Episode(watch.rule, key, level, start_ms, found_ms, place, "complete", book.version, name)
    detail = {
        **fields,
        "max_speed_kmh": round(max_speed_kmh, 3),
        "limit_kmh": round(limit_kmh, 3),
        "limit_source": SOURCES[source],
        "distance_m": round(way_mm / 1000, 1),
        "tier_percent": book.speeding_tier_percent[tier - 1] if tier else 0,
    }
    return change_of(episode, kind, end_ms if kind == "close" else None, detail)


def open_changes(watch: Watch) -> list[EpisodeChange]:
    """The episodes of a table that go on, as of each vehicle's newest report."""
    table = watch.table
    slot = (table["episode"] == OPEN).nonzero()[0]
    kind = ["update"] * len(slot)
    return changes_of(watch, Telling(slot, kind, peaks_so_far(table, slot), table["last_mm"][slot]))


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
