"""The truth about hours at the wheel: since the last rest, in one night, in 24 hours, on one day."""

from dataclasses import dataclass, field

from simulators.events import Event
from simulators.limits import (
    CHINA_OFFSET_S,
    DAY_S,
    EARLY_WARNING_S,
    LONGEST_DAY_S,
    LONGEST_DRIVING_S,
    LONGEST_IN_24_H_S,
    LONGEST_NIGHT_S,
    NIGHT_BEGINS_S,
    NIGHT_ENDS_S,
    SHORTEST_REST_S,
)

DAY_MS = DAY_S * 1000
NIGHT_MS = (NIGHT_ENDS_S - NIGHT_BEGINS_S) % DAY_S * 1000
EARLY_MS = EARLY_WARNING_S * 1000
LIMITS_S = {
    "continuous_driving": LONGEST_DRIVING_S,
    "night_driving": LONGEST_NIGHT_S,
    "driving_24h": LONGEST_IN_24_H_S,
    "driving_day": LONGEST_DAY_S,
}


def last_at(of_day_s: int, before_ms: int) -> int:
    """The last moment strictly before a time at which clocks in China show a second of the day."""
    shift_ms = (CHINA_OFFSET_S - of_day_s) * 1000
    return (before_ms - 1 + shift_ms) // DAY_MS * DAY_MS - shift_ms


