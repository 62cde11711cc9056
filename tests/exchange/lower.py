"""We as lower platform, with the upper one played beside it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.exchange.link_files import LOWER
from tests.exchange.peer import Other, settings_of
from tests.exchange.platforms import (
    Place,
    fetch,
    running_exchange,
    until,
    until_up,
)
from tests.services import free_port


def table_of(**fields: Any) -> dict[str, Any]:
    shared = {"main_port": free_port(), "sub_port": free_port(), "confirm_s": 0.2, "forward": {"all": True}}
    return {**LOWER, **shared, **fields}


def other_of(table: dict[str, Any], **fields: Any) -> Other:
    return Other("upper", settings_of(table, **fields), table["main_port"])


@contextlib.asynccontextmanager
async def joined(below: Place, folder: Path, **fields: Any) -> AsyncIterator[Other]:
    table = table_of(**fields)
    async with other_of(table) as other, running_exchange(below, folder, table):
        await other.until_up()
        await until_up(below, "above")
        await until_ready(below)
        yield other


async def until_ready(below: Place) -> None:
    """From here on positions are for the peer."""

    async def there() -> Any:
        return await fetch(below, "SELECT 1 FROM exchange_positions WHERE link = 'above'")

    await until(there)


def seen(other: Other) -> list[tuple[str, int]]:
    """Plate and time (s) of every position that came, in order."""
    found = []
    for message in other.positions():
        positions = getattr(message, "positions", None) or (message.position,)  # type: ignore[union-attr]
        for one in positions:
            at = one.time if hasattr(one, "time") else one.report.time
            found.append((message.plate or "", int(at.timestamp())))
    return found


def seen_of(message: Any) -> list[tuple[str, int]]:
    times = [one.time if hasattr(one, "time") else one.report.time for one in message.positions]
    return [(message.plate, int(at.timestamp())) for at in times]


async def until_confirmed(place: Place, count: int) -> None:
    async def confirmed() -> bool:
        rows = await fetch(place, "SELECT counters::text FROM exchange_links")
        return json.loads(rows[0][0]).get("positions_confirmed", 0) >= count

    await until(confirmed)


async def until_error(place: Place, word: str) -> None:
    async def told() -> bool:
        rows = await fetch(place, "SELECT last_error FROM exchange_links")
        return word in rows[0]["last_error"]

    await until(told)
