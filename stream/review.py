"""A second look at stored tracks: what the rules find in them, and what that changes in what was told.

The worker's history path and `haulwatch recompute` both look through this. The tracks of some vehicles are
read in slices of time, from far enough before that the rules know what they would have known, together with
those of the other vehicles that their drivers drove; what was found in the asked time is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

import asyncpg

from alerts import records, store
from alerts.retrospective import afterwards, beside, unfounded
from alerts.revision import AlertRevision
from alerts.times import to_datetime, to_ms
from alerts.vehicle_names import vehicle_names
from geo.zones import ZoneSet
from rules.change import EpisodeChange
from rules.history import Difference, Edition, Review, Span, compare
from rules.reports import Reports
from rules.vehicle_class import PASSENGER_CLASSES
from stream.stored_tracks import Registered, read_registered, read_tracks
from stream.topics import ALERTS

_DAY_MS = 86_400_000
#: Before the asked time: long enough that a rest, or the week of a coach's driver, lies in it.
LOOK_BACK_MS, LOOK_BACK_COACH_MS = 26 * 3_600_000, 8 * _DAY_MS
#: After it: what is found then may end later, and what late reports change shows until the next rest.
LOOK_AHEAD_MS = _DAY_MS
#: Vehicles read beside those asked for, since they share drivers with them: a depot's buses.
MOST_COMPANIONS = 256
#: Days of vehicles that one slice reads: at 30 s half a million reports of 300 bytes in all, at 1 Hz thirty
#: times as many.
_SLICE_VEHICLE_DAYS = 180
#: A record of the topic stays well below the megabyte that brokers take.
_REVISIONS_A_RECORD = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Vehicles, and the time in which what is found of them is judged, both ends included.

    `ahead_ms` is read beyond it, so that the ends of what was found are known.
    """

    keys: Sequence[int]
    from_ms: int
    to_ms: int
    ahead_ms: int = LOOK_AHEAD_MS


@dataclass(slots=True)
class Seen:
    """What a look found: the episodes of the vehicles asked for, the times of the first and last report read
    of each, the alert of each active-safety alarm, the time from which on all tracks were read, and how many
    reports that were."""

    episodes: list[EpisodeChange] = field(default_factory=list)
    first_ms: dict[int, int] = field(default_factory=dict)
    last_ms: dict[int, int] = field(default_factory=dict)
    alert_of: Mapping[tuple[int, bytes], str] = field(default_factory=dict)
    known_ms: int = 0
    reports: int = 0

    def spans(self, asked: Asked, *, to_ms: int | None = None) -> dict[int, Span]:
        """What is judged of each vehicle that has reports; until `to_ms` rather than the end asked for."""
        end_ms = asked.to_ms if to_ms is None else to_ms
        return {
            key: Span(asked.from_ms, end_ms, self.known_ms, first_ms)
            for key, first_ms in self.first_ms.items()
        }


async def look(
    connection: asyncpg.Connection, asked: Asked, editions: Sequence[Edition], places: ZoneSet
) -> Seen:
    """The episodes in the stored tracks of vehicles. Rulebooks that came before what is read do no work."""
    days = await _days(connection, asked)
    registered = await read_registered(connection, asked.keys)
    coach = any(one.vehicle_class in PASSENGER_CLASSES for one in registered.values()) or any(
        row["vehicle_class"] in PASSENGER_CLASSES for row in days
    )
    from_ms = asked.from_ms - (LOOK_BACK_COACH_MS if coach else LOOK_BACK_MS)
    to_ms = asked.to_ms + asked.ahead_ms
    companions = await _companions(connection, asked.keys, from_ms, to_ms)
    registered |= await read_registered(connection, companions)
    review = Review(editions, places)
    seen = await judge(connection, [*asked.keys, *companions], registered, (from_ms, to_ms), review)
    wanted = set(asked.keys)
    seen.episodes = [one for one in review.episodes() if one.vehicle_key in wanted]
    seen.first_ms = {key: ms for key, ms in seen.first_ms.items() if key in wanted}
    return seen


async def judge(
    connection: asyncpg.Connection,
    keys: Sequence[int],
    registered: Mapping[int, Registered],
    bounds_ms: tuple[int, int],
    review: Review,
) -> Seen:
    """Let a review take the stored tracks of vehicles from one time to another, both included; leaves out
    what it found."""
    seen = Seen()
    from_ms, to_ms = bounds_ms
    for start_ms, end_ms in _slices(from_ms, to_ms, len(keys)):
        reports = await read_tracks(
            connection, keys, start_ms, end_ms - 1, registered, and_before=start_ms == from_ms
        )
        review.take(reports)
        _note(seen, reports)
    seen.alert_of = review.alert_of
    seen.known_ms = max(from_ms, min(seen.first_ms.values(), default=from_ms))
    return seen


async def _days(connection: asyncpg.Connection, asked: Asked) -> Sequence[asyncpg.Record]:
    rows: Sequence[asyncpg.Record] = await connection.fetch(
        "SELECT DISTINCT vehicle_class FROM vehicle_days WHERE vehicle_key = ANY($1::bigint[])"
        " AND day BETWEEN $2 AND $3",
        *(list(asked.keys), _day(asked.from_ms), _day(asked.to_ms)),
    )
    return rows


