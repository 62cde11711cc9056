"""Plates and classes of all registered vehicles, in memory: a position needs no join with a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from alerts.desk.database import Database

_OVERLAP = timedelta(minutes=10)
"""An import stamps its rows when it starts and shows them when it commits; none lasts longer than this."""


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """What a position shows of its vehicle."""

    vehicle_id: str
    plate: str
    vehicle_class: str


class Roster:
    """Entries by ``vehicle_key``; `refresh` reads what was imported since the last time."""

    def __init__(self) -> None:
        self.entries: dict[int, RosterEntry] = {}
        self._seen = datetime.min.replace(tzinfo=UTC) + _OVERLAP

    async def refresh(self, database: Database) -> list[int]:
        """Returns the keys of the vehicles that are new or changed. Raises ``DatabaseAway``."""
        rows = await database.fetch(
            """SELECT vehicle_key, vehicle_id, plate, vehicle_class, imported_at FROM vehicles
               WHERE imported_at > $1""",
            self._seen - _OVERLAP,
        )
        changed = []
        for row in rows:
            entry = RosterEntry(row["vehicle_id"], row["plate"], row["vehicle_class"])
            if self.entries.get(row["vehicle_key"]) != entry:
                self.entries[row["vehicle_key"]] = entry
                changed.append(row["vehicle_key"])
        self._seen = max([self._seen, *(row["imported_at"] for row in rows)])
        return changed
