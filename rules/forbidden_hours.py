"""Forbidden hours: a class of vehicles must not run at some hours of the day, exempt vehicles excepted.

Running is a speed over `forbidden_hours_speed_kmh` for `forbidden_hours_min_s` without a break. In the time
before, a running vehicle is reminded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.distance import haversine_m
from geo.kept import kept
from geo.kernel import kernel
from geo.route import Route
from geo.zone import parse_hours
from rules.exemption import Exemption
from rules.finding import seconds
from rules.identity import vehicle_key
from rules.local_time import DAY_MS, OFFSET_MS
from rules.rulebook import CLASS_CODES, Rulebook
from rules.telling import Told
from rules.vehicle_class import NAME_OF_CODE

FREE, SOON, FORBIDDEN = range(3)
MINUTE_MS = 60_000
_MINUTES = DAY_MS // MINUTE_MS
_ALWAYS_MS = np.iinfo(np.int64).min, np.iinfo(np.int64).max


@kept
def hours_table(book: Rulebook) -> NDArray[np.uint8]:
    """What each minute of the day (columns) is for each class (rows): free, soon forbidden, or forbidden."""
    table = np.zeros((CLASS_CODES, _MINUTES), np.uint8)
    lead_min = np.ceil(book.by_class("forbidden_hours_lead_s") / 60).astype(np.int64)
    for code in range(CLASS_CODES):
        hours = book.for_class("forbidden_hours", code)
        for start, end in parse_hours(hours) if hours else ():
            length = (end - start) % _MINUTES or _MINUTES
            soon = (start - np.arange(1, min(int(lead_min[code]), _MINUTES - length) + 1)) % _MINUTES
            table[code, soon] = np.maximum(table[code, soon], SOON)
            table[code, (start + np.arange(length)) % _MINUTES] = FORBIDDEN
    return table


@kernel
def hours_of(table: Any, vehicle_class: int, time_ms: int) -> int:
    """What the minute of a time is for a class."""
    return int(table[vehicle_class, (time_ms + OFFSET_MS) % DAY_MS // MINUTE_MS])


class Spans(NamedTuple):
    """When vehicle rows are exempt: row r from `from_ms[i]` to before `until_ms[i]`, for the `number[r]`
    values of i from `first[r]` on."""

    first: NDArray[np.int32]
    number: NDArray[np.int32]
    from_ms: NDArray[np.int64]
    until_ms: NDArray[np.int64]


@kernel
def is_exempt(spans: Any, row: int, time_ms: int) -> bool:
    """Whether a vehicle row is exempt at a time."""
    for one in range(spans.first[row], spans.first[row] + spans.number[row]):
        if spans.from_ms[one] <= time_ms < spans.until_ms[one]:
            return True
    return False


@kept
def _exempt_spans(
    book: Rulebook, routes: Sequence[Route]
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[int, tuple[int, int]]]:
    """All spans, from and until, and by vehicle key the first of its own and their number."""
    spans_of: dict[int, list[tuple[int, int]]] = {}
    for one in book.exemptions:
        span = (
            _ALWAYS_MS[0] if one.from_ms is None else one.from_ms,
            _ALWAYS_MS[1] if one.until_ms is None else one.until_ms,
        )
        for vehicle in _freed(one, routes, book.forbidden_hours_exempt_km):
            spans_of.setdefault(vehicle_key(vehicle), []).append(span)
    spans = [span for some in spans_of.values() for span in some]
    times = np.array(spans, np.int64).reshape(-1, 2)
    of_key: dict[int, tuple[int, int]] = {}
    listed = 0
    for key, some in spans_of.items():
        of_key[key] = listed, len(some)
        listed += len(some)
    return times[:, 0].copy(), times[:, 1].copy(), of_key


class Exempt:
    """Who is exempt, and when, by the rulebook and the routes it refers to."""

    def __init__(self, book: Rulebook, routes: Sequence[Route]) -> None:
        from_ms, until_ms, self._of_key = _exempt_spans(book, routes)
        nobody = np.empty(0, np.int32)
        self.spans = Spans(nobody, nobody, from_ms, until_ms)

    def follow(self, keys: NDArray[np.int64]) -> None:
        """Look the vehicles up that are new among the keys of all rows."""
        new = keys[len(self.spans.first) :]
        if len(new):
            found = np.zeros((len(new), 2), np.int32)
            if self._of_key:
                found[:] = [self._of_key.get(key, (0, 0)) for key in new.tolist()]
            first = np.append(self.spans.first, found[:, 0])
            self.spans = self.spans._replace(first=first, number=np.append(self.spans.number, found[:, 1]))


def _freed(one: Exemption, routes: Sequence[Route], most_km: float) -> list[str]:
    """The vehicles that an exemption frees: of a short line only where it is short."""
    vehicles = list(one.vehicles) if one.kind != "short_line" or (one.one_way_km or 0) <= most_km else []
    for route in routes:
        if route.id not in one.routes:
            continue
        x, y = route.line.T
        drawn_km = float(haversine_m(x[:-1], y[:-1], x[1:], y[1:]).sum()) / 1000
        length_km = drawn_km if one.one_way_km is None else one.one_way_km
        if one.kind != "short_line" or length_km <= most_km:
            vehicles += route.vehicles
    return vehicles


def describe(finding: Any, level: int, book: Rulebook, reminder: bool) -> Told:
    """A finding in words."""
    code = finding.vehicle_class
    detail: dict[str, Any] = {
        "forbidden_hours": book.for_class("forbidden_hours", code),
        "vehicle_class": NAME_OF_CODE.get(code, "unknown"),
        "max_speed_kmh": finding.a,
    }
    if not reminder:
        detail["distance_m"] = round(finding.b, 1)
        detail["min_s"] = seconds(book.for_class("forbidden_hours_min_s", code) * 1000)
    return Told(level, detail)
