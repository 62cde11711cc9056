"""Table `exchange_messages`: what went over the links, as it came or went and decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from alerts.revision import canonical_json
from alerts.times import to_datetime

IN, OUT = "in", "out"


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One message. `at_ms` counts from 1970 UTC; `vehicle_id` is None for none that the registry knows."""

    link: str
    direction: str
    at_ms: int
    message_type: int
    sub_type: int | None
    name: str
    plate: str
    plate_colour: int
    vehicle_id: str | None
    sequence: int
    decoded: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""


async def store_messages(connection: asyncpg.Connection, messages: Sequence[Exchanged]) -> None:
    """Add messages in their order."""
    await connection.executemany(
        """INSERT INTO exchange_messages (link, direction, at, message_type, sub_type, name, plate,
                                          plate_colour, vehicle_id, sequence, decoded, body)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        [
            (
                *(one.link, one.direction, to_datetime(one.at_ms), one.message_type, one.sub_type, one.name),
                *(_storable(one.plate), one.plate_colour, one.vehicle_id, one.sequence),
                *(canonical_json(_clean(one.decoded)), one.body),
            )
            for one in messages
        ],
    )


async def forget_messages(connection: asyncpg.Connection, keep_days: int) -> int:
    """Delete messages older than that; returns how many."""
    status: str = await connection.execute(
        "DELETE FROM exchange_messages WHERE at < now() - make_interval(days => $1)", keep_days
    )
    return int(status.rpartition(" ")[2])


def _clean(value: Any) -> Any:
    """PostgreSQL's JSON holds no NUL; peers pad their texts with it."""
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, dict):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def _storable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
