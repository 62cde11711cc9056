"""Filing raw active-safety alarms: each is kept, whatever became of its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from rules.change import AlarmFiling, Disposition
from rules.reports import Reports
from rules.safety import COLUMN_TYPES as SAFETY_COLUMNS
from rules.safety import NO_TIME

_SAID = [
    field.name for field in fields(AlarmFiling) if field.name in SAFETY_COLUMNS and field.name != "time_ms"
]


def filings(
    reports: Reports,
    disposition: NDArray[np.uint8],
    merged: Mapping[int, str],
    fused: Mapping[int, str],
) -> list[AlarmFiling]:
    """The alarms of n reports, those of exact copies left out; `merged` and `fused` name the alert and the
    combined risk of some of them."""
    alarms = reports.safety
    if not len(alarms):
        return []
    time_ms = np.where(alarms.time_ms == NO_TIME, reports.time_ms[alarms.row], alarms.time_ms)
    columns = {name: getattr(alarms, name).tolist() for name in _SAID}
    keys = reports.vehicle_key[alarms.row].tolist()
    kept = disposition[alarms.row] != Disposition.DUPLICATE
    return [
        AlarmFiling(
            vehicle_key=keys[one],
            alert_id=merged.get(one),
            fused_alert_id=fused.get(one),
            time_ms=int(time_ms[one]),
            **{name: column[one] for name, column in columns.items()},
        )
        for one in kept.nonzero()[0].tolist()
    ]
