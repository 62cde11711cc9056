"""What the log no longer holds and a peer has not been sent: taken from the stored tracks instead.

A broker keeps its log for a while, the embedded one until it is started anew; a peer may be away for longer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from alerts.times import to_datetime
from rules.identity import partition_of
from stream.exchange.fleet import ChosenVehicle, Fleet
from stream.exchange.link import Link
from stream.exchange.packets import Packet, history_packets
from stream.exchange.stored_positions import gnss_data, received_positions

DISORDER = timedelta(days=1)
"""How long before their reception reports are looked for: tracks are in the order of their own times. Reports
that a terminal kept for longer are not found."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Reports of the vehicles of some partitions, received after their partition's `since_ms` and up to
    `until_ms`."""

    since_ms: Mapping[int, int]
    until_ms: int


async def gap_packets(
    pool: asyncpg.Pool, link: Link, fleet: Fleet, gap: Gap, partitions: int
) -> AsyncIterator[list[Packet]]:
    """The messages that fill a gap, vehicle by vehicle, in the order of their times.

    Raises asyncpg's errors when the database is away."""
    for vehicle in fleet.vehicles:
        since_ms = gap.since_ms.get(partition_of(vehicle.vehicle_key, partitions))
        if since_ms is not None and since_ms < gap.until_ms:
            yield await _of_vehicle(pool, link, vehicle, since_ms, gap.until_ms)


async def _of_vehicle(
    pool: asyncpg.Pool, link: Link, vehicle: ChosenVehicle, since_ms: int, until_ms: int
) -> list[Packet]:
    since, until = to_datetime(since_ms), to_datetime(until_ms)
    async with pool.acquire() as connection:
        found = await received_positions(connection, vehicle.vehicle_key, since, until, since - DISORDER)
    data: Sequence[bytes] = gnss_data(link, found)
    return list(history_packets(vehicle, data))
