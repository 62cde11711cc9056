"""What a rule's step hands to the engine: a change, and at which report of the batch it came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rules.change import EpisodeChange
from rules.identity import alert_id


@dataclass(frozen=True, slots=True)
class Finding:
    """A change that came about at position `at` of the batch; `subject` tells apart what one rule watches."""

    at: int
    subject: str
    change: EpisodeChange


@dataclass(frozen=True, slots=True)
class Episode:
    """The facts of an episode that do not depend on the rule."""

    rule: str
    vehicle_key: int
    level: int
    start_ms: int
    found_ms: int
    place: tuple[float, float]
    evidence: str
    version: str
    subject: str = ""


def change_of(episode: Episode, kind: str, end_ms: int | None, detail: dict[str, Any]) -> EpisodeChange:
    """The change of an episode as the world sees it."""
    return EpisodeChange(
        alert_id=alert_id(episode.vehicle_key, episode.rule, episode.start_ms, episode.subject),
        vehicle_key=episode.vehicle_key,
        rule=episode.rule,
        level=episode.level,
        kind=kind,
        start_ms=episode.start_ms,
        found_ms=episode.found_ms,
        end_ms=end_ms,
        longitude_deg=episode.place[0],
        latitude_deg=episode.place[1],
        evidence=episode.evidence,
        rulebook_version=episode.version,
        detail=detail,
    )


def seconds(duration_ms: int) -> float:
    """A duration in seconds, whole where it is whole.

    >>> seconds(30_000), seconds(1_500)
    (30, 1.5)
    """
    whole, rest = divmod(int(duration_ms), 1000)
    return whole if rest == 0 else duration_ms / 1000


def evidence_of(bridged: bool) -> str:
    """Evidence grade of an episode that does or does not lie across a gap."""
    return "bridged" if bridged else "complete"
