"""Names of vehicles that alerts are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from rules.change import EpisodeChange


async def vehicle_names(
    connection: asyncpg.Connection, changes: Sequence[EpisodeChange], known: Mapping[int, str]
) -> dict[int, str]:
    """The ids of the vehicles of changes: those known, else from the registry, else from their earlier
    alerts.

    A vehicle that none of them knows is named by its key, so that nothing is lost for the want of a name.
    """
    names = dict(known)
    missing = {change.vehicle_key for change in changes} - names.keys()
    if missing:
        rows = await connection.fetch(
            "SELECT vehicle_key, vehicle_id FROM alerts WHERE vehicle_key = ANY($1)"
            " UNION ALL SELECT vehicle_key, vehicle_id FROM vehicles WHERE vehicle_key = ANY($1)",
            list(missing),
        )
        names |= {key: f"#{key}" for key in missing}
        names |= {row["vehicle_key"]: row["vehicle_id"] for row in rows}
    return names
