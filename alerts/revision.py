"""One change of one alert, as it is stored, published and shown."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from alerts.times import iso_text

if TYPE_CHECKING:
    from rules.engine import EpisodeChange

WORKER = "worker"
"""The actor of every change that no person made."""

_CONTENT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who took an alert in hand, and when."""

    at: datetime
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class AlertRevision:
    """The whole alert as it was after a change; ``seq`` orders all changes of all alerts.

    ``kind`` is open, update, close or acknowledge; times are milliseconds since 1970 UTC; ``end_ms`` is None
    while the episode goes on; ``level`` 1 is the gravest.
    """

    seq: int
    alert_id: str
    revision: int
    kind: str
    vehicle_id: str
    vehicle_key: int
    rule: str
    level: int
    start_ms: int
    found_ms: int
    end_ms: int | None
    longitude_deg: float
    latitude_deg: float
    evidence: str
    rulebook_version: str
    detail: dict[str, Any] = field(default_factory=dict)


def revision_of(change: EpisodeChange, vehicle_id: str, seq: int, revision: int) -> AlertRevision:
    """The revision a rule's change becomes. A position that is no number becomes 0, 0: no fix."""
    return AlertRevision(
        seq=seq,
        alert_id=change.alert_id,
        revision=revision,
        kind=change.kind,
        vehicle_id=vehicle_id,
        vehicle_key=int(change.vehicle_key),
        rule=change.rule,
        level=int(change.level),
        start_ms=int(change.start_ms),
        found_ms=int(change.found_ms),
        end_ms=None if change.end_ms is None else int(change.end_ms),
        longitude_deg=_finite(change.longitude_deg) or 0.0,
        latitude_deg=_finite(change.latitude_deg) or 0.0,
        evidence=change.evidence,
        rulebook_version=change.rulebook_version,
        detail=json.loads(canonical_json(change.detail)),
    )


def body_of(revision: AlertRevision, acknowledgement: Acknowledgement | None) -> dict[str, Any]:
    """The JSON that ``alert_revisions.body`` keeps: the alert in the words of the HTTP API."""
    return {
        "vehicle_id": revision.vehicle_id,
        "rule": revision.rule,
        "level": revision.level,
        "start": iso_text(revision.start_ms),
        "found": iso_text(revision.found_ms),
        "end": None if revision.end_ms is None else iso_text(revision.end_ms),
        "longitude_deg": revision.longitude_deg,
        "latitude_deg": revision.latitude_deg,
        "evidence": revision.evidence,
        "rulebook_version": revision.rulebook_version,
        "detail": revision.detail,
        "acknowledged_at": iso_text(acknowledgement.at) if acknowledgement else None,
        "acknowledged_by": acknowledgement.by if acknowledgement else None,
        "acknowledgement_note": acknowledgement.note if acknowledgement else None,
    }


def content_of(change: EpisodeChange) -> bytes:
    """A digest that is the same for the same change and for no other: replaying a log repeats it."""
    content = [
        change.kind,
        change.rule,
        int(change.level),
        int(change.start_ms),
        int(change.found_ms),
        None if change.end_ms is None else int(change.end_ms),
        float(change.longitude_deg),
        float(change.latitude_deg),
        change.evidence,
        change.rulebook_version,
        change.detail,
    ]
    if change.revised:
        # What late reports bring back to an earlier state is a change of its own.
        content.append(change.revised)
    return blake2b(canonical_json(content).encode(), digest_size=_CONTENT_BYTES).digest()


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces; numpy scalars as numbers, what is no number as null."""
    return json.dumps(
        _plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return _finite(value) if isinstance(value, float) else value


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
