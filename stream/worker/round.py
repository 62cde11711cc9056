"""Evaluating one partition's share of a round."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.blocks import Block, BlockError, decode_block
from rules.change import AlarmFiling, Disposition
from rules.engine import EpisodeChange, Outcome
from rules.reports import Reports
from rules.rulebook import RulebookError
from rules.rulebook_record import decode_rulebook, is_rulebook
from rules.timely import Timely
from stream.worker import lateness, metrics
from stream.worker.history import Window
from stream.worker.partition import Partition

log = logging.getLogger(__name__)

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
    windows: Mapping[int, Window]


def evaluate(partition: Partition, records: Sequence[Record]) -> Evaluated:
    """Run the rules over records that come next in the partition. What lies before `written_offset` moves
    the state and is then forgotten, because the database has it."""
    written = [record for record in records if record.offset < partition.written_offset]
    for part in _parts(written):
        blocks, _ = _read(part.records)
        partition.engine.process(Reports.concat([block.reports for block in blocks]))
        _switch(partition, part)
    # What came too late before was noted with what is written, and who was silent was told with it.
    partition.engine.take_history()
    if written:
        partition.engine.silences()

    blocks, dead_letters, outcomes = [], [], []
    for part in _parts(records[len(written) :]):
        read, letters = _read(part.records)
        outcomes.append(_process(partition.engine, Reports.concat([block.reports for block in read])))
        blocks += read
        dead_letters += letters + _switch(partition, part)
    reports = Reports.concat([block.reports for block in blocks])
    disposition = np.concatenate([np.empty(0, np.uint8), *(one.disposition for one in outcomes)])
    changes = [change for one in outcomes for change in one.changes]
    late = [*lateness.late_changes(partition), *partition.engine.silences()]
    alarms = [alarm for one in outcomes for alarm in one.alarms]
    _count(blocks, disposition)
    keys = {*_keys(changes), *_keys(late), *_keys(alarms)}
    ids = _named(partition, blocks, reports, disposition, keys)
    return Evaluated(
        partition,
        records[-1].offset + 1 if records else partition.expected_offset,
        reports,
        disposition,
        [*changes, *late],
        alarms,
        ids,
        dead_letters,
        int(reports.received_ms.min()) if len(reports) else 0,
        {
            key: Window(key, ids[key], partition.number, *times)
            for key, times in partition.engine.take_history().items()
            if key in ids
        },
    )


def _keys(caused: Sequence[EpisodeChange] | Sequence[AlarmFiling]) -> set[int]:
    return {one.vehicle_key for one in caused}


def _process(engine: Timely, reports: Reports) -> Outcome:
    refused, ignored = Counter(engine.refused), engine.zones_ignored
    outcome = engine.process(reports)
    for reason, count in (engine.refused - refused).items():
        metrics.IMPOSSIBLE.labels(reason).inc(count)
    metrics.ZONES_IGNORED.inc(engine.zones_ignored - ignored)
    return outcome


@dataclass(slots=True)
class Part:
    """Records of reports, and the rulebook that was handed over behind them, if any."""

    records: list[Record]
    rulebook: Record | None = None


def _parts(records: Sequence[Record]) -> list[Part]:
    """Records cut behind each handing over of a rulebook: it counts from exactly that offset on."""
    parts = []
    part = Part([])
    for record in records:
        if is_rulebook(record.value):
            part.rulebook = record
            parts.append(part)
            part = Part([])
        else:
            part.records.append(record)
    return [*parts, part] if part.records else parts


def _switch(partition: Partition, part: Part) -> list[DeadLetter]:
    """Go on with the rulebook handed over; one that cannot be read is a dead letter and changes nothing."""
    record = part.rulebook
    if record is None:
        return []
    try:
        rulebook = decode_rulebook(record.value)
    except RulebookError as error:
        log.error("partition %d: rulebook at offset %d: %s", record.partition, record.offset, error)
        return [DeadLetter(record.partition, record.offset, str(error), record.value)]
    before = partition.engine.rulebook.version
    partition.engine = partition.engine.switched(rulebook)
    log.info("partition %d: from offset %d on rulebook %s, before %s",
             record.partition, record.offset + 1, rulebook.version, before)  # fmt: skip
    metrics.RULEBOOKS.inc()
    return []


def _read(records: Sequence[Record]) -> tuple[list[Block], list[DeadLetter]]:
    blocks, dead_letters = [], []
    for record in records:
        try:
            blocks.append(decode_block(record.value))
        except BlockError as error:
            dead_letters.append(DeadLetter(record.partition, record.offset, str(error), record.value))
    return blocks, dead_letters


def _named(
    partition: Partition,
    blocks: Sequence[Block],
    reports: Reports,
    disposition: NDArray[np.uint8],
    keys: Iterable[int],
) -> dict[int, str]:
    """Names of the vehicles that something is told of, as far as reports of this round or late ones gave
    them. A driver who takes another vehicle ends what goes on in one that may not have reported at all."""
    late = reports.vehicle_key[disposition == Disposition.LATE].tolist()
    ids = partition.names | _vehicle_ids(blocks, reports, {*keys, *late})
    partition.names = {key: ids[key] for key in (*partition.names, *late)} if partition.engine.late else {}
    return ids


def _vehicle_ids(blocks: Sequence[Block], reports: Reports, keys: Iterable[int]) -> dict[int, str]:
    starts = np.cumsum([0] + [len(block.reports) for block in blocks])
    ids = {}
    for key in keys:
        rows = np.flatnonzero(reports.vehicle_key == key)
        if len(rows):
            block = int(np.searchsorted(starts, rows[0], side="right")) - 1
            ids[key] = blocks[block].table["vehicle_id"][int(rows[0] - starts[block])].as_py()
    return ids


def _count(blocks: Sequence[Block], disposition: NDArray[np.uint8]) -> None:
    metrics.BLOCKS.inc(len(blocks))
    for block in blocks:
        metrics.BLOCK_ROWS.observe(len(block.reports))
    counts = np.bincount(disposition, minlength=len(DISPOSITIONS))
    for name, count in zip(DISPOSITIONS, counts.tolist(), strict=True):
        metrics.REPORTS.labels(name).inc(count)
