"""What is learned of a terminal and remembered over connections and restarts: edition, dialect, driver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import asyncpg

UNKNOWN_DIALECT = 255


@dataclass(frozen=True, slots=True)
class Traits:
    """edition: "2011", "2013" or "2019", "" when not learned yet. dialect: of the active-safety items, as in
    column `alarms` of blocks, 255 unknown. driver_id: whose card is in, "" when none, since driver_since_ms;
    driver_before: whose was in before. changed_ms: when it was learned; the newest wins.
    """

    vehicle_key: int
    changed_ms: int = 0
    edition: str = ""
    dialect: int = UNKNOWN_DIALECT
    driver_id: str = ""
    driver_since_ms: int = 0
    driver_before: str = ""

    def with_driver(self, driver_id: str, since_ms: int, now_ms: int) -> Traits:
        """A card was put in or pulled out ("")."""
        if driver_id == self.driver_id:
            return self
        return replace(
            self,
            changed_ms=now_ms,
            driver_id=driver_id,
            driver_since_ms=since_ms,
            driver_before=self.driver_id,
        )

    def with_speech(self, edition: str, dialect: int, now_ms: int) -> Traits:
        """Edition and dialect were heard; an unknown one changes nothing."""
        edition = edition or self.edition
        dialect = self.dialect if dialect == UNKNOWN_DIALECT else dialect
        if (edition, dialect) == (self.edition, self.dialect):
            return self
        return replace(self, changed_ms=now_ms, edition=edition, dialect=dialect)


_COLUMNS = (
    *("vehicle_key", "changed_ms", "edition", "dialect"),
    *("driver_id", "driver_since_ms", "driver_before"),
)
_TYPES = ("bigint", "bigint", "text", "smallint", "text", "bigint", "text")
_SAVE = f"""
INSERT INTO terminal_traits AS t ({", ".join(_COLUMNS)})
SELECT * FROM unnest({", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_TYPES, 1))})
ON CONFLICT (vehicle_key) DO UPDATE
SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[1:])}
WHERE t.changed_ms < excluded.changed_ms
"""


async def load_traits(source: asyncpg.Pool | asyncpg.Connection, keys: Sequence[int]) -> list[Traits]:
    """What is known of these vehicles' terminals. Raises asyncpg's errors when the database is away."""
    rows = await source.fetch(
        f"SELECT {', '.join(_COLUMNS)} FROM terminal_traits WHERE vehicle_key = ANY($1)", list(keys)
    )
    return [Traits(**dict(row)) for row in rows]


async def save_traits(source: asyncpg.Pool | asyncpg.Connection, traits: Sequence[Traits]) -> None:
    """Write what is newer than what is there, one row a vehicle. Raises asyncpg's errors."""
    await source.execute(_SAVE, *([getattr(one, name) for one in traits] for name in _COLUMNS))
