"""What an engine tells the world: the fate of each report, and the changes of episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Disposition(IntEnum):
    """What became of a report."""

    FRESH = 0  # newer than every known report of its vehicle; evaluated
    TIE = 1  # of the same time as the newest, with other content; evaluated
    DUPLICATE = 2  # an exact copy of one already evaluated
    LATE = 3  # older than the newest; to be stored, not evaluated
    IMPOSSIBLE = 4  # time, position or speed that cannot be; set aside


@dataclass(frozen=True, slots=True)
class EpisodeChange:
    """One change of one episode; the last change of an alert_id is the episode's state.

    `kind` is "open", "update" or "close"; an instant finding is one "close" with start = found = end.
    Times are milliseconds since 1970 UTC; `end_ms` is None while the episode goes on. The position is where
    the episode was found. `level` runs from 1 (gravest) to 3; `detail` holds the rule's own fields.
    `revised` counts how often late reports changed what was told of it; then "withdraw" is a kind, too: in
    their light there was no such episode.
    """

    alert_id: str
    vehicle_key: int
    rule: str
    level: int
    kind: str
    start_ms: int
    found_ms: int
    end_ms: int | None
    longitude_deg: float
    latitude_deg: float
    evidence: str
    rulebook_version: str
    detail: dict[str, Any]
    revised: int = 0


_Draft: Any = make_dataclass("_Draft", [one.name for one in fields(EpisodeChange)], slots=True)


def made_quickly(*values: Any) -> EpisodeChange:
    """A change that no late report revised, of the values of all fields but `revised`, in their order.

    A frozen dataclass takes six times as long to make, as it sets each field by a call.
    """
    draft = _Draft(*values, 0)
    draft.__class__ = EpisodeChange
    return draft  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class AlarmFiling:
    """A raw active-safety alarm to be kept, and the alert it was merged into.

    Every alarm of every report is filed, exact copies of reports apart; `alert_id` is None where no rule made
    an alert of it (events such as a periodic photo, reports that come late or are impossible). The fields are
    those of `rules.safety.SafetyAlarms`; `fused_alert_id` is the combined risk it is part of; `time_ms` is
    the report's where the alarm has none of its own.
    """

    vehicle_key: int
    identifier: bytes
    alert_id: str | None
    peripheral: int
    dialect: int
    event: int
    terminal_alarm_id: int
    flag: int
    level: int
    degree: int
    speed_kmh: int
    longitude_deg: float
    latitude_deg: float
    time_ms: int
    attachments: int
    tyre_bits: int = 0
    tyres: int = 0
    fused_alert_id: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of one batch: a `Disposition` for each of the n input rows, the changes in order, and the raw
    alarms to be kept.

    An engine gives `rules.changes.Changes`, which makes each change when it is looked at, each time: who
    looks twice takes a list of them.
    """

    disposition: NDArray[np.uint8]
    changes: Sequence[EpisodeChange]
    alarms: list[AlarmFiling] = field(default_factory=list)
