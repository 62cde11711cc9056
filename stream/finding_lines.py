"""Episodes as JSON lines, in one order: what `haulwatch replay` and `haulwatch recompute` print."""

from __future__ import annotations

import json
from typing import Any

from alerts.times import iso_text
from rules.change import EpisodeChange


def place_of(episode: EpisodeChange, vehicle_id: str) -> tuple[Any, ...]:
    """What lines are sorted by: start, vehicle, rule, then what tells apart the rest."""
    return episode.start_ms, vehicle_id, episode.rule, episode.detail.get("zone_id", ""), episode.alert_id


def line_of(episode: EpisodeChange, vehicle_id: str) -> str:
    """An episode as one JSON object, without the end of line."""
    fields = {
        "alert_id": episode.alert_id,
        "vehicle_id": vehicle_id,
        "rule": episode.rule,
        "level": episode.level,
        "start": iso_text(episode.start_ms),
        "found": iso_text(episode.found_ms),
        "end": None if episode.end_ms is None else iso_text(episode.end_ms),
        "evidence": episode.evidence,
        "rulebook_version": episode.rulebook_version,
        **episode.detail,
        "longitude_deg": episode.longitude_deg,
        "latitude_deg": episode.latitude_deg,
    }
    return json.dumps(fields, ensure_ascii=False)
