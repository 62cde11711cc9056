"""Gathers the reports of one partition for one block, and decodes them when the block is sealed.

Until then a report is its bytes: one pass over all of a block costs a fraction of a pass each tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np

from rules.blocks import encode_block
from stream.gateway import metrics
from stream.gateway.receipt import Owed
from stream.gateway.safety import Heard, alarms_of, count_habits
from stream.gateway.session import Session
from stream.jt808.positions import BASE_BYTES, Positions, decode_position_bodies

_NUMERIC = (
    *("longitude_deg", "latitude_deg", "speed_kmh", "heading_deg", "altitude_m"),
    *("alarm_bits", "status_bits", "mileage_km", "recorder_speed_kmh"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some reports that came together: the session and serial of each, its 0x0200 body of at least
    `BASE_BYTES`, and what is owed for them."""

    sessions: list[Session]
    serials: list[int]
    bodies: list[bytes]
    source: int
    received_ms: int
    owed: Owed


@dataclass(slots=True)
class BlockBuilder:
    """Mutable. One a partition; weighed in rows."""

    heard: Heard
    parts: list[Part] = field(default_factory=list)
    weight: int = 0

    def add(self, part: Part) -> int:
        """Take a part; returns its rows, which may be none where only answers are due."""
        self.parts.append(part)
        self.weight += len(part.bodies)
        return len(part.bodies)

    def seal(self) -> tuple[bytes | None, list[Owed], int]:
        """Empty the builder: the record value, the answers due when it is durable, the number of rows."""
        parts, rows = self.parts, self.weight
        self.parts, self.weight = [], 0
        owed = [part.owed for part in parts]
        if not rows:
            return None, owed, 0
        metrics.BLOCK_ROWS.observe(rows)
        return encode_block(_columns(parts, self.heard)), owed, rows


def _columns(parts: Sequence[Part], heard: Heard) -> dict[str, object]:
    bodies = list(chain.from_iterable([part.bodies for part in parts]))
    sessions = list(chain.from_iterable([part.sessions for part in parts]))
    positions = decode_position_bodies(bodies)
    count_habits(positions.oddities)
    columns: dict[str, object] = {name: getattr(positions, name) for name in _NUMERIC}
    terminals = [session.known_terminal for session in sessions]
    sizes = [len(part.bodies) for part in parts]
    columns["time"] = positions.time_ms
    columns["received"] = np.repeat([part.received_ms for part in parts], sizes)
    columns["vehicle_key"] = np.array([one.vehicle_key for one in terminals], np.int64)
    columns["vehicle_id"] = [one.vehicle_id for one in terminals]
    columns["vehicle_class"] = np.array([one.vehicle_class for one in terminals], np.uint8)
    columns["driver_id"] = _drivers(sessions, positions)
    columns["source"] = np.repeat(np.array([part.source for part in parts], np.uint8), sizes)
    columns["serial"] = np.fromiter(chain.from_iterable([part.serials for part in parts]), np.uint16)
    columns["items"] = [body[BASE_BYTES:] for body in bodies]
    if positions.safety.any():
        columns["alarms"] = alarms_of(positions, sessions, heard)
    return columns


def _drivers(sessions: Sequence[Session], positions: Positions) -> list[str]:
    """A report taken before the last change of cards belongs to the driver before."""
    return [
        session.driver_id if moment >= session.driver_since_ms else session.driver_before
        for session, moment in zip(sessions, positions.time_ms.tolist(), strict=True)
    ]
