"""The hours of a driver, as the state of the rules holds them: when the next limit can be exceeded."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from rules.fatigue_clocks import PLAN
from rules.fatigue_episodes import CONTINUOUS, DAY, LONG, NIGHT, RULES, SHORT
from rules.local_time import DAY_MS, OFFSET_MS
from rules.parameters import compile_parameters
from rules.records import NONE
from rules.rulebook import Rulebook

HOURS_RULES = frozenset((*RULES, *(f"{rule}_pre" for rule in RULES)))
"""Every rule that goes by the hours of a driver."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What can be said of a driver's hours after his newest report: times in ms since 1970 UTC.

    `idle_ms` is since when he has not been seen to drive, his newest report where he drives; before
    `excess_ms` no limit that is not exceeded yet, and no pre-alarm's, can be.
    """

    last_ms: int
    idle_ms: int
    excess_ms: int


def outlook(driver: Any, book: Rulebook, classes: Collection[int], going_on: Collection[str]) -> Outlook:
    """The outlook from a driver's record (`rules.fatigue_clocks.DRIVER_LAYOUT`), if he goes on to drive
    vehicles of these classes at most, and while alerts of these rules go on."""
    last_ms, stop_ms = int(driver["last_ms"]), int(driver["stop_ms"])
    idle_ms = last_ms if stop_ms == NONE else stop_ms
    parameters = compile_parameters(book, PLAN)
    earliest = [
        _next_ms(one, last_ms, going_on)
        for code in classes
        for one in _sums(driver, parameters[code], last_ms, idle_ms)
    ]
    return Outlook(last_ms, idle_ms, min(earliest, default=last_ms + DAY_MS))


@dataclass(frozen=True, slots=True)
class _Sum:
    """What a rule adds up, `driven_ms` as of its last test; it is 0 or more at `from_ms` and grows with time
    at most, or begins anew at `anew_ms`."""

    rule: str
    driven_ms: int
    from_ms: int
    anew_ms: int
    near_ms: int
    limit_ms: int


def _sums(d: Any, p: Any, last_ms: int, idle_ms: int) -> Iterator[_Sum]:
    """The sums that a class has limits for."""

    def made(what: int, driven_ms: int, from_ms: int, anew_ms: int, limit: str) -> _Sum:
        limit_ms = int(p[limit])
        return _Sum(RULES[what], driven_ms, from_ms, anew_ms, limit_ms - int(p["pre_ms"]), limit_ms)

    if p["continuous_ms"] > 0:
        clock_ms = int(d["clock_ms"])
        # The clock runs on through short stops, but is tested by driving only.
        driven_ms = 0 if clock_ms == NONE else idle_ms - clock_ms
        since_ms = last_ms if clock_ms == NONE else clock_ms
        yield made(CONTINUOUS, driven_ms, since_ms, last_ms + int(p["rest_ms"]), "continuous_ms")
    if p["night_ms"] > 0:
        morning_ms = _before(last_ms, int(p["night_to_ms"]))
        evening_ms = morning_ms + DAY_MS - int(p["night_to_ms"] - p["night_from_ms"]) % DAY_MS
        driven_ms = int(d["night_ms"]) if d["night_start_ms"] >= morning_ms else 0
        since_ms = max(last_ms, evening_ms) - driven_ms
        yield made(NIGHT, driven_ms, since_ms, evening_ms + DAY_MS, "night_ms")
    if p["day_ms"] > 0:
        midnight_ms = _before(last_ms, 0)
        driven_ms = int(d["day_ms"]) if d["day"] == (midnight_ms + OFFSET_MS) // DAY_MS else 0
        yield made(DAY, driven_ms, last_ms - driven_ms, midnight_ms + DAY_MS, "day_ms")
    for what, limit in ((SHORT, "short_ms"), (LONG, "long_ms")):
        if p[limit] > 0:
            driven_ms = int(d[limit])
            yield made(what, driven_ms, last_ms - driven_ms, last_ms, limit)


def _next_ms(one: _Sum, last_ms: int, going_on: Collection[str]) -> int:
    """When the pre-alarm or the limit can be found next. What is over its limit and not told, since the
    driver has left the vehicle of which it was, is found as soon as he drives another one."""
    if one.driven_ms < one.near_ms:
        return one.from_ms + one.near_ms
    if one.driven_ms <= one.limit_ms:
        told = f"{one.rule}_pre" in going_on or one.rule in going_on or one.near_ms == one.limit_ms
        return one.from_ms + one.limit_ms if told else last_ms
    return one.anew_ms + one.near_ms if one.rule in going_on else last_ms


def _before(time_ms: int, hour_ms: int) -> int:
    """The newest time of day (Asia/Shanghai) before a moment, as the clocks take it."""
    return int(time_ms - 1 - (time_ms - 1 + OFFSET_MS - hour_ms) % DAY_MS)
