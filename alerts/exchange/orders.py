"""Table `exchange_orders`: what an operator asks of a peer, what a peer asks of our vehicles, until its end.

States: waiting (for the link), sent, answered, failed, expired. Kinds without an answer end as sent.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from alerts.revision import canonical_json

IN, OUT = "in", "out"

CHANNEL = "haulwatch_exchange"
"""PostgreSQL's NOTIFY channel that wakes the process which runs the link."""

EXPECTING = (
    *("post_check", "text", "urge", "listen", "photo", "vehicle_text", "recorder", "emergency_access"),
    *("exchange_start", "exchange_end", "driver_query", "waybill_query", "static_query"),
    *("apply_exchange", "cancel_exchange", "apply_history"),
)
"""Kinds to which an answer belongs; the others end when they are sent."""


@dataclass(frozen=True, slots=True)
class Order:
    """One row that is not at its end. Times are aware datetimes."""

    order_id: str
    link: str
    direction: str
    kind: str
    plate: str
    plate_colour: int
    body: dict[str, Any]
    operator: str
    created_at: datetime
    expires_at: datetime
    state: str
    sequence: int | None
    command_id: str | None


async def add_order(
    connection: asyncpg.Connection,
    link: str,
    kind: str,
    body: Mapping[str, Any],
    *,
    operator: str,
    valid_s: float,
    plate: str = "",
    plate_colour: int = 0,
    direction: str = OUT,
    sequence: int | None = None,
    command_id: str | None = None,
) -> str:
    """Add a waiting order (direction in: one that is under way) and wake the link's process; its id."""
    order_id = str(uuid.uuid4())
    await connection.execute(
        """INSERT INTO exchange_orders (order_id, link, direction, kind, plate, plate_colour, body, operator,
                                        expires_at, state, sequence, command_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9), $10, $11, $12)""",
        *(order_id, link, direction, kind, plate, plate_colour, canonical_json(dict(body)), operator),
        *(valid_s, "waiting" if direction == OUT else "sent", sequence, command_id),
    )
    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, link)
    return order_id


async def open_orders(
    connection: asyncpg.Connection, links: Sequence[str], state: str, direction: str, limit: int = 200
) -> list[Order]:
    """Orders of some links that are in a state and not expired, oldest first."""
    rows = await connection.fetch(
        """SELECT * FROM exchange_orders WHERE link = ANY($1::text[]) AND state = $2 AND direction = $3
               AND expires_at > now() ORDER BY created_at LIMIT $4""",
        *(list(links), state, direction, limit),
    )
    return [_order(row) for row in rows]


async def read_orders(connection: asyncpg.Connection, order_ids: Sequence[str]) -> list[Order]:
    """Some orders, oldest first."""
    rows = await connection.fetch(
        "SELECT * FROM exchange_orders WHERE order_id = ANY($1::uuid[]) ORDER BY created_at", list(order_ids)
    )
    return [_order(row) for row in rows]


async def mark_sent(connection: asyncpg.Connection, order_id: str, sequence: int) -> None:
    """The message is handed to the link under `sequence`."""
    await connection.execute(
        """UPDATE exchange_orders SET state = 'sent', sequence = $2, sent_at = now()
           WHERE order_id = $1 AND state = 'waiting'""",
        *(order_id, sequence),
    )


async def end_order(
    connection: asyncpg.Connection,
    order_id: str,
    state: str,
    result: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> bool:
    """Answered or failed; False when the order had ended before."""
    status: str = await connection.execute(
        """UPDATE exchange_orders SET state = $2, result = $3, reason = $4, ended_at = now()
           WHERE order_id = $1 AND state IN ('waiting', 'sent')""",
        *(order_id, state, None if result is None else canonical_json(dict(result)), reason),
    )
    return status == "UPDATE 1"


async def find_sent(
    connection: asyncpg.Connection,
    link: str,
    kinds: Sequence[str],
    *,
    sequence: int | None,
    plate: str | None = None,
    plate_colour: int = 0,
) -> Order | None:
    """The order that an answer belongs to: by the sequence it quotes, else the oldest of its vehicle."""
    rows = await connection.fetch(
        """SELECT * FROM exchange_orders WHERE link = $1 AND kind = ANY($2::text[]) AND state = 'sent'
               AND direction = 'out' AND ($3::bigint IS NULL OR sequence = $3)
               AND ($4::text IS NULL OR (plate = $4 AND plate_colour = $5))
           ORDER BY created_at LIMIT 1""",
        *(link, list(kinds), sequence, plate, plate_colour),
    )
    return _order(rows[0]) if rows else None


async def expire_orders(connection: asyncpg.Connection) -> int:
    """End what nobody answered in time; returns how many."""
    status: str = await connection.execute(
        """UPDATE exchange_orders SET state = 'expired', ended_at = now(), reason = CASE state
               WHEN 'waiting' THEN 'the link was not up in time' ELSE 'no answer came in time' END
           WHERE expires_at <= now() AND (state = 'waiting' OR (state = 'sent' AND
               (direction = 'in' OR kind = ANY($1::text[]))))""",
        list(EXPECTING),
    )
    return int(status.rpartition(" ")[2])


def _order(row: asyncpg.Record) -> Order:
    return Order(
        order_id=str(row["order_id"]),
        link=row["link"],
        direction=row["direction"],
        kind=row["kind"],
        plate=row["plate"],
        plate_colour=row["plate_colour"],
        body=json.loads(row["body"]),
        operator=row["operator"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        state=row["state"],
        sequence=row["sequence"],
        command_id=None if row["command_id"] is None else str(row["command_id"]),
    )
