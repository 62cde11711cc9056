"""Orders to bring the files of an alarm (0x9208): given with it, and again when the files do not come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg

from alerts import command_store
from alerts.times import to_datetime

KIND = "attachments"
MAX_ORDERS = 3
"""A terminal that was asked three times and did not bring its files does not have them."""

AGAIN_AFTER_MS = 6 * 3_600_000
"""Time a terminal has for its files after an order; many send them at night, over a cheaper network."""

ASKED_FOR_MS = 3 * 86_400_000
"""Terminals overwrite their oldest files after some days."""

_BATCH = 2_000
"""Orders a look: what a provincial fleet misses in an hour; the next look finds the rest."""


@dataclass(frozen=True, slots=True)
class UploadPlace:
    """The attachment server as terminals reach it, told in 0x9208; empty address: nothing is asked for."""

    address: str
    port: int


def upload_order(row: Mapping[str, Any], place: UploadPlace, number: int = 1) -> command_store.Order:
    """0x9208 (T/JSATL 12-2017, 4.6) for an alarm: its ``vehicle_id``, ``identifier``, ``alarm_number``.

    The n-th order for the same alarm is always the same order.
    """
    name = f"{KIND} {row['alarm_number']}"
    return command_store.Order(
        vehicle_id=row["vehicle_id"],
        kind=KIND,
        body={
            "server": place.address,
            "tcp_port": place.port,
            "udp_port": 0,
            "identifier": bytes(row["identifier"]).hex(),
            "alarm_number": row["alarm_number"],
        },
        dedup=name if number == 1 else f"{name} {number}",
    )


_OVERDUE = f"""
SELECT a.vehicle_id, a.identifier, a.alarm_number, o.given
FROM safety_alarms a,
     LATERAL (SELECT count(*) AS given, bool_and(c.ended_at IS NOT NULL AND c.ended_at < $3) AS over
              FROM commands c
              WHERE c.dedup IN (SELECT '{KIND} ' || a.alarm_number || suffix
                                FROM unnest($4::text[]) AS suffix)) o
WHERE a.attachments > 0 AND a.received_at > $1 AND a.received_at < $2
  AND o.given < {MAX_ORDERS} AND coalesce(o.over, true)
  AND a.attachments > (SELECT count(*) FROM evidence_files f
                       WHERE f.vehicle_key = a.vehicle_key AND f.alarm_key = a.alarm_key
                         AND f.state IN ('complete', 'rejected'))
ORDER BY a.received_at LIMIT {_BATCH}
"""


async def order_overdue(connection: asyncpg.Connection, place: UploadPlace, now_ms: int) -> int:
    """Ask again for files that have not come; returns how many orders were given.

    Inside a transaction; the outbox carries them. An order that is still under way is not doubled.
    """
    suffixes = ["", *(f" {number}" for number in range(2, MAX_ORDERS + 1))]
    since, until = to_datetime(now_ms - ASKED_FOR_MS), to_datetime(now_ms - AGAIN_AFTER_MS)
    rows = await connection.fetch(_OVERDUE, since, until, until, suffixes)
    orders = [upload_order(row, place, row["given"] + 1) for row in rows]
    return len(await command_store.issue_all(connection, orders, now_ms))
