"""What happened, as the ground truth tells it; times are those of reports, in milliseconds since 1970 UTC."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. ``rule`` names a finding to expect; ``fact`` something that is no finding."""

    rule: str
    start_ms: int
    found_ms: int
    end_ms: int | None
    detail: dict[str, object]
    fact: bool = False
