"""The truth about what single reports show: alarm bits, forbidden hours, and data that cannot be right."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulators.events import Event
from simulators.limits import (
    BAN_BEGINS_S,
    BAN_COUNTS_AFTER_S,
    BAN_ENDS_S,
    BAN_REMINDER_S,
    BAN_SPEED_KMH,
    CHINA_OFFSET_S,
    DAY_S,
    GAP_S,
    STOPPED_SPEED_KMH,
    Ints,
)
from simulators.runs_truth import Asks, RunTruth
from simulators.told import Told

EMERGENCY_BIT = 0
PULSES = frozenset({20, 21, 22, 27, 28, 31})
HIGHEST_M = 6_500
JUMP_M, JUMP_KMH = 2_000.0, 200.0
SILENT_S, SILENT_AFTER_KMH = 1_800, 20.0
MOVED_KM, MOVED_KM_PER_MIN = 20.0, 1.7
COMPARED_OVER_KMH, COMPARED_S, DIFFERENCE = 40.0, 300, 0.11


class ConditionTruth:
    """All of it for one vehicle."""

    def __init__(self, coach: bool) -> None:
        self._coach = coach
        self._bits: dict[int, RunTruth] = {}
        self._banned = RunTruth("forbidden_hours", Asks(min_s=BAN_COUNTS_AFTER_S, broken_by_gap=True))
        once_a_night = Asks(hold_s=BAN_REMINDER_S, join_s=BAN_REMINDER_S)
        self._reminded = RunTruth("forbidden_hours_pre", once_a_night)
        self._drift = RunTruth("position_drift", Asks(points=3, hold_s=600, join_s=600))
        self._frozen = RunTruth("position_frozen", Asks(min_s=600, broken_by_gap=True))
        self._off_speed = RunTruth("speed_source_suspect", Asks(min_s=COMPARED_S, broken_by_gap=True))
        self._invalid = RunTruth("invalid_data")
        self._checked = _DailyCheck()
        self._moments: list[Event] = []
        self._before: Told | None = None

    def feed(self, told: Told) -> None:
        """The next reports."""
        time_ms = told.time_ms
        of_day_s = (time_ms // 1000 + CHINA_OFFSET_S) % DAY_S
        runs = self._coach & (told.speed_kmh > BAN_SPEED_KMH)
        self._banned.feed(time_ms, runs & (of_day_s >= BAN_BEGINS_S) & (of_day_s < BAN_ENDS_S))
        soon = (of_day_s >= BAN_BEGINS_S - BAN_REMINDER_S) & (of_day_s < BAN_BEGINS_S)
        self._reminded.feed(time_ms, runs & soon)
        compared = told.speed_kmh > COMPARED_OVER_KMH
        differs = np.abs(told.recorder_kmh - told.speed_kmh) > DIFFERENCE * told.speed_kmh + 1e-6
        self._off_speed.feed(time_ms, compared & differs)
        self._moments += self._checked.feed(time_ms, compared, differs)
        self._invalid.feed(time_ms, told.altitude_m > HIGHEST_M)
        self._feed_bits(told)
        self._compare(told.after(self._before))
        self._before = told

    def _feed_bits(self, told: Told) -> None:
        ever = int(np.bitwise_or.reduce(told.alarm_bits))
        for bit in range(ever.bit_length()):
            if ever >> bit & 1 and bit not in self._bits:
                self._bits[bit] = _watch_bit(bit)
        for bit, run in self._bits.items():
            run.feed(told.time_ms, (told.alarm_bits >> bit & 1).astype(bool))

    def _compare(self, told: Told) -> None:
        """What two reports that follow each other tell."""
        begin_ms, end_ms = told.time_ms[:-1], told.time_ms[1:]
        silent_s, moved_m = (end_ms - begin_ms) / 1000, told.moved_m()
        slower = np.minimum(told.speed_kmh[:-1], told.speed_kmh[1:])
        faster = np.maximum(told.speed_kmh[:-1], told.speed_kmh[1:])
        near = silent_s <= GAP_S
        self._drift.feed(end_ms, near & (faster <= STOPPED_SPEED_KMH) & (moved_m > 100), begin_ms)
        same = (np.diff(told.longitude_deg) == 0) & (np.diff(told.latitude_deg) == 0)
        self._frozen.feed(end_ms, near & same & (slower > 20), begin_ms)
        jumped = (moved_m > JUMP_M) & (moved_m * 3.6 > JUMP_KMH * silent_s)
        silent = silent_s >= SILENT_S
        drove = silent & (told.speed_kmh[:-1] > SILENT_AFTER_KMH)
        far = silent & (moved_m > MOVED_KM * 1000) & (moved_m / 1000 <= MOVED_KM_PER_MIN * silent_s / 60)
        self._note("position_jump", jumped, begin_ms, end_ms, end_ms)
        self._note("silent_driving", drove, begin_ms, begin_ms + SILENT_S * 1000, end_ms)
        self._note("offline_displacement", far, begin_ms, end_ms, end_ms)

    def _note(
        self, rule: str, where: NDArray[np.bool_], start_ms: Ints, found_ms: Ints, end_ms: Ints
    ) -> None:
        for row in np.flatnonzero(where).tolist():
            event = Event(rule, int(start_ms[row]), int(found_ms[row]), int(end_ms[row]), {})
            self._moments.append(event)

    def _runs(self) -> Iterator[RunTruth]:
        yield from self._bits.values()
        yield from (self._banned, self._reminded, self._drift, self._frozen, self._off_speed, self._invalid)

    def take(self) -> list[Event]:
        """What is certain by now, each event once."""
        moments, self._moments = self._moments, []
        return moments + [event for run in self._runs() for event in run.take()]

    def finish(self) -> None:
        """The reports end here."""
        for run in self._runs():
            run.finish()


def _watch_bit(bit: int) -> RunTruth:
    """An event is told once, a condition while it lasts; the emergency button is the gravest."""
    if bit == EMERGENCY_BIT:
        return RunTruth("emergency", Asks(), {"bit": bit, "level": 1})
    return RunTruth(
        "terminal_alarm", Asks(join_s=60, instant=True) if bit in PULSES else Asks(), {"bit": bit}
    )


class _DailyCheck:
    """The first five minutes of a day at speed: do all reports tell two speeds too far apart?"""

    def __init__(self) -> None:
        self._day_done = -1
        self._stretch: list[tuple[int, bool]] = []

    def feed(self, time_ms: Ints, compared: NDArray[np.bool_], differs: NDArray[np.bool_]) -> list[Event]:
        """The next reports; most of a day nothing is left to check."""
        days = (time_ms // 1000 + CHINA_OFFSET_S) // DAY_S
        if days[0] == days[-1] == self._day_done:
            return []
        columns = (each.tolist() for each in (time_ms, days, compared, differs))
        return [event for row in zip(*columns, strict=True) for event in self._see(*row)]

    def _see(self, time_ms: int, day: int, compared: bool, differs: bool) -> list[Event]:
        if day == self._day_done or not compared:
            self._stretch.clear()
            return []
        if self._stretch and time_ms - self._stretch[-1][0] > GAP_S * 1000:
            self._stretch.clear()
        self._stretch.append((time_ms, differs))
        first_ms = self._stretch[0][0]
        if time_ms - first_ms < COMPARED_S * 1000:
            return []
        self._day_done, all_differ = day, all(differs for _, differs in self._stretch)
        self._stretch.clear()
        return [Event("speed_source_check", first_ms, time_ms, time_ms, {})] if all_differ else []
