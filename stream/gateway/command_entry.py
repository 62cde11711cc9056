"""One unfinished command as a gateway knows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.command_kinds import DELIVERED, KINDS, SENT, Kind
from alerts.command_progress import Held, Progress
from alerts.commands import Command


@dataclass(slots=True, eq=False)
class Entry:
    """Mutable. `link_ms`: the link for which it is ours; None while it is nobody's or somebody else's.
    `deadline_ms`: when it is due to be acknowledged; None while nothing is under way."""

    command: Command
    state: str
    attempts: int
    serials: tuple[int, ...]
    sent_ms: int | None
    delivered_ms: int | None
    link_ms: int | None = None
    claiming: bool = False
    message_id: int = 0
    tries: int = 0
    wait_ms: int = 0
    last_ms: int = 0
    deadline_ms: int | None = None
    acknowledged: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, held: Held) -> Entry:
        """As the database has it."""
        serials = () if held.serial is None else (held.serial,)
        return cls(held.command, held.state, held.attempts, serials, held.sent_ms, held.delivered_ms)

    @property
    def kind(self) -> Kind:
        return KINDS[self.command.kind]

    @property
    def delivered(self) -> bool:
        """Whether the terminal has acknowledged it, on whatever link."""
        return self.state == DELIVERED

    @property
    def under_way(self) -> bool:
        """Whether an acknowledgement is awaited on this link."""
        return self.deadline_ms is not None

    @property
    def blocks(self) -> bool:
        """Whether later commands of the family wait for it."""
        return not self.delivered or self.under_way

    def progress(self) -> Progress:
        """As it is now."""
        serial = self.serials[-1] if self.serials else None
        return Progress(
            *(self.command.command_id, self.state, self.attempts, serial, self.sent_ms, self.delivered_ms)
        )

    def take_over(self, held: Held) -> None:
        """What another gateway, or we on an earlier link, have done with it."""
        self.attempts = max(self.attempts, held.attempts)
        if held.state in (SENT, DELIVERED) and not self.delivered:
            self.state = held.state
            self.sent_ms, self.delivered_ms = held.sent_ms, held.delivered_ms
            self.serials = self.serials or (() if held.serial is None else (held.serial,))
