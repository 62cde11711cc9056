"""What is learned of an alert afterwards: withdrawn while nobody has handled it, else told by its side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rules.identity import alert_id

if TYPE_CHECKING:
    from rules.change import EpisodeChange


def retrospective_id(change: EpisodeChange) -> str:
    """Identity of the finding that stands beside a handled alert."""
    return alert_id(change.vehicle_key, "retrospective", change.start_ms, change.alert_id)


def withdrawn(change: EpisodeChange) -> EpisodeChange:
    """The alert closed, and marked: in the light of later reports there was no such episode."""
    end_ms = change.found_ms if change.end_ms is None else change.end_ms
    return replace(change, kind="close", end_ms=end_ms, detail={**change.detail, "withdrawn": True})


def afterwards(change: EpisodeChange) -> EpisodeChange:
    """An episode that was found only when its time was looked at again."""
    kind = "open" if change.end_ms is None else "close"
    return replace(change, kind=kind, detail={**change.detail, "retrospective": True})


def unfounded(change: EpisodeChange) -> EpisodeChange:
    """An alert as it was told, of which nothing is found in the track as it is now."""
    return replace(change, detail={**change.detail, "unfounded": True})


def beside(change: EpisodeChange) -> EpisodeChange:
    """A finding of its own about an alert that stays as it is."""
    end_ms = change.found_ms if change.end_ms is None else change.end_ms
    detail = {**change.detail, "retrospective": True, "concerns": change.alert_id}
    return replace(change, alert_id=retrospective_id(change), kind="close", end_ms=end_ms, detail=detail)
