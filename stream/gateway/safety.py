"""Active-safety alarms of reports, for column `alarms` of blocks, and what they tell of their terminals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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


def alarms_of(positions: Positions, sessions: Sequence[Session], heard: Heard) -> list[Sequence[SafetyAlarm]]:
    """The alarms of each report; most have none."""
    found: list[Sequence[SafetyAlarm]] = [()] * len(positions)
    for row in np.flatnonzero(positions.safety).tolist():
        alarms = safety_alarms(positions.items(row))
        if alarms:
            metrics.SAFETY_ALARMS.inc(len(alarms))
            found[row] = alarms
            if alarms[0].dialect is not Dialect.UNKNOWN:
                heard(sessions[row], int(alarms[0].dialect))
    return found


def count_habits(oddities: NDArray[np.uint32]) -> None:
    """Habits of terminals that are accepted though wrong, by kind."""
    if oddities.any():
        for kind, count in count_oddities(oddities).items():
            metrics.ODDITIES.labels(kind).inc(count)
