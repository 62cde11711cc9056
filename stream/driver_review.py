"""A look at all the hours of one driver: what the rules find in the stored tracks of every vehicle he drove,
and what of it has yet to be told.

It depends on nothing but the database as of one moment. Looking again changes nothing, and what was told
otherwise, by an engine that did not know all his hours or by a look before late reports, is put right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import asyncpg

from alerts.retrospective import afterwards
from alerts.times import to_datetime
from geo.zones import ZoneSet
from rules import fatigue
from rules.change import EpisodeChange
from rules.history import Edition, Review
from rules.hours import HOURS_RULES, Outlook
from rules.timely import HORIZON_MS
from rules.vehicle_class import PASSENGER_CLASSES
from stream.named_drivers import drivers_of
from stream.review import LOOK_BACK_COACH_MS, LOOK_BACK_MS, change_of, judge
from stream.stored_tracks import read_registered

#: Found so lately, an alert is one of this moment.
FRESH_MS = HORIZON_MS
#: A look judges what was found since the one before, and at least in this time: reports of one vehicle may be
#: stored hours after those of the next one, in order and so without being late.
JUDGED_MS = 12 * 3_600_000
#: But no more than this, which with a coach's look-back is 16 days of tracks.
MOST_JUDGED_MS = 8 * 86_400_000
#: A relief driver takes some three vehicles a day. A name that more say is no person (a company's in the
#: registry), and its hours mean nothing.
MOST_VEHICLES = 32


@dataclass(frozen=True, slots=True)
class Driven:
    """The vehicles a driver drove of late: days of each, and whether one is for passengers."""

    days: Sequence[tuple[int, date, int | None]]
    classes: frozenset[int]

    @property
    def look_back_ms(self) -> int:
        """How far back lies what his hours now depend on."""
        coach = not self.classes.isdisjoint(PASSENGER_CLASSES)
        return LOOK_BACK_COACH_MS if coach else LOOK_BACK_MS

    def vehicles(self, since_ms: int) -> list[int]:
        """Keys of those driven on the day of a time or later."""
        return sorted({key for key, day, _ in self.days if day >= to_datetime(since_ms).date()})

    def in_one_partition(self, since_ms: int) -> bool:
        """Whether those vehicles are known to be all of one partition."""
        seen = {partition for _, day, partition in self.days if day >= to_datetime(since_ms).date()}
        return len(seen) <= 1 and None not in seen


@dataclass(slots=True)
class DriverLook:
    """What a look found: the changes to be told, whether an alert of the driver's hours goes on, and what is
    ahead of him, None when none of his reports were read."""

    changes: list[EpisodeChange] = field(default_factory=list)
    open: bool = False
    outlook: Outlook | None = None


async def driven_by(connection: asyncpg.Connection, driver_key: int, now_ms: int) -> Driven:
    """What a driver drove in all the time that a look may read."""
    oldest = to_datetime(now_ms - MOST_JUDGED_MS - LOOK_BACK_COACH_MS).date() - timedelta(days=1)
    rows = await connection.fetch(
        "SELECT vehicle_key, day, partition, vehicle_class FROM vehicle_days"
        " WHERE driver_key = $1 AND driver_key <> 0 AND day >= $2 LIMIT 10000",
        *(driver_key, oldest),
    )
    days = [(row["vehicle_key"], row["day"], row["partition"]) for row in rows]
    return Driven(days, frozenset(row["vehicle_class"] for row in rows))


async def look_at_driver(
    connection: asyncpg.Connection,
    driver_key: int,
    driven: Driven,
    from_ms: int,
    now_ms: int,
    editions: Sequence[Edition],
) -> DriverLook:
    """Judge what was found of a driver's hours from a time on, as of the caller's snapshot."""
    oldest_ms = now_ms - MOST_JUDGED_MS
    told = await _told(connection, driver_key, driven.vehicles(0), oldest_ms)
    going_on = [one for one in told if one.end_ms is None]
    starts_ms = [from_ms, now_ms - JUDGED_MS, *(one.found_ms for one in going_on)]
    from_ms = max(oldest_ms, min(starts_ms))
    begin_ms = from_ms - driven.look_back_ms
    keys = driven.vehicles(begin_ms)
    review = Review(editions, ZoneSet(), (fatigue.FAMILY,))
    # Clocks may go ahead by minutes.
    bounds_ms = begin_ms, now_ms + HORIZON_MS
    await judge(connection, keys, await read_registered(connection, keys), bounds_ms, review)
    found = await _of_driver(connection, driver_key, review.episodes())
    now_open = {one.rule for one in found if one.end_ms is None}
    ahead = review.outlook(driver_key, driven.classes, now_open)
    # What began before all that may be read is not seen to end: unless it goes on, it does where he was last.
    seen_ms = begin_ms if ahead is None else ahead.idle_ms
    older = [one for one in going_on if one.found_ms < from_ms]
    ended = [
        _revised(one, replace(one, end_ms=max(one.found_ms, seen_ms)))
        for one in older
        if one.rule not in now_open
    ]
    lasts = len(older) > len(ended) or any(one.end_ms is None and one.found_ms >= from_ms for one in found)
    return DriverLook([*differences(told, found, from_ms, now_ms), *ended], lasts, ahead)


async def _told(
    connection: asyncpg.Connection, driver_key: int, keys: Sequence[int], from_ms: int
) -> list[EpisodeChange]:
    """The alerts of a driver's hours found from a time on, and those that go on; `revised` is how often each
    was told."""
    rows = await connection.fetch(
        "SELECT *, alert_id::text AS name FROM alerts WHERE vehicle_key = ANY($1::bigint[])"
        " AND rule = ANY($2::text[]) AND (found_at >= $3 OR end_at IS NULL)"
        " AND detail ->> 'concerns' IS NULL",
        *(list(keys), sorted(HOURS_RULES), to_datetime(from_ms)),
    )
    told = [replace(change_of(row), revised=row["revision"]) for row in rows]
    return await _of_driver(connection, driver_key, told)


async def _of_driver(
    connection: asyncpg.Connection, driver_key: int, changes: Sequence[EpisodeChange]
) -> list[EpisodeChange]:
    drivers = await drivers_of(connection, changes)
    return [one for one, driver in zip(changes, drivers, strict=True) if driver == driver_key]


def differences(
    told: Sequence[EpisodeChange], found: Sequence[EpisodeChange], from_ms: int, now_ms: int
) -> list[EpisodeChange]:
    """The changes that make what was told, each alert with the number of its revisions, what was found from
    a time on. What was found long ago is told as learned afterwards."""
    known = {one.alert_id: one for one in told}
    changes = []
    for one in found:
        before = known.get(one.alert_id)
        if one.found_ms < from_ms:
            continue
        if before is None:
            changes.append(_first(one, now_ms))
        elif "withdrawn" in before.detail or _extent(one) != _extent(before):
            changes.append(_revised(before, one))
    now = {one.alert_id for one in found}
    changes += [
        replace(one, kind="withdraw")
        for one in told
        if one.alert_id not in now and one.found_ms >= from_ms and "withdrawn" not in one.detail
    ]
    return sorted(changes, key=lambda one: (one.found_ms, one.vehicle_key, one.rule))


def _first(found: EpisodeChange, now_ms: int) -> EpisodeChange:
    if found.found_ms < now_ms - FRESH_MS:
        return afterwards(found)
    return replace(found, kind="open" if found.end_ms is None else "close")


def _revised(before: EpisodeChange, found: EpisodeChange) -> EpisodeChange:
    """What an alert that was told is now; it is one learned afterwards still, if it was."""
    later = {"retrospective": True} if "retrospective" in before.detail else {}
    kind = "update" if found.end_ms is None else "close"
    detail = {name: value for name, value in found.detail.items() if name != "withdrawn"} | later
    return replace(found, kind=kind, detail=detail, revised=before.revised)


def _extent(change: EpisodeChange) -> tuple[int, int | None, int]:
    return change.found_ms, change.end_ms, change.level
