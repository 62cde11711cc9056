"""The snapshot of an engine that puts disorder right: the settled engine's, the tail, the alerts between."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa

from rules import alarm_column
from rules.change import EpisodeChange
from rules.records import NONE
from rules.reports import COLUMN_TYPES, Reports
from rules.saved_state import SnapshotError, decode, encode

SCHEMA_NAME = "timely-snapshot"
VERSION = 1

_TOLD = [field.name for field in fields(EpisodeChange)]


@dataclass(frozen=True, slots=True)
class SavedTail:
    """What a snapshot holds."""

    settled: bytes
    tail: Reports
    base: list[EpisodeChange]
    revised: Counter[str]
    distress: dict[int, int]
    heard_ms: tuple[int, int]  # as `rules.hearing.Hearing` takes them


def dump(
    settled: bytes,
    tail: Reports,
    base: Iterable[EpisodeChange],
    revised: Counter[str],
    distress: Mapping[int, int],
    heard_ms: tuple[int, int],
) -> bytes:
    """As one Arrow record batch: a row a report of the tail, the rest in the schema's metadata."""
    arrays = [pa.array(getattr(tail, name)) for name in COLUMN_TYPES]
    batch = pa.RecordBatch.from_arrays(
        [*arrays, alarm_column.encode(len(tail), tail.safety)], names=[*COLUMN_TYPES, "alarms"]
    )
    alerts = [{name: getattr(one, name) for name in _TOLD} for one in base]
    told = {"base": alerts, "revised": revised, "distress": dict(distress), "heard_ms": heard_ms}
    about: dict[str, bytes | str] = {
        "settled": settled,
        "told": json.dumps(told, ensure_ascii=False, default=_plain),
    }
    return encode(batch, SCHEMA_NAME, VERSION, about)


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} in an alert's detail")


def load(data: bytes) -> SavedTail:
    """Read a snapshot.

    Raises
    ------
    SnapshotError
        The data is no such snapshot, or of a version this program does not read.
    """
    batch, about = decode(data, SCHEMA_NAME, VERSION)
    try:
        told = json.loads(about["told"])
        columns: dict[str, Any] = {
            column: batch.column(column).to_numpy(zero_copy_only=False) for column in COLUMN_TYPES
        }
        tail = Reports(**columns, safety=alarm_column.decode(batch.column("alarms")))
        base = [EpisodeChange(**one) for one in told["base"]]
        distress = {int(key): int(ms) for key, ms in told.get("distress", {}).items()}
        newest_ms, since_ms = told.get("heard_ms", (NONE, NONE))
        return SavedTail(
            about["settled"],
            tail,
            base,
            Counter(told["revised"]),
            distress,
            (int(newest_ms), int(since_ms)),
        )
    except (KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise SnapshotError(f"damaged snapshot: {error!r}") from error
