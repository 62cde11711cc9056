"""Positions out of the table of tracks, as messages carry them: history that a peer asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import asyncpg
import numpy as np

from alerts.times import to_ms
from stream.exchange.link import Link
from stream.exchange.position_data import Outgoing, gnss_2011, gnss_2019
from stream.jt809.messages import RawMessage
from stream.jt809.messages.base import Wrapper

HISTORY_BATCH = 5
"""Positions in one 0x1203 or 0x9203 at most (JT/T 809-2011, 4.5.3.2.4)."""
MAX_HISTORY = 5000
"""Positions for one application: two days at 30 s; who wants more asks for the rest."""
IMPOSSIBLE = 4
"""Disposition of reports that are stored and never used."""


_COLUMNS = """time, longitude_deg, latitude_deg, speed_kmh, heading_deg, altitude_m, alarm_bits,
    status_bits"""


async def stored_positions(
    connection: asyncpg.Connection, vehicle_key: int, start: datetime, end: datetime, limit: int
) -> Outgoing:
    """A vehicle's reports between two times, oldest first."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM tracks
           WHERE vehicle_key = $1 AND time >= $2 AND time <= $3 AND disposition < $4
           ORDER BY time LIMIT $5""",
        *(vehicle_key, start, end, IMPOSSIBLE, limit),
    )
    return _outgoing(rows)


async def received_positions(
    connection: asyncpg.Connection, vehicle_key: int, since: datetime, until: datetime, earliest: datetime
) -> Outgoing:
    """A vehicle's reports that were received after `since` and up to `until`, made after `earliest`, by the
    order of their own times."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM tracks WHERE vehicle_key = $1 AND time > $4
               AND received_at > $2 AND received_at <= $3 AND disposition < $5 ORDER BY time""",
        *(vehicle_key, since, until, earliest, IMPOSSIBLE),
    )
    return _outgoing(rows)


async def newest_position(connection: asyncpg.Connection, vehicle_key: int) -> Outgoing:
    """A vehicle's newest report, or none."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM tracks
           WHERE vehicle_key = $1 AND disposition < $2 ORDER BY time DESC LIMIT 1""",
        *(vehicle_key, IMPOSSIBLE),
    )
    return _outgoing(rows)


def gnss_data(link: Link, out: Outgoing) -> list[bytes]:
    """Each position as the link's version writes it."""
    if link.version == "2019":
        return gnss_2019(out, link.platform_id.encode("gbk", "replace"))
    return [row.tobytes() for row in gnss_2011(out)]


def history_messages(
    message_id: int, sub_type: int, plate: str, colour: int, data: Sequence[bytes]
) -> list[RawMessage]:
    """Positions of one vehicle in messages of up to five, in order."""
    return [
        RawMessage(
            message_id,
            sub_type,
            bytes([len(part)]) + b"".join(part),
            plate,
            colour,
            Wrapper.VEHICLE,
        )
        for part in (data[at : at + HISTORY_BATCH] for at in range(0, len(data), HISTORY_BATCH))
    ]


def _outgoing(rows: Sequence[asyncpg.Record]) -> Outgoing:
    unknown = np.full(len(rows), np.nan)
    return Outgoing(
        time_ms=np.array([to_ms(row["time"]) for row in rows], np.int64),
        longitude_deg=np.array([row["longitude_deg"] for row in rows], np.float64),
        latitude_deg=np.array([row["latitude_deg"] for row in rows], np.float64),
        speed_kmh=np.array([row["speed_kmh"] for row in rows], np.float64),
        recorder_speed_kmh=unknown,
        mileage_km=unknown,
        heading_deg=np.array([row["heading_deg"] for row in rows], np.uint16),
        altitude_m=np.array([row["altitude_m"] for row in rows], np.int16),
        alarm_bits=np.array([row["alarm_bits"] for row in rows], np.uint32),
        status_bits=np.array([row["status_bits"] for row in rows], np.uint32),
        items=[b""] * len(rows),
    )
