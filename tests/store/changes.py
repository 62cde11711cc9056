"""Alert changes as the engine gives them, made up."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

START_MS = 1_795_000_000_000
VEHICLE_IDS = {1: "苏A10001", 2: "苏A10002", 3: "苏A10003"}


@dataclass(frozen=True)
class Change:
    """The fields of ``rules.engine.EpisodeChange``."""

    alert_id: str
    vehicle_key: int = 1
    rule: str = "speeding"
    level: int = 2
    kind: str = "open"
    start_ms: int = START_MS
    found_ms: int = START_MS + 30_000
    end_ms: int | None = None
    longitude_deg: float = 118.8
    latitude_deg: float = 32.1
    evidence: str = "complete"
    rulebook_version: str = "1"
    detail: dict[str, Any] = field(default_factory=lambda: {"max_speed_kmh": 93.5, "limit_kmh": 80})
    revised: int = 0


def alert_id(number: int) -> str:
    return str(uuid.UUID(int=number + 1))
