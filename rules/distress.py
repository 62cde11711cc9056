"""The emergency button in reports that the rules set aside: the one thing of them that is told.

A report is set aside when its coordinates, speed or time cannot be. What it says of the drive is worth
nothing then; that its driver pressed the button still is. Each such press is an alert of its own, start =
found = end, and the bit is the same press as long as reports that are set aside keep coming with it. What
other reports of the vehicle say of the button is told beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.arrange import EARLIEST_MS, LATEST_MS, impossible
from rules.change import Disposition, EpisodeChange
from rules.identity import alert_id
from rules.reports import Reports
from rules.rulebook import Rulebook
from rules.terminal_alarms import EMERGENCY, NAMES

RULE = "emergency"
MOST_VEHICLES = 10_000
"""Vehicles remembered as pressing; of more, the half that pressed last. One more alert each is the price."""

Fixes = Mapping[int, tuple[float, float]]
_BUTTON = np.uint32(1 << EMERGENCY)


def pressing(reports: Reports) -> NDArray[np.int64]:
    """Keys of the vehicles in whose reports the button is down; none of most batches."""
    return np.unique(reports.vehicle_key[(reports.alarm_bits & _BUTTON) > 0])


class Distress:
    """Remembers which vehicles are pressing: `last_ms` is the time of the newest such report of each."""

    def __init__(self, last_ms: Mapping[int, int] | None = None) -> None:
        self.last_ms: dict[int, int] = dict(last_ms or {})

    def tell(
        self, reports: Reports, disposition: NDArray[np.uint8], fixes: Fixes, book: Rulebook
    ) -> list[EpisodeChange]:
        """The alerts of n reports that are set aside, in order of time.

        `fixes` has the newest position of the vehicles of `pressing` before these reports, in degrees.
        """
        aside = disposition == Disposition.IMPOSSIBLE
        rows = (aside & ((reports.alarm_bits & _BUTTON) > 0)).nonzero()[0]
        if not len(rows):
            return []
        time_ms = _times_ms(reports.take(rows), book)
        found = []
        for place in np.lexsort((rows, reports.vehicle_key[rows], time_ms)).tolist():
            row, at_ms = int(rows[place]), int(time_ms[place])
            key = int(reports.vehicle_key[row])
            if self._is_new(key, at_ms, round(book.gap_s * 1000)):
                spot = _place(reports, disposition, row, at_ms, fixes)
                found.append(_change(reports, row, at_ms, spot, book))
        self._forget()
        return found

    def _is_new(self, key: int, at_ms: int, hold_ms: int) -> bool:
        last_ms = self.last_ms.get(key)
        self.last_ms[key] = at_ms if last_ms is None else max(at_ms, last_ms)
        return last_ms is None or abs(at_ms - last_ms) > hold_ms

    def _forget(self) -> None:
        if len(self.last_ms) > MOST_VEHICLES:
            newest = sorted(self.last_ms.items(), key=lambda one: (one[1], one[0]))
            self.last_ms = dict(newest[MOST_VEHICLES // 2 :])


def _times_ms(reports: Reports, book: Rulebook) -> NDArray[np.int64]:
    """When it was: as the report says, or when it was received where that cannot be."""
    own, received = reports.time_ms, reports.received_ms
    ahead_ms = round(book.clock_ahead_s * 1000)
    possible = (own >= EARLIEST_MS) & (own < LATEST_MS) & (own <= received + ahead_ms)
    known = (received >= EARLIEST_MS) & (received < LATEST_MS)
    times_ms: NDArray[np.int64] = np.where(~possible & known, received, own)
    return times_ms


def _reason(reports: Reports, row: int, book: Rulebook) -> str:
    """Why the report was set aside."""
    reasons: Counter[str] = Counter()
    impossible(book, reports.take(slice(row, row + 1)), reasons)
    return next(iter(reasons), "")


def _place(
    reports: Reports, disposition: NDArray[np.uint8], row: int, at_ms: int, fixes: Fixes
) -> tuple[float, float]:
    """Where to show it: what the report says where that can be, else the vehicle's newest fix before it; 0, 0
    where none is known."""
    x, y = float(reports.longitude_deg[row]), float(reports.latitude_deg[row])
    if reports.positioned[row] and abs(x) <= 180 and abs(y) <= 90:
        return x, y
    key = reports.vehicle_key[row]
    mine = (reports.vehicle_key == key) & reports.positioned & (disposition <= Disposition.TIE)
    before = (mine & (reports.time_ms <= at_ms)).nonzero()[0]
    if len(before):
        newest = before[np.argmax(reports.time_ms[before])]
        return float(reports.longitude_deg[newest]), float(reports.latitude_deg[newest])
    return fixes.get(int(key), (0.0, 0.0))


def _change(
    reports: Reports, row: int, at_ms: int, spot: tuple[float, float], book: Rulebook
) -> EpisodeChange:
    key = int(reports.vehicle_key[row])
    name, chinese, english = NAMES[EMERGENCY]
    detail: dict[str, Any] = {"bit": EMERGENCY, "alarm": name, "alarm_zh": chinese, "alarm_en": english}
    detail["set_aside"] = _reason(reports, row, book)
    return EpisodeChange(
        alert_id=alert_id(key, RULE, at_ms, "set_aside"),
        vehicle_key=key,
        rule=RULE,
        level=int(book.for_class("emergency_level", int(reports.vehicle_class[row])) or 1),
        kind="close",
        start_ms=at_ms,
        found_ms=at_ms,
        end_ms=at_ms,
        longitude_deg=spot[0],
        latitude_deg=spot[1],
        evidence="complete",
        rulebook_version=book.version,
        detail=detail,
    )
