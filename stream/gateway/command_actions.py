"""What a dispatcher of commands asks of its surroundings."""

from __future__ import annotations

from dataclasses import dataclass

from alerts.command_progress import Progress
from alerts.commands import Command


@dataclass(frozen=True, slots=True)
class Claim:
    """Ask the database for the command; answer by `claimed`."""

    command_id: str
    link_ms: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send it as a new message; answer by `sent` or `failed`."""

    command: Command


@dataclass(frozen=True, slots=True)
class Repeat:
    """Send the same bytes again."""

    command_id: str


@dataclass(frozen=True, slots=True)
class Write:
    """Store how far a command of ours has come."""

    progress: Progress


@dataclass(frozen=True, slots=True)
class Expire:
    """End a command that is not ours, if it is nobody's."""

    command_id: str


Action = Claim | Send | Repeat | Write | Expire
