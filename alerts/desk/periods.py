"""A vehicle and a stretch of time, as several lists of the API take them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import asyncpg
from fastapi import Query

from alerts.desk.api_vehicles import storable
from alerts.desk.errors import invalid
from alerts.desk.parameters import parse_place, parse_time
from alerts.times import to_ms
from rules.identity import vehicle_key

DEFAULT_PERIOD = timedelta(hours=24)

From = Annotated[
    str | None, Query(alias="from", description="ISO 8601, included; 24 hours before `to` when absent")
]
Limit = Annotated[int, Query(ge=1, le=1000)]
After = Annotated[str | None, Query(description="`next` of the page before")]
To = Annotated[str | None, Query(description="ISO 8601, excluded; now when absent")]


def period(from_: str | None, to: str | None) -> tuple[datetime, datetime]:
    """Beginning and end. Raises ``ApiError`` (422) for what is no time or lies the wrong way round."""
    end = parse_time("to", to) if to else datetime.now(UTC) + timedelta(minutes=5)
    start = parse_time("from", from_) if from_ else end - DEFAULT_PERIOD
    if start > end:
        raise invalid("from", "lies after `to`", "晚于 to")
    return start, end


def place_after(after: str | None, start: datetime) -> tuple[datetime, int]:
    """Where a page begins, exclusive. Raises ``ApiError`` (422)."""
    return parse_place("after", after) if after else (start, -(2**63))


def next_place(rows: Sequence[asyncpg.Record], limit: int, time: str, number: str) -> str | None:
    """`next` of a page of `limit` rows, of which one more was asked for; None on the last page."""
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    return f"{to_ms(last[time])}.{last[number]}"


def stored_key(vehicle_id: str) -> int:
    """The key of a vehicle. Raises ``ApiError`` (404) for a name that none can have."""
    return vehicle_key(storable(vehicle_id))
