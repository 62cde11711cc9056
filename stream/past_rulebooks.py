"""Which rulebook was in force when, as `haulwatch rulebook publish` noted it."""

from __future__ import annotations

import logging

import asyncpg

from alerts.times import to_ms
from rules.history import Edition
from rules.rulebook import Rulebook, rulebook_of
from rules.rulebook_faults import RulebookError

log = logging.getLogger(__name__)

_BEGINNING_MS = 0


class PastRulebooks:
    """Reads what was published and keeps the parsed rulebooks: a version is one text for ever."""

    def __init__(self, first: Rulebook) -> None:
        """`first` is in force before anything was published, and where a text cannot be read any more."""
        self._first = first
        self._parsed: dict[str, Rulebook] = {}

    async def editions(self, connection: asyncpg.Connection) -> list[Edition]:
        """The rulebooks in order of the time from which on they are in force."""
        handed_over = await connection.fetch(
            "SELECT published_at, version FROM rulebook_publishings ORDER BY published_at, version"
        )
        unknown = {row["version"] for row in handed_over} - self._parsed.keys()
        texts = await connection.fetch(
            "SELECT version, text FROM rulebook_versions WHERE version = ANY($1)", list(unknown)
        )
        for row in texts:
            self._parsed[row["version"]] = self._parse(row["version"], row["text"])
        editions = [Edition(_BEGINNING_MS, self._first)]
        for row in handed_over:
            book = self._parsed.get(row["version"], self._first)
            if book is not editions[-1].book:
                editions.append(Edition(to_ms(row["published_at"]), book))
        return editions

    def _parse(self, version: str, text: str) -> Rulebook:
        try:
            return rulebook_of(text, f"of version {version}")
        except RulebookError as error:
            log.warning("%s; %s is taken in its stead", error, self._first.version)
            return self._first
