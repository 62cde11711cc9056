"""Table `exchange_links`: which process runs a link, and how the link is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import asyncpg


@dataclass(frozen=True, slots=True)
class LinkState:
    """How a link is; the states are down, connected (no login yet) and up."""

    main_state: str
    sub_state: str
    since: datetime
    peer: str
    last_error: str
    counters: Mapping[str, int | float | str | None]


LINK_LOCK = 809
"""First half of the two-part advisory lock; the second is the link's name as 32 bits."""


async def try_lock(connection: asyncpg.Connection, link: str) -> bool:
    """Take the right to run a link, held until `connection` closes; False when another process has it."""
    held: bool = await connection.fetchval("SELECT pg_try_advisory_lock($1, $2)", LINK_LOCK, _number(link))
    return held


async def claim(
    connection: asyncpg.Connection, link: str, role: str, version: str, access_code: int, owner: str
) -> int:
    """Take a link over after `try_lock`; the epoch by which what we write is told from a predecessor's."""
    epoch: int = await connection.fetchval(
        """INSERT INTO exchange_links AS l (link, role, version, access_code, main_state, sub_state, since,
                                            peer, last_error, counters, epoch, owner, updated_at)
           VALUES ($1, $2, $3, $4, 'down', 'down', now(), '', '', '{}', 1, $5, now())
           ON CONFLICT (link) DO UPDATE SET role = $2, version = $3, access_code = $4, owner = $5,
               main_state = 'down', sub_state = 'down', epoch = l.epoch + 1, updated_at = now()
           RETURNING epoch""",
        *(link, role, version, access_code, owner),
    )
    return epoch


async def current_epoch(connection: asyncpg.Connection, link: str) -> int | None:
    """The epoch of the newest claim; None for a link nobody has run."""
    epoch: int | None = await connection.fetchval("SELECT epoch FROM exchange_links WHERE link = $1", link)
    return epoch


async def write_state(connection: asyncpg.Connection, link: str, epoch: int, state: LinkState) -> bool:
    """Tell how a link is; False when another process has taken it over."""
    status: str = await connection.execute(
        """UPDATE exchange_links SET main_state = $3, sub_state = $4, since = $5, peer = $6, last_error = $7,
               counters = $8, updated_at = now() WHERE link = $1 AND epoch = $2""",
        *(link, epoch, state.main_state, state.sub_state, state.since, state.peer, state.last_error),
        json.dumps(dict(state.counters)),
    )
    return status == "UPDATE 1"


def _number(link: str) -> int:
    return int.from_bytes(blake2b(link.encode(), digest_size=4).digest(), "big", signed=True)