async def _companions(
    connection: asyncpg.Connection, keys: Sequence[int], from_ms: int, to_ms: int
) -> list[int]:
    """Other vehicles that the drivers of these drove."""
    rows = await connection.fetch(
        "SELECT DISTINCT other.vehicle_key FROM vehicle_days own JOIN vehicle_days other USING (driver_key)"
        " WHERE own.vehicle_key = ANY($1::bigint[]) AND other.vehicle_key <> ALL($1::bigint[])"
        " AND driver_key <> 0 AND own.day BETWEEN $2 AND $3 AND other.day BETWEEN $2 AND $3"
        " ORDER BY 1 LIMIT $4",
        *(list(keys), _day(from_ms), _day(to_ms), MOST_COMPANIONS),
    )
    return [row["vehicle_key"] for row in rows]


def _day(time_ms: int) -> date:
    return to_datetime(time_ms).date()


def _slices(from_ms: int, to_ms: int, vehicles: int) -> Iterator[tuple[int, int]]:
    """First times and ends of slices that together are the time, both ends of which are included."""
    step_ms = max(1, _SLICE_VEHICLE_DAYS // vehicles) * _DAY_MS
    starts = range(from_ms, to_ms + 1, step_ms)
    return pairwise([*starts, to_ms + 1])


def _note(seen: Seen, reports: Reports) -> None:
    """The first and last time of each vehicle; reports are in order of vehicle and time."""
    keys = reports.vehicle_key
    ends = (keys[1:] != keys[:-1]).nonzero()[0]
    firsts, lasts = [0, *(ends + 1).tolist()], [*ends.tolist(), len(keys) - 1]
    seen.reports += len(keys)
    for first, last in zip(firsts, lasts, strict=True) if len(keys) else ():
        key = int(keys[first])
        seen.first_ms.setdefault(key, int(reports.time_ms[first]))
        seen.last_ms[key] = int(reports.time_ms[last])


async def stored_alerts(
    connection: asyncpg.Connection, keys: Sequence[int], from_ms: int, to_ms: int
) -> list[EpisodeChange]:
    """The alerts of vehicles that were found in a time, without those withdrawn and without findings that
    only stand beside others."""
    rows = await connection.fetch(
        "SELECT *, alert_id::text AS name FROM alerts WHERE vehicle_key = ANY($1::bigint[])"
        " AND found_at >= $2 AND found_at <= $3 AND detail ->> 'concerns' IS NULL"
        " AND detail ->> 'withdrawn' IS NULL",
        *(list(keys), to_datetime(from_ms), to_datetime(to_ms)),
    )
    return [change_of(row) for row in rows]


def change_of(row: asyncpg.Record) -> EpisodeChange:
    """A row of `alerts`, its id also as text under `name`, as the change that last made it."""
    end_ms = None if row["end_at"] is None else to_ms(row["end_at"])
    return EpisodeChange(
        row["name"], row["vehicle_key"], row["rule"], row["level"], "close", to_ms(row["start_at"]),
        to_ms(row["found_at"]), end_ms, row["longitude_deg"], row["latitude_deg"], row["evidence"],
        row["rulebook_version"], json.loads(row["detail"]),
    )  # fmt: skip


async def difference_of(connection: asyncpg.Connection, seen: Seen, spans: Mapping[int, Span]) -> Difference:
    """What was found against what was told of the same vehicles in the same time."""
    if not spans:
        return Difference([], [], [])
    bounds = min(one.from_ms for one in spans.values()), max(one.to_ms for one in spans.values())
    return compare(await stored_alerts(connection, list(spans), *bounds), seen.episodes, spans)


async def file_difference(
    connection: asyncpg.Connection,
    difference: Difference,
    partition: int,
    alert_of: Mapping[tuple[int, bytes], str],
    names: Mapping[int, str],
) -> int:
    """File a difference as retrospective findings inside the caller's transaction; returns how many revisions
    that made. No alert is changed or taken back."""
    changes = [
        *(afterwards(one) for one in difference.missed),
        *(beside(one) for one in difference.altered),
        *(beside(unfounded(one)) for one in difference.unfounded),
    ]
    revisions = await file_changes(connection, changes, partition, names)
    filed = {one.alert_id for one in difference.missed}
    linked = [(*alarm, alert) for alarm, alert in alert_of.items() if alert in filed]
    await connection.executemany(
        "UPDATE safety_alarms SET alert_id = $3 WHERE vehicle_key = $1 AND identifier = $2"
        " AND alert_id IS NULL",
        linked,
    )
    return len(revisions)


async def file_changes(
    connection: asyncpg.Connection, changes: Sequence[EpisodeChange], partition: int, names: Mapping[int, str]
) -> list[AlertRevision]:
    """Store changes inside the caller's transaction and hand them to the relay; returns what is new. `names`
    are those of vehicles the caller knows."""
    ids = await vehicle_names(connection, changes, names)
    revisions = await store.apply_changes(connection, changes, ids)
    for part in range(0, len(revisions), _REVISIONS_A_RECORD):
        payload = records.encode_alerts(revisions[part : part + _REVISIONS_A_RECORD])
        await connection.execute(
            "INSERT INTO outbox (topic, partition, key, payload) VALUES ($1, $2, $3, $4)",
            *(ALERTS, partition, b"", payload),
        )
    return revisions
