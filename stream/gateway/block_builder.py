"""Gathers the reports of one partition into the columns of one block.

Parts are kept as the numpy columns in which a tick decoded them and are joined once, when the block is
sealed; no report becomes a Python object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rules.blocks import encode_block
from stream.gateway import metrics
from stream.gateway.receipt import Receipt
from stream.gateway.session import Session
from stream.jt808.positions import Positions
from stream.jt808.safety_alarms import SafetyAlarm

_NUMERIC = (
    *("time_ms", "longitude_deg", "latitude_deg", "speed_kmh", "heading_deg", "altitude_m"),
    *("alarm_bits", "status_bits", "mileage_km", "recorder_speed_kmh"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """Some reports of one tick: `rows` of `positions`, the session and serial of each, what is owed, and the
    active-safety alarms of those that have any, by place in `rows`."""

    positions: Positions
    rows: NDArray[np.intp]
    sessions: Sequence[Session]
    serials: Sequence[int]
    source: int
    received_ms: int
    receipts: Sequence[Receipt]
    alarms: Mapping[int, Sequence[SafetyAlarm]] = field(default_factory=dict)


@dataclass(slots=True)
class BlockBuilder:
    """Mutable. One a partition; weighed in rows."""

    parts: list[Part] = field(default_factory=list)
    weight: int = 0

    def add(self, part: Part) -> int:
        """Take a part; returns its rows, which may be none where only receipts are due."""
        self.parts.append(part)
        self.weight += len(part.rows)
        return len(part.rows)

    def seal(self) -> tuple[bytes | None, list[Receipt], int]:
        """Empty the builder: the record value, the receipts due when it is durable, the number of rows."""
        parts, rows = self.parts, self.weight
        self.parts, self.weight = [], 0
        receipts = [receipt for part in parts for receipt in part.receipts]
        if not rows:
            return None, receipts, 0
        metrics.BLOCK_ROWS.observe(rows)
        return encode_block(_columns([part for part in parts if len(part.rows)])), receipts, rows


def _columns(parts: Sequence[Part]) -> dict[str, object]:
    columns: dict[str, object] = {
        name: np.concatenate([getattr(part.positions, name)[part.rows] for part in parts])
        for name in _NUMERIC
    }
    sessions = [session for part in parts for session in part.sessions]
    terminals = [session.known_terminal for session in sessions]
    sizes = [len(part.rows) for part in parts]
    columns["time"] = time_ms = columns.pop("time_ms")
    columns["received"] = np.repeat([part.received_ms for part in parts], sizes)
    columns["vehicle_key"] = np.array([one.vehicle_key for one in terminals], np.int64)
    columns["vehicle_id"] = [one.vehicle_id for one in terminals]
    columns["vehicle_class"] = np.array([one.vehicle_class for one in terminals], np.uint8)
    columns["driver_id"] = _drivers(sessions, time_ms)
    columns["source"] = np.repeat(np.array([part.source for part in parts], np.uint8), sizes)
    columns["serial"] = np.array([serial for part in parts for serial in part.serials], np.uint16)
    columns["items"] = [part.positions.items(row) for part in parts for row in part.rows.tolist()]
    if any(part.alarms for part in parts):
        columns["alarms"] = [part.alarms.get(place, ()) for part in parts for place in range(len(part.rows))]
    return columns


def _drivers(sessions: Sequence[Session], time_ms: object) -> list[str]:
    """A report taken before the last change of cards belongs to the driver before."""
    assert isinstance(time_ms, np.ndarray)
    return [
        session.driver_id if moment >= session.driver_since_ms else session.driver_before
        for session, moment in zip(sessions, time_ms.tolist(), strict=True)
    ]
