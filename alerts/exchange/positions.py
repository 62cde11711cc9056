"""How far a link has been served: positions in the telemetry log and the cursor in the changes of alerts.

What lies before is known to have reached the peer, so that its absence loses nothing; what was written after
and not confirmed is sent again. Another log (cluster or topic made anew) is read from its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from alerts.times import to_datetime, to_ms


class LinkLost(Exception):
    """Another process has taken the link over: what we hold of it must not be written."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a link is in a partition: the next offset, and when what lies before had been received."""

    next_offset: int
    reached_ms: int


@dataclass(frozen=True, slots=True)
class KnownPlace(Place):
    """A place as it was written. `same_log`: its offset means something in the log that is there now."""

    same_log: bool


async def load_positions(
    connection: asyncpg.Connection, link: str, topic: str, cluster_id: str, topic_id: str
) -> dict[int, KnownPlace]:
    """The place of each partition; none for a link that has never been served."""
    rows = await connection.fetch(
        "SELECT partition, next_offset, reached_at, cluster_id = $3 AND topic_id = $4 AS same_log"
        " FROM exchange_positions WHERE link = $1 AND topic = $2",
        *(link, topic, cluster_id, topic_id),
    )
    return {
        row["partition"]: KnownPlace(row["next_offset"], to_ms(row["reached_at"]), row["same_log"])
        for row in rows
    }


async def save_positions(
    connection: asyncpg.Connection,
    link: str,
    epoch: int,
    log: tuple[str, str, str],
    places: Mapping[int, Place],
    alert_seq: int | None = None,
) -> None:
    """Write what a peer is known to have, in one transaction. `log` is topic, cluster id, topic id.

    Raises LinkLost when another process has claimed the link since."""
    async with connection.transaction():
        current = await connection.fetchval(
            "SELECT epoch FROM exchange_links WHERE link = $1 FOR SHARE", link
        )
        if current != epoch:
            raise LinkLost(f"link {link}: epoch {epoch} is over, {current} runs it")
        await connection.executemany(
            """INSERT INTO exchange_positions (link, topic, cluster_id, topic_id, partition, next_offset,
                                               reached_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7)
               ON CONFLICT (link, topic, partition) DO UPDATE SET cluster_id = $3, topic_id = $4,
                   next_offset = $6, reached_at = $7, updated_at = now()""",
            [
                (link, *log, partition, place.next_offset, to_datetime(place.reached_ms))
                for partition, place in places.items()
            ],
        )
        if alert_seq is not None:
            await connection.execute(
                """INSERT INTO exchange_alert_cursors (link, seq) VALUES ($1, $2)
                   ON CONFLICT (link) DO UPDATE SET seq = $2, updated_at = now()""",
                *(link, alert_seq),
            )


async def alert_cursor(connection: asyncpg.Connection, link: str) -> int:
    """The last change of an alert that the link has dealt with. A new link begins with what comes."""
    seq: int = await connection.fetchval(
        """INSERT INTO exchange_alert_cursors AS c (link, seq)
           SELECT $1, coalesce(max(seq), 0) FROM alert_revisions
           ON CONFLICT (link) DO UPDATE SET seq = c.seq RETURNING seq""",
        link,
    )
    return seq
