"""Positions of other platforms on their way into blocks: whose they are, which are of use, what is owed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alerts.registry import Terminal
from rules.identity import partitions_of
from stream.exchange import metrics
from stream.exchange.link import ADMIT, KEEP, Link
from stream.exchange.plates import PlateDirectory, PlateKey, RegistryAway, trial_vehicle
from stream.exchange.position_block import NUMERIC, LinkBlockBuilder, LinkPart, LinkReceipt
from stream.gateway.publisher import Publisher
from stream.jt809.positions import Positions

log = logging.getLogger(__name__)

SOURCE_REAL_TIME, SOURCE_HISTORY = 3, 4
_HISTORY_SUB_TYPES = (0x1203, 0x9203)
RETRY_S = 1.0

Keep = Callable[[str, str, bytes], None]
"""Takes what is set aside: link, reason, value."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Shared by all links of a process."""

    publisher: Publisher[LinkPart, LinkReceipt]
    directory: PlateDirectory
    keep: Keep

    async def take(
        self, link: Link, positions: Positions, received_ms: int, own: Mapping[PlateKey, Any]
    ) -> int:
        """Put positions into blocks; returns how many. `own` are the vehicles that we send over this link:
        their positions come from us and are not taken again. Waits while the registry is away and a vehicle
        is not known."""
        keys = positions.vehicle_keys()
        plates = {key: (positions.plate(row), key[-1]) for row, key in enumerate(keys)}
        known = await self._vehicles(set(plates.values()))
        vehicles = [known[plates[key]] for key in keys]
        sound = self._sound(link, positions, [plates[key] in own for key in keys])
        missing = np.fromiter((one is None for one in vehicles), bool, len(vehicles)) & sound
        if missing.any():
            self._unknown(link, positions, [plates[key] for key in keys], missing, vehicles, received_ms)
        rows = np.flatnonzero(sound & np.fromiter((one is not None for one in vehicles), bool, len(vehicles)))
        self._publish(link, positions, rows, [vehicles[row] for row in rows.tolist()], received_ms)  # type: ignore[misc]
        metrics.POSITIONS_IN.labels(link.name).inc(len(rows))
        return len(rows)

    async def _vehicles(self, plates: set[PlateKey]) -> dict[PlateKey, Terminal | None]:
        while True:
            try:
                return self.directory.remembered(plates) or await self.directory.lookup(plates)
            except RegistryAway:
                await asyncio.sleep(RETRY_S)

    def _sound(self, link: Link, positions: Positions, echo: Sequence[bool]) -> NDArray[np.bool_]:
        """Which rows are of use; the others are counted by what is wrong."""
        sound = np.ones(len(positions), bool)
        wrong = {
            "echo": np.array(echo, bool),
            "encrypted_coordinates": positions.encrypted,
            "time": positions.time_ms < 0,
        }
        for reason, rows in wrong.items():
            count = int(np.count_nonzero(rows & sound))
            if count:
                metrics.POSITIONS_REFUSED.labels(link.name, reason).inc(count)
                sound &= ~rows
        return sound

    def _unknown(
        self,
        link: Link,
        positions: Positions,
        plates: Sequence[PlateKey],
        missing: NDArray[np.bool_],
        vehicles: list[Terminal | None],
        received_ms: int,
    ) -> None:
        """Vehicles the registry does not know: admitted, kept or counted, as the link says."""
        rows = np.flatnonzero(missing)
        trials = [trial_vehicle(*plates[row]) for row in rows.tolist()]
        if link.unknown_vehicles == ADMIT:
            for row, trial in zip(rows.tolist(), trials, strict=True):
                vehicles[row] = trial
            return
        metrics.POSITIONS_REFUSED.labels(link.name, "unknown_vehicle").inc(len(rows))
        if link.unknown_vehicles == KEEP:
            names = sorted({f"{trial.plate} ({trial.plate_colour})" for trial in trials})
            reason = f"{len(rows)} positions of vehicles not in the registry: {', '.join(names[:20])}"
            part = _part(link, positions, rows, trials, received_ms)
            builder = LinkBlockBuilder()
            builder.add(part)
            value, _, _ = builder.seal()
            assert value is not None
            self.keep(link.name, reason, value)

    def _publish(
        self,
        link: Link,
        positions: Positions,
        rows: NDArray[np.int64],
        vehicles: Sequence[Terminal],
        received_ms: int,
    ) -> None:
        if not len(rows):
            return
        keys = np.array([one.vehicle_key for one in vehicles], np.int64)
        partitions = partitions_of(keys, self.publisher.partitions)
        for partition in np.unique(partitions).tolist():
            chosen = np.flatnonzero(partitions == partition)
            theirs = [vehicles[at] for at in chosen.tolist()]
            self.publisher.add(partition, _part(link, positions, rows[chosen], theirs, received_ms))


def _part(
    link: Link,
    positions: Positions,
    rows: NDArray[np.int64],
    vehicles: Sequence[Terminal],
    received_ms: int,
) -> LinkPart:
    columns: dict[str, Any] = {name: getattr(positions, name)[rows] for name in NUMERIC}
    history = np.isin(positions.sub_type[rows], _HISTORY_SUB_TYPES)
    columns["source"] = np.where(history, SOURCE_HISTORY, SOURCE_REAL_TIME).astype(np.uint8)
    columns["items"] = [positions.items(row) for row in rows.tolist()]
    times = columns["time_ms"]
    receipt = LinkReceipt(link.name, len(rows), int(times.min()), int(times.max()))
    return LinkPart(columns, vehicles, received_ms, receipt)
