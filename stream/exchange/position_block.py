"""Gathers positions that came over links into the columns of one block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.registry import Terminal
from rules.blocks import encode_block
from stream.jt808.safety_alarms import SafetyAlarm, safety_alarms

NUMERIC = (
    *("time_ms", "longitude_deg", "latitude_deg", "speed_kmh", "heading_deg", "altitude_m"),
    *("alarm_bits", "status_bits", "mileage_km", "recorder_speed_kmh"),
)
"""Columns as the bulk decoder names them; `time_ms` is `time` in a block."""

_SAFETY_ITEMS = (b"\x64", b"\x65", b"\x66", b"\x67")
"""Without one of these bytes no such item can be among the items."""


@dataclass(frozen=True, slots=True)
class LinkReceipt:
    """Positions of a link that became durable: how many, and the earliest and latest of their times."""

    link: str
    positions: int
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True)
class LinkPart:
    """Some positions of one read of a link, all of one partition. `columns` hold those of `NUMERIC`,
    `source`, and `items` (a sequence of bytes); `vehicles` is each row's vehicle."""

    columns: Mapping[str, Any]
    vehicles: Sequence[Terminal]
    received_ms: int
    receipt: LinkReceipt


@dataclass(slots=True)
class LinkBlockBuilder:
    """Mutable. One a partition; weighed in rows."""

    parts: list[LinkPart] = field(default_factory=list)
    weight: int = 0

    def add(self, part: LinkPart) -> int:
        """Put positions behind those that are there; returns how many."""
        self.parts.append(part)
        self.weight += len(part.vehicles)
        return len(part.vehicles)

    def seal(self) -> tuple[bytes | None, list[LinkReceipt], int]:
        """Empty the builder: the record value, the receipts due when it is durable, the number of rows."""
        parts, rows = self.parts, self.weight
        self.parts, self.weight = [], 0
        receipts = [part.receipt for part in parts]
        return encode_block(_columns(parts)) if rows else None, receipts, rows


def _columns(parts: Sequence[LinkPart]) -> dict[str, Any]:
    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([part.columns[name] for part in parts])

    columns: dict[str, Any] = {name: joined(name) for name in (*NUMERIC, "source")}
    vehicles = [one for part in parts for one in part.vehicles]
    columns["time"] = columns.pop("time_ms")
    columns["received"] = np.repeat(
        [part.received_ms for part in parts], [len(part.vehicles) for part in parts]
    )
    columns["vehicle_key"] = np.array([one.vehicle_key for one in vehicles], np.int64)
    columns["vehicle_id"] = [one.vehicle_id for one in vehicles]
    columns["vehicle_class"] = np.array([one.vehicle_class for one in vehicles], np.uint8)
    columns["driver_id"] = [one.driver_id for one in vehicles]
    columns["serial"] = np.zeros(len(vehicles), np.uint16)
    columns["items"] = items = [one for part in parts for one in part.columns["items"]]
    columns["alarms"] = [_alarms(one) for one in items]
    return columns


def _alarms(items: bytes) -> list[SafetyAlarm]:
    """Active-safety alarms (2019 carries the terminal's items). Their files are the other platform's matter:
    its terminals are not ours to ask."""
    if not any(item in items for item in _SAFETY_ITEMS):
        return []
    return [replace(one, attachments=0) for one in safety_alarms(items)]