@dataclass(slots=True)
class HoursTruth:
    """One driver's hours. ``coach``: drives passengers, to whom more rules apply."""

    coach: bool
    events: list[Event] = field(default_factory=list)
    _clock_ms: int | None = None
    _stop_ms: int | None = None
    _rested_ms: int = 0
    _last_ms: int | None = None
    _driven: list[tuple[int, int]] = field(default_factory=list)
    _open: dict[str, tuple[int, int]] = field(default_factory=dict)  # by rule: start, found
    _dawned: Event | None = None  # a night that 06:00 ended while the vehicle stood

    def see(self, time_ms: int, driving: bool) -> None:
        """The time since the report before was spent driving, or standing."""
        before_ms, self._last_ms = self._last_ms, time_ms
        if before_ms is None:
            return
        if driving:
            self._turn_day(time_ms, driving)
            self._drive(before_ms, time_ms)
        else:
            self._stand(before_ms, time_ms)
            self._turn_day(time_ms, driving)
        if self.coach:
            self._leave_window(time_ms)

    def driven_since_rest_s(self, time_ms: int) -> float:
        """Time at the wheel since the last rest, short stops included."""
        return 0.0 if self._clock_ms is None else (time_ms - self._clock_ms) / 1000

    def change_vehicle(self, coach: bool) -> "HoursTruth":
        """The driver gets out: what goes on ends with his last report; he takes his hours along."""
        for rule in list(self._open):
            self._close(rule, self._last_ms)
        return HoursTruth(
            coach, [], self._clock_ms, self._stop_ms, self._rested_ms, self._last_ms, self._driven
        )

    def get_in(self, time_ms: int) -> None:
        """The first report of the vehicle he changed to: he stood since his last one."""
        if self._last_ms is not None:
            self._stand(self._last_ms, time_ms)
        self._last_ms = time_ms

    # --- what an interval does -----------------------------------------------------------------------------

    def _drive(self, before_ms: int, time_ms: int) -> None:
        self._stop_ms = None
        if self._dawned is not None:
            self.events.append(self._dawned)
            self._dawned = None
        if self._clock_ms is None:
            self._clock_ms = before_ms
        self._driven = [each for each in self._driven if each[1] > time_ms - 2 * DAY_MS]
        if self._driven and self._driven[-1][1] == before_ms:
            self._driven[-1] = (self._driven[-1][0], time_ms)
        else:
            self._driven.append((before_ms, time_ms))
        self._compare("continuous_driving", self._clock_ms, time_ms, time_ms - self._clock_ms)
        midnight_ms = last_at(0, time_ms)
        self._compare("driving_day", time_ms, time_ms, self._sum_since(midnight_ms))
        if self.coach:
            self._compare_night(time_ms)
            self._compare("driving_24h", time_ms, time_ms, self._sum_since(time_ms - DAY_MS))

    def _sum_since(self, since_ms: int) -> int:
        return sum(end - max(begin, since_ms) for begin, end in self._driven if end > since_ms)

    def _compare_night(self, time_ms: int) -> None:
        since_ms = max(last_at(NIGHT_ENDS_S, time_ms) + DAY_MS - NIGHT_MS, self._rested_ms)
        driven = [(max(begin, since_ms), end) for begin, end in self._driven if end > since_ms]
        if driven:
            self._compare("night_driving", driven[0][0], time_ms, sum(end - begin for begin, end in driven))

    def _compare(self, rule: str, start_ms: int, time_ms: int, driven_ms: int) -> None:
        limit_ms = LIMITS_S[rule] * 1000
        if driven_ms > limit_ms:
            self._close(f"{rule}_pre", time_ms)
            self._open.setdefault(rule, (start_ms, time_ms))
        elif rule not in self._open and driven_ms >= limit_ms - EARLY_MS:
            self._open.setdefault(f"{rule}_pre", (start_ms, time_ms))

    def _stand(self, before_ms: int, time_ms: int) -> None:
        if self._stop_ms is None:
            self._stop_ms = before_ms
        if time_ms - self._stop_ms < SHORTEST_REST_S * 1000:
            return
        for rule in ("continuous_driving", "night_driving"):
            self._close(rule, self._stop_ms)
            self._close(f"{rule}_pre", self._stop_ms)
        if self._dawned is not None:
            night, self._dawned = self._dawned, None
            end_ms = min(self._stop_ms, night.end_ms or self._stop_ms)
            self.events.append(Event(night.rule, night.start_ms, night.found_ms, end_ms, {}))
        self._note_period(self._stop_ms)
        self._clock_ms, self._rested_ms = None, self._stop_ms

    def _turn_day(self, time_ms: int, driving: bool) -> None:
        """06:00 ends the night, midnight the day."""
        dawn_ms, midnight_ms = last_at(NIGHT_ENDS_S, time_ms), last_at(0, time_ms)
        for rule in ("night_driving_pre", "night_driving"):
            start_ms, found_ms = self._open.get(rule, (dawn_ms, 0))
            if start_ms >= dawn_ms:
                continue
            end_ms = last_at(NIGHT_ENDS_S, start_ms) + DAY_MS
            stood_before = self._stop_ms is not None and self._stop_ms < end_ms
            if rule == "night_driving" and stood_before and not driving:
                del self._open[rule]
                self._dawned = Event(rule, start_ms, found_ms, end_ms, {})
            else:
                self._close(rule, end_ms)
        for rule in ("driving_day", "driving_day_pre"):
            if rule in self._open and self._open[rule][0] <= midnight_ms:
                self._close(rule, last_at(0, self._open[rule][0]) + DAY_MS)

    def _leave_window(self, time_ms: int) -> None:
        """In a window of 24 h what was driven earlier drops out."""
        driven_ms, limit_ms = self._sum_since(time_ms - DAY_MS), LONGEST_IN_24_H_S * 1000
        if driven_ms <= limit_ms:
            self._close("driving_24h", time_ms)
        if driven_ms < limit_ms - EARLY_MS:
            self._close("driving_24h_pre", time_ms)

    # --- telling --------------------------------------------------------------------------------------------

    def _close(self, rule: str, end_ms: int | None) -> None:
        if rule in self._open:
            start_ms, found_ms = self._open.pop(rule)
            self.events.append(Event(rule, start_ms, found_ms, end_ms, {}))

    def _note_period(self, end_ms: int | None) -> None:
        """A fact beside the findings: how long the driver was at the wheel between two rests."""
        if self._clock_ms is None:
            return
        until_ms = end_ms or self._stop_ms or self._last_ms or self._clock_ms
        hours = round((until_ms - self._clock_ms) / 3_600_000, 4)
        over = until_ms - self._clock_ms > LONGEST_DRIVING_S * 1000
        detail: dict[str, object] = {"hours": hours, "over_4h": over}
        self.events.append(Event("driving_period", self._clock_ms, until_ms, end_ms, detail, fact=True))

    def take(self) -> list[Event]:
        """What is certain by now, each event once."""
        events, self.events = self.events, []
        return events

    def finish(self) -> None:
        """The reports end here; what no rest has ended stays open."""
        for rule in list(self._open):
            self._close(rule, None)
        self._note_period(None)
        if self._dawned is not None:
            self.events.append(self._dawned)
