"""One way to ask for a page of exchange rows, newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import asyncpg
from fastapi.responses import JSONResponse

from alerts.desk.desk import Desk
from alerts.desk.errors import not_found
from alerts.desk.exchange_rows import parse_place, place_text


async def page_of(
    desk: Desk,
    table: str,
    time: str,
    identity: str,
    name: str,
    row_json: Callable[[asyncpg.Record], dict[str, Any]],
    filters: Sequence[tuple[str, object]],
    limit: int,
    before: str | None,
) -> JSONResponse:
    """Rows of `table` by `time` and `identity` (its columns), under `name`, with `next`.

    `filters` are columns and the values they must have; those with None or "" do not count."""
    conditions, arguments = ["true"], []
    for column, value in filters:
        if value is not None and value != "":
            arguments.append(value.replace("\0", "") if isinstance(value, str) else value)
            conditions.append(f"{column} = ${len(arguments)}")
    place = parse_place(before)
    if place is not None:
        arguments += place
        conditions.append(f"({time}, {identity}) < (${len(arguments) - 1}, ${len(arguments)}::uuid)")
    rows = await desk.database.fetch(
        f"SELECT * FROM {table} WHERE {' AND '.join(conditions)}"
        f" ORDER BY {time} DESC, {identity} DESC LIMIT {limit + 1}",
        *arguments,
    )
    page = rows[:limit]
    following = place_text(page[-1][time], page[-1][identity]) if len(rows) > limit else None
    return JSONResponse({name: [row_json(row) for row in page], "next": following})


async def find_link(desk: Desk, link: str) -> asyncpg.Record:
    """A link's row with `fresh`. Raises ``ApiError`` (404)."""
    row = await desk.database.fetchrow(f"{LINKS} WHERE link = $1", link.replace("\0", ""))
    if row is None:
        raise not_found("link", "链路", link[:64])
    return row


LINKS = "SELECT *, updated_at > now() - interval '15 seconds' AS fresh FROM exchange_links"
"""A process tells of its links every few seconds; one that is silent that long has ended."""
