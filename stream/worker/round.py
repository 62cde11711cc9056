"""Evaluating one partition's share of a round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.blocks import Block, BlockError, decode_block
from rules.change import AlarmFiling
from rules.engine import EpisodeChange
from rules.reports import Reports
from stream.worker import metrics
from stream.worker.partition import Partition

DISPOSITIONS = ("fresh", "tie", "duplicate", "late", "impossible")


@dataclass(frozen=True, slots=True)
class Record:
    """One Kafka record of the telemetry topic."""

    partition: int
    offset: int
    value: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record nobody can read, kept with the reason so that it can be looked at and sent again."""

    partition: int
    offset: int
    reason: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What one partition's records of a round caused. Empty where all of it was written before a crash."""

    partition: Partition
    next_offset: int
    reports: Reports
    disposition: NDArray[np.uint8]
    changes: Sequence[EpisodeChange]
    alarms: Sequence[AlarmFiling]
    vehicle_ids: dict[int, str]
    dead_letters: Sequence[DeadLetter]
    oldest_received_ms: int


def evaluate(partition: Partition, records: Sequence[Record]) -> Evaluated:
    """Run the rules over records that come next in the partition. What lies before `written_offset` moves
    the state and is then forgotten, because the database has it."""
    written = [record for record in records if record.offset < partition.written_offset]
    if written:
        blocks, _ = _read(written)
        partition.engine.process(Reports.concat([block.reports for block in blocks]))

    blocks, dead_letters = _read(records[len(written) :])
    reports = Reports.concat([block.reports for block in blocks])
    engine = partition.engine
    refused, ignored = Counter(engine.refused), engine.zones_ignored
    outcome = engine.process(reports)
    _count(blocks, outcome.disposition)
    for reason, count in (engine.refused - refused).items():
        metrics.IMPOSSIBLE.labels(reason).inc(count)
    metrics.ZONES_IGNORED.inc(engine.zones_ignored - ignored)
    return Evaluated(
        partition,
        records[-1].offset + 1,
        reports,
        outcome.disposition,
        outcome.changes,
        outcome.alarms,
        _vehicle_ids(blocks, reports, (*outcome.changes, *outcome.alarms)),
        dead_letters,
        int(reports.received_ms.min()) if len(reports) else 0,
    )


def _read(records: Sequence[Record]) -> tuple[list[Block], list[DeadLetter]]:
    blocks, dead_letters = [], []
    for record in records:
        try:
            blocks.append(decode_block(record.value))
        except BlockError as error:
            dead_letters.append(DeadLetter(record.partition, record.offset, str(error), record.value))
    return blocks, dead_letters


def _vehicle_ids(
    blocks: Sequence[Block], reports: Reports, caused: Sequence[EpisodeChange | AlarmFiling]
) -> dict[int, str]:
    """Names of the vehicles that have changes or alarms: a report of the same round always caused them."""
    if not caused:
        return {}
    starts = np.cumsum([0] + [len(block.reports) for block in blocks])
    ids = {}
    for key in {one.vehicle_key for one in caused}:
        row = int(np.flatnonzero(reports.vehicle_key == key)[0])
        block = int(np.searchsorted(starts, row, side="right")) - 1
        ids[key] = blocks[block].table["vehicle_id"][row - int(starts[block])].as_py()
    return ids


def _count(blocks: Sequence[Block], disposition: NDArray[np.uint8]) -> None:
    metrics.BLOCKS.inc(len(blocks))
    for block in blocks:
        metrics.BLOCK_ROWS.observe(len(block.reports))
    counts = np.bincount(disposition, minlength=len(DISPOSITIONS))
    for name, count in zip(DISPOSITIONS, counts.tolist(), strict=True):
        metrics.REPORTS.labels(name).inc(count)
