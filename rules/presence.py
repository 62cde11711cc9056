"""Presence in zones: entering, leaving, staying too long, being where or when one must not.

A presence is an unbroken sequence of a vehicle's positions inside a zone (for what is forbidden: inside
during the zone's hours). It is found once it has lasted as long as the zone asks; data gaps do not break it.
"""

from __future__ import annotations

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
from rules.segments import KEY_LAYOUT, Places, Segments, broken_off, cut, ended_within, touched
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


def step(here: Presences, lane: Lane, subject: NDArray[np.int64], at: NDArray[np.int64]) -> list[Finding]:
    """Take n entries in order of vehicle, subject and lane position; tell what opened and closed."""
    near = touched(here.table, lane, len(here.vehicles))
    if not len(at) and not len(near.slot):
        return []
    segments = cut(here.table, lane, near, subject, at, breaks_at_gap=False)
    found = _leave(here, lane, broken_off(here.table, near, segments))
    for turn in rounds(segments.key):
        found += _round(here, lane, at, segments.take(turn))
    here.table.remove(~here.table["running"])
    return found


def _round(here: Presences, lane: Lane, at: NDArray[np.int64], now: Segments) -> list[Finding]:
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
    lasting_ms = last_ms - table["since_ms"][slot]
    opens = (table["found_ms"][slot] == NONE) & (lasting_ms >= here.plan.threshold_ms[what, zone])
    found = [_find(here, lane, now, int(one)) for one in opens.nonzero()[0]]
    table["last_ms"][slot] = last_ms
    if lane.gap.any():
        gaps = np.append(0, np.cumsum(lane.gap))
        table["bridged"][slot] |= gaps[now.last + 1] > gaps[now.first + fresh]
    return [finding for finding in found if finding] + _leave(here, lane, ended_within(lane, now))


def _find(here: Presences, lane: Lane, now: Segments, one: int) -> Finding | None:
    """A presence has lasted long enough: at the first report for which that is so."""
    table, slot = here.table, int(now.slot[one])
    zone, what = divmod(int(table["subject"][slot]), WHATS)
    first, last = int(now.first[one]), int(now.last[one])
    times_ms = lane.batch.reports.time_ms[lane.at[first : last + 1]]
    enough_ms = table["since_ms"][slot] + here.plan.threshold_ms[what, zone]
    position = first + int(np.searchsorted(times_ms, enough_ms, side="left"))
    at = int(lane.at[position])
    found_ms = int(lane.batch.reports.time_ms[at])
    place = lane.batch.place(at)
    table["found_ms"][slot] = found_ms
    table["longitude_deg"][slot], table["latitude_deg"][slot] = place
    inside = first if now.goes_on[one] else first + 1
    bridged = bool(table["bridged"][slot] or lane.gap[inside : position + 1].any())
    if what == CROSSING:
        return _crossing(here, slot, "enter", at, found_ms, place, bridged)
    change = _change(here, slot, "open", None, found_ms, bridged)
    return Finding(at, here.plan.zones[zone].id, change)


def _leave(here: Presences, lane: Lane, ends: Places) -> list[Finding]:
    """Presences that end before the report at a lane position."""
    table = here.table
    table["running"][ends.slot] = False
    was_found = table["found_ms"][ends.slot] != NONE
    found = []
    for slot, position in zip(ends.slot[was_found].tolist(), ends.at[was_found].tolist(), strict=True):
        zone, what = divmod(int(table["subject"][slot]), WHATS)
        at = int(lane.at[position])
        if what == CROSSING:
            left_ms = int(lane.batch.reports.time_ms[at])
            place = lane.batch.place(at)
            crossing = _crossing(here, slot, "exit", at, left_ms, place, bool(lane.gap[position]))
            found += [crossing] if crossing else []
        else:
            end_ms = int(table["last_ms"][slot])
            change = _change(here, slot, "close", end_ms, end_ms, bool(table["bridged"][slot]))
            found.append(Finding(at, here.plan.zones[zone].id, change))
    return found


def _crossing(
    here: Presences, slot: int, side: str, at: int, time_ms: int, place: tuple[float, float], bridged: bool
) -> Finding | None:
    """The instant of entering or leaving, if the zone wants to know of it."""
    zone = here.plan.zones[int(here.table["subject"][slot]) // WHATS]
    if side not in zone.rules:
        return None
    book = here.rulebook
    level = book.zone_enter_level if side == "enter" else book.zone_exit_level
    key = int(here.vehicles.keys[here.table["row"][slot]])
    evidence = evidence_of(bridged)
    episode = Episode(f"zone_{side}", key, level, time_ms, time_ms, place, evidence, book.version, zone.id)
    return Finding(at, zone.id, change_of(episode, "close", time_ms, zone_names(zone)))


def zone_names(zone: Zone) -> dict[str, Any]:
    """The fields by which an alert names a zone."""
    return {"zone_id": zone.id, "zone_name": zone.name, "zone_name_en": zone.name_en}


def _change(
    here: Presences, slot: int, kind: str, end_ms: int | None, until_ms: int, bridged: bool
) -> EpisodeChange:
    """A change of a stay or a forbidden presence, as of `until_ms`."""
    table, book = here.table, here.rulebook
    index, what = divmod(int(table["subject"][slot]), WHATS)
    zone, stays = here.plan.zones[index], what == STAY
    since_ms = int(table["since_ms"][slot])
    detail = {**zone_names(zone), "stay_s": seconds(until_ms - since_ms)}
    if stays:
        detail["max_stay_s"] = zone.max_stay_s
    episode = Episode(
        rule="zone_stay" if stays else "zone_forbidden",
        vehicle_key=int(here.vehicles.keys[table["row"][slot]]),
        level=book.zone_stay_level if stays else book.zone_forbidden_level,
        start_ms=since_ms,
        found_ms=int(table["found_ms"][slot]),
        place=(float(table["longitude_deg"][slot]), float(table["latitude_deg"][slot])),
        evidence=evidence_of(bridged),
        version=book.version,
        subject=zone.id,
    )
    return change_of(episode, kind, end_ms, detail)


def open_changes(here: Presences) -> list[EpisodeChange]:
    """The stays and forbidden presences that go on, as of each vehicle's newest position."""
    table = here.table
    is_open = (table["found_ms"] != NONE) & (table["subject"] % WHATS != CROSSING)
    changes = []
    for slot in is_open.nonzero()[0].tolist():
        until_ms, bridged = int(table["last_ms"][slot]), bool(table["bridged"][slot])
        changes.append(_change(here, slot, "update", None, until_ms, bridged))
    return changes
