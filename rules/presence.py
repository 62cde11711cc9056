"""Presence in zones: entering, leaving, staying too long, being where or when one must not.

A presence is an unbroken sequence of a vehicle's positions inside a zone (for what is forbidden: inside
during the zone's hours). It is found once it has lasted as long as the zone asks; data gaps do not break it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.zones import Zone
from rules.change import EpisodeChange
from rules.columns import NONE, Columns
from rules.finding import Episode, Finding, change_of, evidence_of, seconds
from rules.lane import Lane
from rules.rounds import rounds
from rules.rulebook import Rulebook
from rules.segments import KEY_LAYOUT, Places, Segments, broken_off, cut, ended_within, first_from, touched
from rules.vehicles import Vehicles
from rules.zone_plan import CROSSING, STAY, WHATS, ZonePlan

LAYOUT: dict[str, tuple[str, Any]] = {
    **KEY_LAYOUT,
    "since_ms": ("i8", NONE),
    "last_ms": ("i8", NONE),
    "found_ms": ("i8", NONE),
    "longitude_deg": ("f8", 0.0),
    "latitude_deg": ("f8", 0.0),
    "bridged": ("?", False),
}


@dataclass(frozen=True, slots=True)
class Presences:
    """The zone rules over their table; a subject is zone index * WHATS + what."""

    rulebook: Rulebook
    vehicles: Vehicles
    plan: ZonePlan
    table: Columns


@dataclass(frozen=True, slots=True)
class Telling:
    """n changes about to be told: of which slot, at which report of the batch, and up to when they count."""

    slot: NDArray[np.int64]
    at: NDArray[np.int64]
    kind: str
    until_ms: NDArray[np.int64]
    bridged: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Row:
    """One presence in plain numbers."""

    key: int
    zone: int
    what: int
    since_ms: int
    found_ms: int
    until_ms: int
    longitude_deg: float
    latitude_deg: float
    bridged: bool


def step(here: Presences, lane: Lane, subject: NDArray[np.int64], at: NDArray[np.int64]) -> list[Finding]:
    """Take n entries in order of vehicle, subject and lane position; tell what opened and closed."""
    near = touched(here.table, lane, len(here.vehicles))
    if not len(at) and not len(near.slot):
        return []
    segments = cut(here.table, lane, near, subject, at, breaks_at_gap=False)
    found = _leave(here, lane, broken_off(here.table, near, segments))
    for turn in rounds(segments.key):
        found += _round(here, lane, segments.take(turn))
    here.table.remove(~here.table["running"])
    return found


def _round(here: Presences, lane: Lane, now: Segments) -> list[Finding]:
    """One segment of each subject."""
    table, slot, time_ms = here.table, now.slot, lane.batch.reports.time_ms
    fresh = ~now.goes_on
    began, first = slot[fresh], now.first[fresh]
    table["running"][began] = True
    table["since_ms"][began] = time_ms[lane.at[first]]
    table["found_ms"][began] = NONE
    # Nobody saw when the vehicle crossed if it did so in a gap; how long it stayed counts from what was seen.
    table["bridged"][began] = lane.gap[first] & (table["subject"][began] % WHATS == CROSSING)
    last_ms = time_ms[lane.at[now.last]]
    zone, what = np.divmod(table["subject"][slot], WHATS)
    enough_ms = table["since_ms"][slot] + here.plan.threshold_ms[what, zone]
    opens = ((table["found_ms"][slot] == NONE) & (last_ms >= enough_ms)).nonzero()[0]
    found = _find(here, lane, now.take(opens), enough_ms[opens]) if len(opens) else []
    table["last_ms"][slot] = last_ms
    table["bridged"][slot] |= _gap_between(lane, now.first + fresh, now.last)
    return found + _leave(here, lane, ended_within(lane, now))


def _gap_between(lane: Lane, first: NDArray[np.int64], last: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a gap lies before one of the reports from each first to each last."""
    if not lane.gap.any():
        return np.zeros(len(first), bool)
    gaps = np.zeros(len(lane) + 1, np.int64)
    lane.gap.cumsum(out=gaps[1:])
    between: NDArray[np.bool_] = gaps[last + 1] > gaps[first]
    return between


