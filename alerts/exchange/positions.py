"""How far a link has been served: positions in the telemetry log and the cursor in the changes of alerts.

What lies before is known to have reached the peer, so that its absence loses nothing; what was written after
and not confirmed is sent again. Another log (cluster or topic made anew) is read from its start.
"""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg


class LinkLost(Exception):
    """Another process has taken the link over: what we hold of it must not be written."""


async def load_positions(
    connection: asyncpg.Connection, link: str, topic: str, cluster_id: str, topic_id: str
) -> dict[int, int]:
    """The next offset of each partition; those of another log are left out."""
    rows = await connection.fetch(
        "SELECT partition, next_offset FROM exchange_positions"
        " WHERE link = $1 AND topic = $2 AND cluster_id = $3 AND topic_id = $4",
        *(link, topic, cluster_id, topic_id),
    )
    return {row["partition"]: row["next_offset"] for row in rows}


async def was_served(connection: asyncpg.Connection, link: str, topic: str) -> bool:
    """Whether the link has ever been sent something of the topic."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM exchange_positions WHERE link = $1 AND topic = $2)", link, topic
    )
    return found


async def save_positions(
    connection: asyncpg.Connection,
    link: str,
    epoch: int,
    log: tuple[str, str, str],
    offsets: Mapping[int, int],
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
            """INSERT INTO exchange_positions (link, topic, cluster_id, topic_id, partition, next_offset)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (link, topic, partition) DO UPDATE SET cluster_id = $3, topic_id = $4,
                   next_offset = $6, updated_at = now()""",
            [(link, *log, partition, offset) for partition, offset in offsets.items()],
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
