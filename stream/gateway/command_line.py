"""The unfinished commands of one terminal, in the order in which they were given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from stream.gateway.command_actions import Action, Claim
from stream.gateway.command_entry import Entry


@dataclass(slots=True)
class Line:
    """Mutable. `link_ms`: when the terminal's link here authenticated; None while it has none."""

    entries: list[Entry] = field(default_factory=list)
    link_ms: int | None = None

    def add(self, entry: Entry) -> None:
        """Put it in its place."""
        self.entries.append(entry)
        if len(self.entries) > 1:
            self.entries.sort(key=lambda one: one.command.created_ms)

    def find(self, wanted: Callable[[Entry], bool]) -> Entry | None:
        """The first that is wanted."""
        return next(filter(wanted, self.entries), None)

    def claims(self) -> list[Action]:
        """Ask for what is next in each family, and for what was acknowledged on an earlier link."""
        if self.link_ms is None:
            return []
        claims: list[Action] = []
        blocked: set[str] = set()
        for entry in self.entries:
            if entry.kind.family in blocked:
                continue
            if entry.blocks:
                blocked.add(entry.kind.family)
            if entry.link_ms != self.link_ms and not entry.claiming:
                entry.claiming = True
                claims.append(Claim(entry.command.command_id, self.link_ms))
        return claims