def _find(here: Presences, lane: Lane, now: Segments, enough_ms: NDArray[np.int64]) -> list[Finding]:
    """Presences that have lasted long enough, each found at the first report for which that is so."""
    table, slot = here.table, now.slot
    position = first_from(lane.time_ms, now.first, now.last + 1, enough_ms)
    at = lane.at[position]
    table["found_ms"][slot] = lane.batch.reports.time_ms[at]
    table["longitude_deg"][slot], table["latitude_deg"][slot] = lane.batch.places(at)
    bridged = table["bridged"][slot] | _gap_between(lane, now.first + ~now.goes_on, position)
    return _tell(here, lane, Telling(slot, at, "open", table["found_ms"][slot], bridged))


def _leave(here: Presences, lane: Lane, ends: Places) -> list[Finding]:
    """Presences that end before the report at a lane position."""
    table = here.table
    table["running"][ends.slot] = False
    was_found = table["found_ms"][ends.slot] != NONE
    if not was_found.any():
        return []
    slot, position = ends.slot[was_found], ends.at[was_found]
    crossing = table["subject"][slot] % WHATS == CROSSING
    bridged = np.where(crossing, lane.gap[position], table["bridged"][slot])
    return _tell(here, lane, Telling(slot, lane.at[position], "close", table["last_ms"][slot], bridged))


def _tell(here: Presences, lane: Lane, telling: Telling) -> list[Finding]:
    """The findings of some slots: crossings where the zone asks for them, and all changes of the others."""
    at = telling.at
    side = "enter" if telling.kind == "open" else "exit"
    columns = (at, lane.batch.reports.time_ms[at], *lane.batch.places(at))
    crossings = zip(*(column.tolist() for column in columns), strict=True)
    found = []
    for row, (position, time_ms, *place) in zip(_rows(here, telling), crossings, strict=True):
        zone = here.plan.zones[row.zone]
        if row.what != CROSSING:
            found.append(Finding(position, zone.id, _change(here, row, telling.kind)))
        elif side in zone.rules:
            change = _crossing(here, row, side, time_ms, (place[0], place[1]))
            found.append(Finding(position, zone.id, change))
    return found


def _rows(here: Presences, telling: Telling) -> Iterator[Row]:
    table, slot = here.table, telling.slot
    zone, what = np.divmod(table["subject"][slot], WHATS)
    columns = (
        here.vehicles.keys[table["row"][slot]],
        zone,
        what,
        table["since_ms"][slot],
        table["found_ms"][slot],
        telling.until_ms,
        table["longitude_deg"][slot],
        table["latitude_deg"][slot],
        telling.bridged,
    )
    return (Row(*values) for values in zip(*(column.tolist() for column in columns), strict=True))


def zone_names(zone: Zone) -> dict[str, Any]:
    """The fields by which an alert names a zone."""
    return {"zone_id": zone.id, "zone_name": zone.name, "zone_name_en": zone.name_en}


def _crossing(
    here: Presences, row: Row, side: str, time_ms: int, place: tuple[float, float]
) -> EpisodeChange:
    """The instant of entering or leaving."""
    zone, book = here.plan.zones[row.zone], here.rulebook
    level = book.zone_enter_level if side == "enter" else book.zone_exit_level
    evidence, rule = evidence_of(row.bridged), f"zone_{side}"
    episode = Episode(rule, row.key, level, time_ms, time_ms, place, evidence, book.version, zone.id)
    return change_of(episode, "close", time_ms, zone_names(zone))


def _change(here: Presences, row: Row, kind: str) -> EpisodeChange:
    """A change of a stay or a forbidden presence."""
    zone, book, stays = here.plan.zones[row.zone], here.rulebook, row.what == STAY
    detail = {**zone_names(zone), "stay_s": seconds(row.until_ms - row.since_ms)}
    if stays:
        detail["max_stay_s"] = zone.max_stay_s
    episode = Episode(
        rule="zone_stay" if stays else "zone_forbidden",
        vehicle_key=row.key,
        level=book.zone_stay_level if stays else book.zone_forbidden_level,
        start_ms=row.since_ms,
        found_ms=row.found_ms,
        place=(row.longitude_deg, row.latitude_deg),
        evidence=evidence_of(row.bridged),
        version=book.version,
        subject=zone.id,
    )
    return change_of(episode, kind, row.until_ms if kind == "close" else None, detail)


def open_changes(here: Presences) -> list[EpisodeChange]:
    """The stays and forbidden presences that go on, as of each vehicle's newest position."""
    table = here.table
    slot = ((table["found_ms"] != NONE) & (table["subject"] % WHATS != CROSSING)).nonzero()[0]
    telling = Telling(slot, slot, "update", table["last_ms"][slot], table["bridged"][slot])
    return [_change(here, row, telling.kind) for row in _rows(here, telling)]
