"""Active-safety alarms of reports, for column `alarms` of blocks, and what they tell of their terminals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stream.gateway import metrics
from stream.gateway.session import Session
from stream.jt808.alarm_identifier import Dialect
from stream.jt808.oddities import count_oddities
from stream.jt808.positions import Positions
from stream.jt808.safety_alarms import SafetyAlarm, safety_alarms

#: Told that a terminal's active-safety items follow a province's dialect.
Heard = Callable[[Session, int], None]


def alarms_of(
    positions: Positions, rows: NDArray[np.intp], sessions: Sequence[Session], heard: Heard
) -> Mapping[int, list[SafetyAlarm]]:
    """The alarms of those of `rows` that have any, by place in `rows`; `sessions` are theirs."""
    found: dict[int, list[SafetyAlarm]] = {}
    for place in np.flatnonzero(positions.safety[rows]).tolist():
        alarms = safety_alarms(positions.items(int(rows[place])))
        if alarms:
            metrics.SAFETY_ALARMS.inc(len(alarms))
            found[place] = alarms
            if alarms[0].dialect is not Dialect.UNKNOWN:
                heard(sessions[place], int(alarms[0].dialect))
    return found


def count_habits(oddities: NDArray[np.uint32]) -> None:
    """Habits of terminals that are accepted though wrong, by kind."""
    if oddities.any():
        for kind, count in count_oddities(oddities).items():
            metrics.ODDITIES.labels(kind).inc(count)
